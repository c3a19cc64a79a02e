import Foundation
import TestSupport
import Testing

@testable import Telemetry

/// Loggers on pipes; a full pipe behaves like a journal that hangs.
@Suite("A log that nobody reads", .blocking)
struct LoggerTests {
    private let pipe = Pipe()

    /// A logger with little room, whose pipe is full already.
    private func blockedLogger(lines: Int = 8, bytes: Int = 1 << 20) throws -> Logger {
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let flags = fcntl(descriptor, F_GETFL)
        try #require(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
        let page = [UInt8](repeating: UInt8(ascii: "x"), count: 4095) + [UInt8(ascii: "\n")]
        while write(descriptor, page, page.count) > 0 {}
        try #require(fcntl(descriptor, F_SETFL, flags) == 0)
        return Logger(
            writer: LogWriter(
                descriptor: descriptor,
                queue: LogQueue(lineCapacity: lines, byteCapacity: bytes)))
    }

    /// Everything that the pipe gets, without the bytes that filled it; ends when its writers are
    /// closed.
    private func readLines() throws -> [[String: Any]] {
        let data = try #require(try pipe.fileHandleForReading.readToEnd())
        return try data.split(separator: UInt8(ascii: "\n")).filter { $0.first != 0x78 }.map {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
        }
    }

    /// Reads on a thread of its own until the logger has written all.
    private func drain(_ logger: Logger) throws -> [[String: Any]] {
        Thread.detachNewThread { [pipe] in
            _ = logger.flush(within: .seconds(10))
            try? pipe.fileHandleForWriting.close()
        }
        return try readLines()
    }

    @Test("Logging never waits: lines without room are dropped, counted and reported later")
    func dropped() throws {
        let logger = try blockedLogger()
        let started = ContinuousClock.now
        for index in 0..<100 {
            logger.log(.info, "line", limitKey: "\(index)", ["index": .integer(Int64(index))])
        }
        #expect(!logger.flush(within: .milliseconds(20)))
        #expect(ContinuousClock.now - started < .seconds(5))
        // Eight wait; the thread may hold one more.
        let dropped = logger.droppedLines
        #expect((91...92).contains(dropped))

        let lines = try drain(logger)
        let written = lines.compactMap { $0["index"] as? Int }
        #expect(written.count == 100 - dropped && written == written.sorted())
        let notes = lines.filter { $0["message"] as? String == "log lines dropped" }
        #expect(notes.map { $0["count"] as? Int } == [dropped])
        #expect(notes.first?["level"] as? String == "warning")
    }

    @Test("The bound is on bytes, too")
    func bytes() throws {
        let logger = try blockedLogger(lines: 1000, bytes: 1000)
        let text = String(repeating: "y", count: 400)
        for _ in 0..<10 { logger.log(.info, "line", ["text": "\(text)"]) }
        #expect((7...8).contains(logger.droppedLines))
        #expect(try drain(logger).count == 10 - logger.droppedLines + 1)
    }

    @Test("Lines of many threads stay whole, and a thread's own in order")
    func whole() throws {
        let logger = Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let padding = String(repeating: "z", count: 6000)
        let group = DispatchGroup()
        for thread in 0..<4 {
            group.enter()
            Thread.detachNewThread {
                for index in 0..<25 {
                    logger.log(
                        .info, "line", limitKey: "\(thread) \(index)",
                        [
                            "thread": .integer(Int64(thread)), "index": .integer(Int64(index)),
                            "padding": "\(padding)",
                        ])
                }
                group.leave()
            }
        }
        Thread.detachNewThread { [pipe] in
            group.wait()
            _ = logger.flush(within: .seconds(10))
            try? pipe.fileHandleForWriting.close()
        }
        let lines = try readLines()
        for thread in 0..<4 {
            let own = lines.filter { $0["thread"] as? Int == thread }
            #expect(own.compactMap { $0["index"] as? Int } == Array(0..<25))
        }
    }

    @Test("A flood of lines is limited, by message and key, and reported at the flush")
    func limited() throws {
        let logger = Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for _ in 0..<60 { logger.log(.warning, "refused", limitKey: "code", ["a": 1]) }
        logger.log(.warning, "refused", limitKey: "other")
        for _ in 0..<60 { logger.log(.warning, "keyless") }
        let lines = try drain(logger)
        // A line without a key is limited as well.
        let keyless = lines.filter { $0["message"] as? String == "keyless" }
        #expect(keyless.count < 20)
        #expect(keyless.compactMap { $0["suppressed"] as? Int }.reduce(0, +) >= 40)
        let refused = lines.filter { $0["message"] as? String == "refused" }
        let held = refused.compactMap { $0["suppressed"] as? Int }.reduce(0, +)
        // The report of suppressed lines is one more; a second may end in between.
        let remainders = refused.filter { $0["limit_key"] as? String == "code" }.count
        #expect(refused.count - remainders + held == 61)
        #expect(held >= 40)
    }

    @Test("A descriptor that takes nothing loses its lines and nothing else")
    func broken() throws {
        let path = "/dev/full"
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let logger = Logger(descriptor: descriptor)
        for _ in 0..<5 { logger.log(.info, "line") }
        #expect(logger.flush(within: .seconds(10)))
        #expect(logger.droppedLines == 5)
    }

    @Test("Lines lost on a full disk are reported once there is room again")
    func full() throws {
        // The reading end of a pipe refuses writes as a full disk does; then it is replaced by a
        // good one.
        let path = try TemporaryDirectory()
        let good = open(path.path(of: "log"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let bad = open("/dev/full", O_WRONLY | O_CLOEXEC)
        let descriptor = fcntl(bad, F_DUPFD_CLOEXEC, 0)
        try #require(good >= 0 && bad >= 0 && descriptor >= 0)
        defer { for file in [good, bad, descriptor] { close(file) } }
        let logger = Logger(descriptor: descriptor)
        for _ in 0..<3 { logger.log(.info, "lost") }
        try #require(logger.flush(within: .seconds(10)))
        try #require(dup2(good, descriptor) >= 0)
        logger.log(.info, "kept")
        try #require(logger.flush(within: .seconds(10)))
        logger.log(.info, "last")
        try #require(logger.flush(within: .seconds(10)))
        let text = try String(contentsOfFile: path.path(of: "log"), encoding: .utf8)
        let messages = text.split(separator: "\n").map { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]) ?? [:]
        }
        #expect(
            messages.map { $0["message"] as? String } == ["kept", "log lines dropped", "last"])
        #expect(messages[1]["count"] as? Int == 3)
        #expect(logger.droppedLines == 3)
    }

    @Test("A logger that has written nothing, or writes nowhere, has nothing to flush")
    func nothing() {
        #expect(Logger(descriptor: pipe.fileHandleForWriting.fileDescriptor).flush(within: .zero))
        let silent = Logger(descriptor: -1)
        silent.log(.error, "nowhere")
        #expect(silent.flush(within: .zero))
        #expect(silent.droppedLines == 0)
    }
}
