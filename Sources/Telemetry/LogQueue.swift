import Synchronization
import System

/// Lines that wait to be written: bounded, first in, first out. Logging never waits.
final class LogQueue: Sendable {
    /// What the writing thread does next.
    enum Step: Equatable {
        case write([UInt8])
        /// Wait for `wakeUp`; with a limit active, at most for a while.
        case sleep(isLimiting: Bool)
        case end
    }

    fileprivate struct State {
        var lines: [[UInt8]] = []
        /// Index of the first line that still waits; the array is cut now and then.
        var head = 0
        var bytes = 0
        /// Lines dropped since the last line that reported it.
        var dropped = 0
        /// Lines that could not be written, since the last one that could.
        var unwritten = 0
        /// How many drops the line being written reports; 0 for an ordinary line.
        var told = 0
        var droppedTotal = 0
        /// Lines taken in total, and lines done with; the difference waits or is being written.
        var appended = 0
        var finished = 0
        var isAsleep = false
        var isStarted = false
        var isClosed = false
        var limiter = LogLimiter()
        var waiters: [(target: Int, signal: Wakeup)] = []

        var count: Int { lines.count - head }
    }

    private let state = Mutex(State())
    private let wakeUp = Wakeup()
    private let lineCapacity: Int
    private let byteCapacity: Int

    init(lineCapacity: Int = 4096, byteCapacity: Int = 1 << 20) {
        self.lineCapacity = lineCapacity
        self.byteCapacity = byteCapacity
    }

    /// Lines lost since the start, because the queue was full or writing failed.
    var droppedTotal: Int { state.withLock { $0.droppedTotal } }

    /// Whether a line that is limited by a key may be written now.
    func admit(_ key: LogLimiter.Key, level: Logger.Level) -> LogLimiter.Admission {
        let (admission, mustWake) = state.withLock { state -> (LogLimiter.Admission, Bool) in
            let wasLimiting = state.limiter.isLimiting
            let admission = state.limiter.admit(key, level: level, at: .now)
            // The thread must wake up to report what was suppressed, even if no line follows.
            guard state.isAsleep, state.limiter.isLimiting, !wasLimiting else {
                return (admission, false)
            }
            state.isAsleep = false
            return (admission, true)
        }
        if mustWake { wakeUp.signal() }
        return admission
    }

    /// Takes a line, or drops and counts it.
    ///
    /// - Returns: whether the writing thread must be started.
    func append(_ line: [UInt8]) -> Bool {
        let (mustStart, mustWake) = state.withLock { state -> (Bool, Bool) in
            guard state.count < lineCapacity, state.bytes + line.count <= byteCapacity else {
                state.dropped += 1
                state.droppedTotal += 1
                return (false, false)
            }
            state.lines.append(line)
            state.bytes += line.count
            state.appended += 1
            defer {
                state.isAsleep = false
                state.isStarted = true
            }
            return (!state.isStarted, state.isAsleep)
        }
        if mustWake { wakeUp.signal() }
        return mustStart
    }

    /// For the writing thread: what to do next. `wasWritten` says whether the line of the last step
    /// was written, nil if it had none.
    func next(wasWritten: Bool?) -> Step {
        let (step, signals) = state.withLock { state -> (Step, [Wakeup]) in
            if let wasWritten {
                state.finished += 1
                state.note(wasWritten)
            }
            let step = state.next(roomAt: lineCapacity / 2, byteCapacity / 2)
            return (step, state.takeSatisfiedWaiters())
        }
        for signal in signals { signal.signal() }
        return step
    }

    /// For the writing thread: waits for lines.
    func sleep(isLimiting: Bool) {
        guard isLimiting else { return wakeUp.wait() }
        guard !wakeUp.wait(for: .seconds(1)) else { return }
        let wasSignalled = state.withLock { state -> Bool in
            defer { state.isAsleep = false }
            return !state.isAsleep
        }
        // The signal came just now; take it here, or the next sleep would end at once.
        if wasSignalled { wakeUp.wait() }
    }

    /// Waits until all lines so far are written, reports of suppressed lines included.
    ///
    /// - Returns: false if the time was over first.
    func flush(within limit: Duration) -> Bool {
        let signal = Wakeup()
        let (isDone, mustWake) = state.withLock { state -> (Bool, Bool) in
            state.appendRemainders(isEnding: true)
            guard state.isStarted, state.finished < state.appended else { return (true, false) }
            state.waiters.append((state.appended, signal))
            defer { state.isAsleep = false }
            return (false, state.isAsleep)
        }
        if mustWake { wakeUp.signal() }
        guard !isDone else { return true }
        return signal.wait(for: limit)
    }

    /// Logging is over; the thread writes what waits, and ends.
    func close() {
        let mustWake = state.withLock { state -> Bool in
            state.isClosed = true
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        if mustWake { wakeUp.signal() }
    }
}

extension LogQueue.State {
    /// A line is written or lost. A loss can only be reported once writing works again.
    fileprivate mutating func note(_ wasWritten: Bool) {
        defer { told = 0 }
        guard !wasWritten else {
            dropped += unwritten
            unwritten = 0
            return
        }
        unwritten += told > 0 ? told : 1
        if told == 0 { droppedTotal += 1 }
    }

    fileprivate mutating func next(roomAt lines: Int, _ bytes: Int) -> LogQueue.Step {
        appendRemainders(isEnding: isClosed)
        // Not while it is nearly full: there would be a report for every few lines dropped.
        if dropped > 0, count <= lines, self.bytes <= bytes {
            let note = LogLine(.warning, "log lines dropped", ["count": .integer(Int64(dropped))])
            told = dropped
            dropped = 0
            // It has no place in the queue, so a flush for later lines waits for it, too.
            appended += 1
            for index in waiters.indices { waiters[index].target += 1 }
            return .write(note.bytes)
        }
        if let line = takeFirst() { return .write(line) }
        if isClosed { return .end }
        isAsleep = true
        return .sleep(isLimiting: limiter.isLimiting)
    }

    /// Adds a line for each suppressed key; they are few, so they may exceed the bound.
    fileprivate mutating func appendRemainders(isEnding: Bool) {
        guard limiter.isLimiting else { return }
        for remainder in limiter.remainders(at: .now, isEnding: isEnding) {
            let line = LogLine(
                remainder.level, remainder.key.message, suppressed: remainder.suppressed,
                ["limit_key": "\(remainder.key.detail)"])
            lines.append(line.bytes)
            bytes += line.bytes.count
            appended += 1
        }
    }

    fileprivate mutating func takeSatisfiedWaiters() -> [Wakeup] {
        guard !waiters.isEmpty else { return [] }
        let satisfied = waiters.filter { $0.target <= finished }.map(\.signal)
        waiters.removeAll { $0.target <= finished }
        return satisfied
    }

    private mutating func takeFirst() -> [UInt8]? {
        guard head < lines.count else { return nil }
        let line = lines[head]
        lines[head] = []
        head += 1
        bytes -= line.count
        if head == lines.count {
            lines.removeAll(keepingCapacity: lines.capacity <= 64)
            head = 0
        } else if head >= 1024 {
            lines.removeFirst(head)
            head = 0
        }
        return line
    }
}
