import Testing

@testable import Telemetry

@Suite("The limit on repeated lines")
struct LogLimiterTests {
    private let start = ContinuousClock.now
    private let key = LogLimiter.Key(message: "callback refused", detail: "wrong_signature")

    /// How many of `count` lines at one moment are written.
    private func written(
        _ limiter: inout LogLimiter, _ count: Int, after: Duration, _ key: LogLimiter.Key
    ) -> Int {
        (0..<count).filter { _ in
            limiter.admit(key, level: .warning, at: start + after) != .suppress
        }.count
    }

    @Test("Up to ten lines a second pass, second after second")
    func slow() {
        var limiter = LogLimiter()
        for second in 0..<5 {
            #expect(written(&limiter, 10, after: .seconds(second), key) == 10)
        }
        #expect(!limiter.isLimiting)
    }

    @Test("A flood: ten lines, then one a second that counts the others")
    func flood() {
        var limiter = LogLimiter()
        #expect(written(&limiter, 100, after: .zero, key) == 10)
        #expect(limiter.isLimiting)
        #expect(
            limiter.admit(key, level: .warning, at: start + .seconds(1)) == .write(suppressed: 90))
        #expect(written(&limiter, 50, after: .seconds(1.5), key) == 0)
        #expect(
            limiter.admit(key, level: .warning, at: start + .seconds(2)) == .write(suppressed: 50))
    }

    @Test("After a second with few lines all pass again")
    func calm() {
        var limiter = LogLimiter()
        #expect(written(&limiter, 100, after: .zero, key) == 10)
        #expect(
            limiter.admit(key, level: .warning, at: start + .seconds(1)) == .write(suppressed: 90))
        #expect(written(&limiter, 3, after: .seconds(1.5), key) == 0)
        #expect(
            limiter.admit(key, level: .warning, at: start + .seconds(2)) == .write(suppressed: 3))
        #expect(written(&limiter, 9, after: .seconds(2.5), key) == 9)
    }

    @Test("Each message and key has a limit of its own")
    func keys() {
        var limiter = LogLimiter()
        #expect(written(&limiter, 20, after: .zero, key) == 10)
        let other = LogLimiter.Key(message: key.message, detail: "not_json")
        #expect(written(&limiter, 20, after: .zero, other) == 10)
        let otherMessage = LogLimiter.Key(message: "x", detail: key.detail)
        #expect(written(&limiter, 20, after: .zero, otherMessage) == 10)
    }

    @Test("What a flood suppressed is reported once when no line follows it")
    func remainders() {
        var limiter = LogLimiter()
        _ = written(&limiter, 25, after: .zero, key)
        #expect(limiter.remainders(at: start + .seconds(1)).isEmpty)
        #expect(limiter.isLimiting)
        #expect(
            limiter.remainders(at: start + .seconds(2))
                == [LogLimiter.Remainder(key: key, level: .warning, suppressed: 15)])
        #expect(!limiter.isLimiting)
        #expect(limiter.remainders(at: start + .seconds(9)).isEmpty)
        #expect(written(&limiter, 20, after: .seconds(2), key) == 10)
        #expect(limiter.remainders(at: start + .seconds(2), isEnding: true).count == 1)
    }

    @Test("A thousand keys take no more room than a few hundred, and lose no line")
    func bound() {
        var limiter = LogLimiter()
        for index in 0..<1000 {
            let key = LogLimiter.Key(message: "m", detail: "\(index)")
            #expect(written(&limiter, 1, after: .zero, key) == 1)
        }
        // Those that are a second old are removed.
        let late = LogLimiter.Key(message: "m", detail: "late")
        #expect(written(&limiter, 20, after: .seconds(1), late) == 10)
    }
}
