import Domain
import Security

/// The simulated Infobip.
struct SimulatedInfobip: SimulatedProvider {
    let account: InfobipAccount
    let provider = PlayedProvider.infobip
    let name = "infobip"
    let pathPrefix = "/sms/"

    func reply(to request: SimulatorRequest, in core: SimulatorCore) -> SimulatorReply {
        InfobipEndpoints(account: account, core: core).reply(to: request)
    }

    func callback(
        _ delivery: Delivery, _ reports: [(item: CallbackItem, record: MessageRecord)]
    ) -> ProviderRequest? {
        let body = InfobipReport.body(
            reports.map { (record: $0.record, stage: $0.item.stage) },
            isV3: delivery.api == .infobipV3)
        return request(body, to: delivery.url)
    }

    var inboundURL: String? { account.callbackURL }

    func post(_ record: InboundRecord, to url: String, usesGet: Bool) -> ProviderRequest {
        request(InfobipInboundBody.body(record), to: url)
    }

    private func request(_ body: [UInt8], to url: String) -> ProviderRequest {
        var headers: [(name: String, value: String)] = [
            ("Content-Type", "application/json"), ("User-Agent", "Infobip/1.0 (waybill simulate)"),
        ]
        // A URL that came with a message is called as it is: providers.md, A.4. So is one that a
        // number's messages are forwarded to.
        let isSubscribed = url == account.callbackURL
        if isSubscribed, let key = account.hmac {
            let code = Hexadecimal.encode(key.code(for: body))
            headers.append(
                (account.hmacHeader, "\(key.algorithm.rawValue)=\(code)"))
        }
        if isSubscribed, let (user, password) = account.basic {
            let credentials = password.withBytes { Array("\(user):".utf8) + $0 }
            headers.append(("Authorization", "Basic " + Base64.encode(credentials)))
        }
        return ProviderRequest(method: "POST", url: url, headers: headers, body: body)
    }

    /// 1 min + 1 min · n², 20 times (not confirmed). Source: providers.md, A.4.
    func retryDelay(afterAttempt attempt: Int) -> Duration? {
        attempt < 20 ? .seconds(60 + 60 * attempt * attempt) : nil
    }

    func statusName(of record: MessageRecord) -> String {
        SimulatedInfobipStatus(record.finalStatus, record.stage).name
    }
}

extension PlayedProvider {
    static let infobip = PlayedProvider(number: 1)
}

extension API {
    static let infobipV2 = API(
        provider: .infobip, version: 2, gathersReports: true, namesMessages: false)
    static let infobipV3 = API(
        provider: .infobip, version: 3, gathersReports: true, namesMessages: false)
}

extension Timestamp {
    /// `2026-11-20T09:15:04.913+0000`. Source: providers.md, A.2.
    var infobip: String {
        let whole = Timestamp(microseconds: microseconds / 1000 * 1000)
        return whole.description.dropLast() + "+0000"
    }
}
