import Domain
import System
import Telemetry

/// Moves one segment's callbacks into the database, a portion at a time. One thread.
struct SegmentDrain {
    /// How it went.
    enum Outcome {
        /// Every callback is committed, and what is damaged is set aside: the segment may go.
        case done
        /// It was asked to stop.
        case stopped
    }

    /// The most in a portion: a batch of the writer, and what may be in memory.
    private static let portionReports = 500
    private static let portionBytes = 4 << 20
    /// A callback a few of whose commits failed is tried again after this.
    private static let retryPause: Duration = .seconds(1)

    let files: any SpoolFiles
    let providers: [Int16: Provider]
    /// Reads the reports of a callback again.
    let read: @Sendable (SpoolRecord) -> Submission
    let target: any ReportSink
    let metrics: SpoolMetrics
    /// Waits for so long, or less; false once it must stop.
    let pause: (Duration) -> Bool
    /// What was found.
    let tell: (Note) -> Void

    /// Something to be logged or counted.
    enum Note {
        case moved(Int)
        case tornTail(bytes: Int)
        case setAside(file: String, bytes: Int)
        case refused(SinkFailure)
    }

    /// - Parameters:
    ///   - file: of the segment.
    ///   - name: the file's name.
    ///   - perSecond: the most callbacks.
    /// - Returns: whether all was moved.
    /// - Throws: when the file cannot be read, or a damaged part not be set aside; nothing is lost
    ///   by trying again.
    func run(
        _ file: any SpoolFile, _ name: String, perSecond: Int
    ) throws(SpoolError) -> Outcome {
        var reader = try SegmentReader(file, SegmentName(name))
        var portion = Portion()
        var start = 0
        while let finding = try reader.next() {
            switch finding {
            case .frame(let records, let end):
                let range = start..<end
                start = end
                let known = records.compactMap { SpoolRecord($0, providers: providers) }
                // Perhaps of a later version of the program.
                if known.count < records.count { try setAside(range, of: file, name) }
                for record in known {
                    portion.add(read(record).asReplay)
                    guard portion.isFull(Self.portionReports, Self.portionBytes) else { continue }
                    guard write(&portion, perSecond) else { return .stopped }
                }
            case .damage(let range):
                start = range.upperBound
                try setAside(range, of: file, name)
            case .tornTail(let range):
                metrics.tornTails.add()
                tell(.tornTail(bytes: range.count))
            }
        }
        return write(&portion, perSecond) ? .done : .stopped
    }

    /// Writes a portion until all of it is committed; false once it must stop.
    private func write(_ portion: inout Portion, _ perSecond: Int) -> Bool {
        let started = ContinuousClock.now
        var rest = portion.submissions
        let count = rest.count
        portion = Portion()
        while !rest.isEmpty {
            let answers = Answers(count: rest.count)
            for (index, submission) in rest.enumerated() {
                target.submit(submission) { answers.put($0, at: index) }
            }
            // Each is answered at the writer's deadline at the latest.
            let results = answers.wait()
            let failed = zip(rest, results).compactMap { submission, failure in
                failure == nil ? nil : submission
            }
            let moved = rest.count - failed.count
            metrics.drained.add(moved)
            if moved > 0 { tell(.moved(moved)) }
            rest = failed
            if let failure = results.lazy.compactMap({ $0 }).first {
                metrics.replayFailures.add()
                tell(.refused(failure))
                guard pause(Self.retryPause) else { return false }
            }
        }
        let due = started + .seconds(1) * count / perSecond
        return pause(max(.zero, due - .now))
    }

    /// Copies bytes to a file of their own; done already if that is there.
    private func setAside(
        _ range: Range<Int>, of file: any SpoolFile, _ name: String
    ) throws(SpoolError) {
        let kept = SegmentName.damaged(name, at: range.lowerBound)
        guard try !files.names().contains(kept) else { return }
        let unfinished = kept + SegmentName.newEnding
        let copy = try files.create(unfinished, bytes: range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let part = try file.read(min(1 << 20, range.upperBound - position), at: position)
            if part.isEmpty { break }
            try copy.write(part, at: position - range.lowerBound)
            position += part.count
        }
        try copy.sync()
        try files.rename(unfinished, to: kept)
        try files.syncDirectory()
        metrics.damaged.add()
        tell(.setAside(file: kept, bytes: range.count))
    }
}

/// What is written at once.
private struct Portion {
    private(set) var submissions: [Submission] = []
    private var reports = 0
    private var bytes = 0

    mutating func add(_ submission: Submission) {
        submissions.append(submission)
        reports += max(1, submission.reports.count)
        bytes += submission.callback.body.count
    }

    func isFull(_ mostReports: Int, _ mostBytes: Int) -> Bool {
        reports >= mostReports || bytes >= mostBytes
    }
}

/// The answers to a portion.
private final class Answers: Sendable {
    private struct State {
        var failures: [SinkFailure?]
        var missing: Int
    }

    private let monitor: Monitor<State>

    init(count: Int) {
        monitor = Monitor(State(failures: Array(repeating: nil, count: count), missing: count))
    }

    func put(_ result: Result<Void, SinkFailure>, at index: Int) {
        let isLast = monitor.withLock { state in
            if case .failure(let failure) = result { state.failures[index] = failure }
            state.missing -= 1
            return state.missing == 0
        }
        if isLast { monitor.wakeAll() }
    }

    /// Waits for all: the failure of each, nil for a success.
    func wait() -> [SinkFailure?] {
        monitor.wait { $0.missing == 0 ? $0.failures : nil }
    }
}
