private import Foundation
private import System

/// Writes a queue's lines on a thread of its own, so that a pipe that nobody reads blocks only that
/// thread.
///
/// The first line starts the thread; it ends when the last logger is freed.
final class LogWriter: Sendable {
    /// Standard error, one per process.
    static let standardError = LogWriter(descriptor: STDERR_FILENO)

    let queue: LogQueue
    private let descriptor: Int32
    private let thread = ServiceThread("log", stackBytes: 1 << 18)

    init(descriptor: Int32, queue: LogQueue = LogQueue()) {
        self.descriptor = descriptor
        self.queue = queue
    }

    deinit {
        thread.stop()
    }

    /// Takes a line; never waits.
    func append(_ line: LogLine) {
        guard queue.append(line.bytes) else { return }
        // Without the thread the queue fills up and lines are dropped; that must not end the
        // process.
        try? thread.start(interrupt: { [queue] in queue.close() }) { [queue, descriptor] in
            Self.write(queue, to: descriptor)
        }
    }

    private static func write(_ queue: LogQueue, to descriptor: Int32) {
        var output = LineOutput()
        var wasWritten: Bool?
        while true {
            switch queue.next(wasWritten: wasWritten) {
            case .write(let line):
                wasWritten = output.write(line) { attempt($0, descriptor) }
            case .sleep(let isLimiting):
                wasWritten = nil
                queue.sleep(isLimiting: isLimiting)
            case .end: return
            }
        }
    }

    /// One `write`; another process with the same pipe may have made it non-blocking.
    private static func attempt(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32
    ) -> LineOutput.Attempt {
        let count = Foundation.write(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return .wrote(count) }
        if errno == EAGAIN {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, -1)
            return .again
        }
        return errno == EINTR ? .again : .failed
    }
}
