import Domain
import Synchronization
import Telemetry

/// The dispatcher's registration among the others. One thread renews it, any thread reads it.
final class DispatcherRegistration: Sendable {
    private struct Membership {
        let number: Int32
        let holds: @Sendable () -> Bool
    }

    private let outbox: any Outbox
    private let logger: Logger
    private let membership = Mutex<Membership?>(nil)

    init(_ outbox: any Outbox, logger: Logger) {
        self.outbox = outbox
        self.logger = logger
    }

    /// The number, if it held at the last renewal. If it is lost since, messages leased under it
    /// are queried like those of a dispatcher that ended.
    var number: Int32? { membership.withLock { $0?.number } }

    /// Checks whether the number still holds, and registers again if it does not.
    ///
    /// - Returns: whether the number is new.
    func renew() throws(StoreFailure) -> Bool {
        if let current = membership.withLock({ $0 }) {
            if current.holds() { return false }
            membership.withLock { $0 = nil }
            logger.log(.warning, "no longer known as a dispatcher; registering anew")
        }
        let (number, holds) = try outbox.register()
        membership.withLock { $0 = Membership(number: number, holds: holds) }
        logger.log(.info, "registered as a dispatcher", ["dispatcher": .integer(Int64(number))])
        return true
    }
}
