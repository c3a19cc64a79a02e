import Domain
import JSON
import Security

/// The simulated Plivo.
struct SimulatedPlivo: SimulatedProvider {
    private let account: PlivoAccount
    private let signer: PlivoSigner
    let provider = PlayedProvider.plivo
    let name = "plivo"
    let pathPrefix = "/v1/Account/"

    init(account: PlivoAccount) {
        self.account = account
        signer = PlivoSigner(account.token)
    }

    func reply(to request: SimulatorRequest, in core: SimulatorCore) -> SimulatorReply {
        PlivoEndpoints(account: account, core: core).reply(to: request)
    }

    func callback(
        _ delivery: Delivery, _ reports: [(item: CallbackItem, record: MessageRecord)]
    ) -> ProviderRequest? {
        guard let (item, record) = reports.first else { return nil }
        return request(
            PlivoCallback(record, item.stage, part: item.part).fields, to: delivery.url,
            usesGet: delivery.usesGet)
    }

    var inboundURL: String? { account.inboundURL }

    func post(_ record: InboundRecord, to url: String, usesGet: Bool) -> ProviderRequest {
        request(PlivoInboundForm.fields(record), to: url, usesGet: usesGet)
    }

    private func request(
        _ fields: [(name: String, value: String)], to target: String, usesGet: Bool
    ) -> ProviderRequest {
        let nonce = String(UInt64.random(in: 1_000_000_000_000_000_000 ... .max))
        let agent = ("User-Agent", "Plivo (waybill simulate)")
        let form = PercentEncoding.encode(fields, blank: .plus)
        guard usesGet else {
            let body = Array(form.utf8)
            return ProviderRequest(
                method: "POST", url: target,
                headers: [("Content-Type", "application/x-www-form-urlencoded"), agent]
                    + signer.headers(url: target, body: body, nonce: nonce),
                body: body)
        }
        let mark = target.contains("?") ? "&" : "?"
        let url = target + mark + form
        return ProviderRequest(
            method: "GET", url: url,
            headers: [agent] + signer.headers(url: url, body: [], nonce: nonce))
    }

    /// 60, 120 and 240 s. Source: providers.md, B.4.
    func retryDelay(afterAttempt attempt: Int) -> Duration? {
        attempt < 3 ? .seconds(60 << attempt) : nil
    }

    func statusName(of record: MessageRecord) -> String { record.plivoStatus.name }
}

extension PlayedProvider {
    static let plivo = PlayedProvider(number: 2)
}

extension API {
    static let plivo = API(provider: .plivo, version: 1, gathersReports: false, namesMessages: true)
}

extension Timestamp {
    /// `2026-11-20 09:15:05.771930`, in callbacks. Source: providers.md, B.2.
    var plivo: String {
        // The description has six digits unless the last three are zeros.
        let time = microseconds % 1000 == 0 ? Timestamp(microseconds: microseconds + 1) : self
        let text = time.description
        return text.prefix(10) + " " + text.dropFirst(11).dropLast()
    }

    /// `2026-11-20 09:15:05.771930+00:00`, in records. Source: providers.md, B.5.
    var plivoRecord: String { plivo + "+00:00" }
}
