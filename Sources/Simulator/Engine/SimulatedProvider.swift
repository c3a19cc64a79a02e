import Domain

/// A simulated provider; the rest of the simulator knows its folder only through this.
protocol SimulatedProvider: Sendable {
    var provider: PlayedProvider { get }

    /// What records and settings call it.
    var name: String { get }

    /// What the paths of its API begin with.
    var pathPrefix: String { get }

    /// The answer to a request of its API; what it causes has been started.
    func reply(to request: SimulatorRequest, in core: SimulatorCore) -> SimulatorReply

    /// The request that reports on messages.
    ///
    /// - Parameters:
    ///   - delivery: where it goes.
    ///   - reports: the reports in it, at least one.
    /// - Returns: nil if there is nothing to report.
    func callback(
        _ delivery: Delivery, _ reports: [(item: CallbackItem, record: MessageRecord)]
    ) -> ProviderRequest?

    /// Where it posts what people sent, unless told otherwise; nil if the account has no URL for it.
    var inboundURL: String? { get }

    /// The request that posts what somebody sent, or another event.
    func post(_ record: InboundRecord, to url: String, usesGet: Bool) -> ProviderRequest

    /// How long it waits before it repeats a callback.
    ///
    /// - Parameter attempt: the one that was not accepted, 0 for the first.
    /// - Returns: nil if it gives up.
    func retryDelay(afterAttempt attempt: Int) -> Duration?

    /// Its status name for a message.
    func statusName(of record: MessageRecord) -> String
}

/// An account at a provider that the simulator plays; the provider's folder makes it.
package struct SimulatedAccount: Sendable {
    let provider: any SimulatedProvider
}
