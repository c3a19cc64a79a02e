import Domain

/// A provider that the simulator plays: all that the rest of it knows of the provider's folder.
protocol SimulatedProvider: Sendable {
    var provider: PlayedProvider { get }

    /// What records and settings call it.
    var name: String { get }

    /// What the paths of its API begin with.
    var pathPrefix: String { get }

    /// The answer to a request of its API; what it brings about has been begun.
    func reply(to request: SimulatorRequest, in core: SimulatorCore) -> SimulatorReply

    /// The request that tells of messages.
    ///
    /// - Parameters:
    ///   - delivery: where it goes.
    ///   - reports: what it tells, at least one.
    /// - Returns: nil if there is nothing to say.
    func callback(
        _ delivery: Delivery, _ reports: [(item: CallbackItem, record: MessageRecord)]
    ) -> ProviderRequest?

    /// How long it waits before it makes a callback again.
    ///
    /// - Parameter attempt: the one that nobody took, 0 for the first.
    /// - Returns: nil if it gives up.
    func retryDelay(afterAttempt attempt: Int) -> Duration?

    /// Its word for what has become of a message.
    func statusName(of record: MessageRecord) -> String
}

/// An account at a provider that the simulator plays; the provider's folder makes it.
package struct SimulatedAccount: Sendable {
    let provider: any SimulatedProvider
}
