import Domain
import Foundation
import JSON
import Security
import Synchronization
import System

/// The state, and the pump that sends callbacks from it.
///
/// One thread looks what is due and makes the requests; everything else only wakes it.
final class SimulatorCore: Sendable {
    let state: Mutex<SimulatorState>
    private let account: Account
    private let transport: any HTTPTransport
    private let signer: PlivoSigner
    private let thread = ServiceThread("callbacks")

    /// How long an answer may take. Source: providers.md, B.2 (Plivo); Infobip's is not known.
    private static let patience = Duration.seconds(8)

    init(_ settings: SimulatorSettings, account: Account, transport: any HTTPTransport) {
        state = Mutex(SimulatorState(settings))
        self.account = account
        self.transport = transport
        signer = PlivoSigner(account.plivoToken)
        thread.startOrAbort { [self] in
            while !thread.isStopping { pump() }
        }
    }

    /// Makes the pump look soon. Any thread.
    func wake() { thread.wake() }

    /// Sends no more callbacks.
    func stop() { thread.stop() }

    /// Sends what is due, and waits until more may be.
    private func pump() {
        let now = Timestamp.now
        let (work, nextLook) = state.withLock { state in
            let (deliveries, nextLook) = state.pump(at: now)
            let work = deliveries.map { delivery in
                // A copy of each record, so that bodies are written outside of the lock.
                (
                    delivery,
                    delivery.items.filter { state.book.has($0.serial) }
                        .map { (item: $0, record: state.book[$0.serial]) }
                )
            }
            return (work, nextLook)
        }
        for (delivery, items) in work { send(delivery, items) }
        if let nextLook {
            thread.wait(for: max(.zero, nextLook.since(now)))
        } else {
            thread.wait()
        }
    }

    // MARK: Requests

    private func send(_ delivery: Delivery, _ items: [(item: CallbackItem, record: Record)]) {
        let request =
            delivery.api == .plivo
            ? plivoRequest(delivery, items) : infobipRequest(delivery, items)
        // Forgotten meanwhile: nothing is left to say.
        guard let request else { return finish(delivery, isAcknowledged: true) }
        transport.send(request, within: Self.patience) { [self] result in
            let isAcknowledged =
                if case .answered(let response) = result {
                    (200..<300).contains(response.status)
                } else { false }
            finish(delivery, isAcknowledged: isAcknowledged)
        }
    }

    private func finish(_ delivery: Delivery, isAcknowledged: Bool) {
        let gates = state.withLock {
            $0.finish(delivery, isAcknowledged: isAcknowledged, at: .now)
        }
        for gate in gates { gate.arrive() }
        wake()
    }

    private func infobipRequest(
        _ delivery: Delivery, _ items: [(item: CallbackItem, record: Record)]
    ) -> ProviderRequest? {
        guard !items.isEmpty else { return nil }
        let body = InfobipReport.body(
            items.map { (record: $0.record, stage: $0.item.stage) },
            isV3: delivery.api == .infobipV3)
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "application/json"), ("User-Agent", "Infobip/1.0 (waybill simulate)"),
        ]
        // A URL that came with a message is called as it is: providers.md, A.4.
        let isSubscribed = delivery.url == account.infobipCallbackURL
        if isSubscribed, let key = account.infobipHMAC {
            let code = Hexadecimal.encode(key.code(for: body))
            headers.append(
                (account.infobipHMACHeader, "\(key.algorithm.rawValue)=\(code)"))
        }
        if isSubscribed, let (user, password) = account.infobipBasic {
            let credentials = password.withBytes { Array("\(user):".utf8) + $0 }
            headers.append(("Authorization", "Basic " + Base64.encode(credentials)))
        }
        return ProviderRequest(
            method: "POST", url: account.target(of: delivery.url), headers: headers, body: body)
    }

    private func plivoRequest(
        _ delivery: Delivery, _ items: [(item: CallbackItem, record: Record)]
    ) -> ProviderRequest? {
        guard let (item, record) = items.first else { return nil }
        let fields = PlivoCallback(record, item.stage, part: item.part).fields
        let nonce = String(UInt64.random(in: 1_000_000_000_000_000_000 ... .max))
        let agent = ("User-Agent", "Plivo (waybill simulate)")
        let form = PercentEncoding.encode(fields, blank: .plus)
        guard delivery.usesGet else {
            let body = Array(form.utf8)
            return ProviderRequest(
                method: "POST", url: account.target(of: delivery.url),
                headers: [("Content-Type", "application/x-www-form-urlencoded"), agent]
                    + signer.headers(url: delivery.url, body: body, nonce: nonce),
                body: body)
        }
        let mark = delivery.url.contains("?") ? "&" : "?"
        let url = delivery.url + mark + form
        return ProviderRequest(
            method: "GET", url: account.target(of: url),
            headers: [agent] + signer.headers(url: url, body: [], nonce: nonce))
    }
}
