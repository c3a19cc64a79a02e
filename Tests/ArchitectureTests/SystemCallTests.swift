import Foundation
import Testing

/// What the `System` module is for is made there alone.
@Suite("Threads, wake-ups, sockets and signals")
struct SystemCallTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources")

    /// By name; each would be a second way of doing what `System` does.
    private static let forbidden: [(name: String, pattern: String)] = [
        ("a thread", #"\bThread\s*[({.]|\bpthread_create\b|\bdetachNewThread"#),
        ("a wake-up", #"\beventfd\b|\bpthread_cond_|\bDispatchSemaphore\b|\bDispatchGroup\b"#),
        ("a Unix address", #"\bsockaddr_un\b"#),
        ("a wait for signals", #"\bsigwait|\bsignalfd\b|\bpthread_sigmask\b"#),
    ]

    private static func findings(in text: String) throws -> [String] {
        let code = text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }
            .joined(separator: "\n")
        return try forbidden.filter { code.contains(try Regex($0.pattern)) }.map(\.name)
    }

    @Test("No other module makes a thread, a wake-up, a Unix address or a wait for signals")
    func once() throws {
        let root = Self.sources.standardizedFileURL.path + "/"
        let files = FileManager.default.enumerator(
            at: Self.sources, includingPropertiesForKeys: nil)
        var count = 0
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            let path = file.standardizedFileURL.path.replacing(root, with: "")
            guard !path.hasPrefix("System/") else { continue }
            count += 1
            let found = try Self.findings(in: String(contentsOf: file, encoding: .utf8))
            #expect(found.isEmpty, "\(path) makes \(found.joined(separator: ", "))")
        }
        #expect(count > 100)
    }

    @Test(
        "What is looked for is found",
        arguments: [
            "let thread = Thread { run() }", "Thread.detachNewThread { }", "Thread.sleep(1)",
            "DispatchSemaphore(value: 0)", "var address = sockaddr_un()", "sigwait(&set, &signal)",
        ])
    func finds(code: String) throws {
        #expect(try !Self.findings(in: code).isEmpty)
        #expect(try Self.findings(in: "// \(code)\nlet thread = ServiceThread(name)").isEmpty)
    }
}
