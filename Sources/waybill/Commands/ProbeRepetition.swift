import Domain
import Foundation

/// Probes a deployment again and again, from outside: a line for each probe, for a log.
struct ProbeRepetition {
    private let settings: ProbeSettings
    private let openssl: String

    init(_ settings: ProbeSettings, openssl: String) {
        self.settings = settings
        self.openssl = openssl
    }

    /// Runs until a signal comes.
    ///
    /// - Parameter interval: from the start of a probe to that of the next one; one that takes longer
    ///   is followed by the next one at once.
    /// - Returns: 0 if the last probe found all well, else 1.
    func run(every interval: Duration) -> Int32 {
        let interruption = Interruption()
        var wasWell = true
        var next = ContinuousClock.now
        while !interruption.isWanted {
            wasWell = once()
            next = max(next + interval, .now)
            interruption.wait(until: next)
        }
        return wasWell ? 0 : 1
    }

    /// One probe; false if something failed.
    private func once() -> Bool {
        let start = ContinuousClock.now
        let time = Timestamp(microseconds: Timestamp.now.microseconds / 1000 * 1000)
        do throws(CommandFailure) {
            let callback = try ProbeCallback(settings, identifier: UUID().uuidString.lowercased())
            try Probe(settings, callback).run(openssl: openssl) { _ in }
            let milliseconds = Int(((.now - start) / .milliseconds(1)).rounded())
            Output.line("\(time) all is well, \(milliseconds) ms, message \(callback.messageID)")
            return true
        } catch {
            Output.line("\(time) failed: \(error)")
            return false
        }
    }
}
