import Foundation
import TestSupport
import Testing

@Suite("Thousands of streams, through nginx", .blocking, .timeLimit(.minutes(10)))
struct CrowdTests {
    /// As much as a responder with five times as many streams may have.
    private static let memory = 64.0

    private func resident(_ pid: pid_t) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return Double(line.split(whereSeparator: \.isWhitespace)[1]).map { $0 / 1024 } ?? .infinity
    }

    @Test("Two thousand streams each show every change once, soon, and take little memory")
    func crowd() throws {
        let demo = try RunningDemo()
        defer { _ = try? demo.stop() }
        let pid = try demo.currentDocument.pids.responder
        let crowd = StreamCrowd(
            demo, "/v1/live?final=true&provider=infobip", count: 2000, reports: 60,
            prefix: uniqueName("crowd") + "-")
        defer { crowd.close() }
        let problem = crowd.waitForOpen()
        try #require(problem == nil, "\(problem ?? "")")
        #expect(try JSON(demo.api("/v1/status"))["live"]["streams"].int == 2000)
        // One at a time, and then a callback of forty.
        for number in 1...20 {
            #expect(try demo.infobip(InfobipBody.of(crowd.nextName())).status == 200)
            let isShown = waitUntil(within: .seconds(30)) { crowd.events >= number * 2000 }
            #expect(isShown, "\(number): \(crowd.events)")
        }
        let names = (0..<40).map { _ in crowd.nextName() }
        #expect(
            try demo.infobip(InfobipBody.of(names.map { InfobipBody.result($0) })).status == 200)
        #expect(
            waitUntil(within: .seconds(60)) { crowd.events >= 60 * 2000 }, "\(crowd.events)")
        // What comes twice comes now.
        let last = uniqueName("last")
        let other = try EventSource(demo, "/v1/live?provider=infobip")
        defer { other.close() }
        try #require(other.waitFor(count: 1))
        #expect(try demo.infobip(InfobipBody.of(last)).status == 200)
        try #require(other.waitFor(count: 2))
        #expect(crowd.mistakes.isEmpty, "\(crowd.mistakes.prefix(5))")
        #expect(crowd.resets == 0 && crowd.ends == 0)
        // A machine that is busy with other tests, and a build without optimization: a tenth
        // of this is the rule, see Tests/Benchmarks.
        #expect(crowd.delay(at: 0.99) < .seconds(5))
        let memory = try resident(pid)
        #expect(memory < Self.memory, "\(memory) MiB")
        print(
            "2000 streams: median \(crowd.delay(at: 0.5)), p99 \(crowd.delay(at: 0.99)), \(memory) MiB"
        )
        let live = try JSON(demo.api("/v1/status"))["live"]
        #expect(live["dropped"].int == 0 && live["resets"].int == 0)
    }
}
