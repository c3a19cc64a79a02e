import Synchronization
import TestSupport
import Testing

@testable import waybill

@Suite("The progress of a long command")
struct ProgressBarTests {
    /// What was written.
    private final class Screen: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
        func write(_ text: String) { texts.withLock { $0.append(text) } }
    }

    @Test("One line says how far it is, and when it will be over, as far as anybody knows")
    func text() {
        func text(_ share: Double?, _ place: String = "", hasBar: Bool = true) -> String {
            ProgressBar.text(
                250, "messages", share: share, at: place, after: .seconds(30), hasBar: hasBar)
        }
        #expect(
            text(0.25, "2026-11-20")
                == "[#######-----------------------] 25%, 250 messages, 2026-11-20, 90 s left"
                .replacing("90 s", with: "1 min"))
        #expect(text(0.5, hasBar: false) == "50%, 250 messages, 30 s left")
        #expect(text(1).hasSuffix("100%, 250 messages"))
        #expect(text(7).hasPrefix("[##############################] 100%"))
        #expect(text(nil, "2026-11-20") == "250 messages, 2026-11-20")
    }

    @Test("A terminal's bar is drawn over and taken away, ten times a second at most")
    func terminal() {
        let screen = Screen()
        let start = ContinuousClock.now
        var bar = ProgressBar(of: "messages", isTerminal: true, at: start, write: screen.write)
        bar.show(1, share: nil, now: start)
        bar.show(2, share: nil, now: start + .milliseconds(50))
        bar.show(3, share: nil, now: start + .milliseconds(120))
        bar.clear()
        bar.clear()
        #expect(
            screen.all == ["\r1 messages\u{1B}[K", "\r3 messages\u{1B}[K", "\r\u{1B}[K"])
    }

    @Test("Elsewhere it is a line every ten seconds, and none of a short run")
    func plain() {
        let screen = Screen()
        let start = ContinuousClock.now
        var bar = ProgressBar(of: "messages", isTerminal: false, at: start, write: screen.write)
        for second in 0..<25 {
            bar.show(second, share: nil, now: start + .seconds(second))
        }
        bar.clear()
        #expect(screen.all == ["10 messages\n", "20 messages\n"])
    }
}
