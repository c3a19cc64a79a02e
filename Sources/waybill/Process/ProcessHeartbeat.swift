import Domain
import Foundation
import System

/// Tells the other processes every ten seconds that this one lives, and what it does.
final class ProcessHeartbeat: Sendable {
    private let register: any ProcessRegister
    private let process: ServiceProcess
    private let figures: @Sendable () -> [ServiceProcess.Figure]
    private let thread = ServiceThread("process-beat")

    private static let interval = Duration.seconds(10)
    /// After a failure: a write that fails costs the pool its connections.
    private static let rest = Duration.seconds(30)
    /// A process that ends waits no longer for a database that hangs: it is then silent instead.
    private static let patience = Duration.seconds(2)

    /// Tells of it at once, on a thread of its own. A database that is away is told later.
    ///
    /// - Parameters:
    ///   - kind: of this process.
    ///   - register: where it tells.
    ///   - figures: what it does now; must not block.
    init(
        _ kind: ServiceProcess.Kind, _ register: any ProcessRegister,
        figures: @escaping @Sendable () -> [ServiceProcess.Figure]
    ) {
        self.register = register
        self.figures = figures
        let now = Timestamp.now
        process = ServiceProcess(
            id: .new(at: now), kind: kind, host: Self.host, pid: getpid(),
            version: Version.current, startedAt: now)
        thread.startOrAbort { [self] in run() }
    }

    /// Tells that the process ends, unless the database hangs.
    func stop() {
        thread.stop()
        _ = thread.join(until: .now + Self.patience)
    }

    private func run() {
        var isKnown = false
        repeat {
            let memory = MemoryTrimmer.residentBytes().map { Int64($0) }
            let pulse = ServiceProcess.Pulse(memoryBytes: memory, figures: figures())
            // A failure is in the log already.
            isKnown = (try? register.tell(process, pulse)) != nil
        } while thread.pause(for: isKnown ? Self.interval : Self.rest)
        if isKnown { try? register.remove(process) }
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
