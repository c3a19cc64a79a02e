import Domain
import Synchronization
import Telemetry

/// The dispatcher's number among the others. One thread renews it, any may ask.
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

    /// The number, if it held when it was last looked at. Should it be lost since, then what is
    /// leased under it is asked about like any dead dispatcher's.
    var number: Int32? { membership.withLock { $0?.number } }

    /// Asks whether the number still holds, and gets a new one if it does not.
    ///
    /// - Returns: whether there is a new one.
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
