import Dispatch
package import Domain
package import FastCGI
import JSON
import Synchronization
import Telemetry

/// Providers in one FastCGI application: accepts messages, answers as they do, and sends their
/// callbacks.
///
/// It keeps the last million messages in memory and nothing on disk. Any thread.
package final class Simulator: ExchangeHandler {
    let core: SimulatorCore
    private let control: ControlAPI
    private let answers = DispatchQueue(label: "simulator-answers", attributes: .concurrent)

    /// How long `early` waits for callbacks that are not acknowledged.
    private static let earlyLimit = Duration.seconds(10)

    /// - Parameters:
    ///   - settings: at the start; `/simulator/settings` changes them.
    ///   - accounts: the simulated providers, and the credentials that each accepts.
    ///   - relay: `http://127.0.0.1:PORT/callbacks-out`: callbacks to this machine by HTTPS go there,
    ///     with host and path behind it, because Foundation's client trusts no authority of our own.
    ///   - transport: makes the callbacks.
    package init(
        _ settings: SimulatorSettings, accounts: [SimulatedAccount], relay: String? = nil,
        transport: any HTTPTransport
    ) {
        core = SimulatorCore(
            settings, providers: accounts.map(\.provider), relay: CallbackRelay(url: relay),
            transport: transport)
        control = ControlAPI(core: core)
    }

    deinit { core.stop() }

    /// Sends no more callbacks; requests are still answered.
    package func stop() { core.stop() }

    package func handle(_ exchange: Exchange) {
        let request: SimulatorRequest
        do throws(FastCGIError) {
            request = try SimulatorRequest(exchange)
        } catch {
            let status: HTTPStatus =
                error.code == .bodyTooLarge ? .contentTooLarge : .badRequest
            exchange.respond(Response(status, headers: [.plainText]))
            return
        }
        guard !request.path.hasPrefix("/simulator/") else {
            exchange.respond(reply(to: request).response)
            return
        }
        let now = Timestamp.now
        let delay = core.state.withLock { state in
            state.counts.requests += 1
            state.requestRate.add(at: now.microseconds / 1_000_000)
            return state.settings.answer_delay_ms
        }
        let reply = reply(to: request)
        answer(exchange, reply, delay: .milliseconds(delay))
    }

    /// The answer to a request; what it causes has been started.
    func reply(to request: SimulatorRequest) -> SimulatorReply {
        if request.path.hasPrefix("/simulator/") { return control.reply(to: request) }
        if let provider = core.provider(at: request.path) {
            return provider.reply(to: request, in: core)
        }
        return SimulatorReply(404) { $0.member("error", "there is nothing at this path") }
    }

    private func answer(_ exchange: Exchange, _ reply: SimulatorReply, delay: Duration) {
        let response = reply.response
        switch reply.moment {
        case .now where delay == .zero:
            exchange.respond(response)
        case .now:
            after(delay) { exchange.respond(response) }
        case .after(let more):
            after(delay + more) { exchange.respond(response) }
        case .behind(let gate):
            // On a thread of our own: the gate is opened by the transport's thread, which must not
            // block.
            gate.answer { [self] in after(delay) { exchange.respond(response) } }
            after(Self.earlyLimit) { gate.open() }
        }
    }

    private func after(_ wait: Duration, _ body: @escaping @Sendable () -> Void) {
        answers.asyncAfter(deadline: .now() + wait / .seconds(1), execute: body)
    }
}
