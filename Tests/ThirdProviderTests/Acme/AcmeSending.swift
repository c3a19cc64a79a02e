import Domain
import JSON
import Providers
import Security

/// Sends through Acme: one message a request, with a callback URL that holds our id.
struct AcmeSending: SendingSettings, SendingProvider {
    let traits: ProviderTraits
    let baseURL: String
    let key: Secret
    let callbackBase: String?

    var provider: Provider { traits.provider }
    var lookUpHorizon: Duration { traits.lookUpHorizon }
    let batchLimit = 1
    let settleDelay = Duration.seconds(1)
    let lookUpsPerMinute = 60

    func sending() -> any SendingProvider { self }

    var summary: [(name: String, value: String)] { [("sending by acme", baseURL)] }

    func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        let message = messages[0]
        let callback = (callbackBase ?? "") + provider.callbackPath + "/\(message.id)"
        let members: [JSONValue.Member] = [
            .init(name: "to", value: .string(message.recipient.digits)),
            .init(name: "text", value: .string(message.text)),
            .init(name: "callback_url", value: .string(callback)),
        ]
        return request("POST", "/messages", body: JSONValue.object(members).canonicalBytes)
    }

    func sendResults(
        of messages: [OutgoingMessage], _ response: ProviderResponse?
    ) -> [SendResult] {
        guard let response else {
            return [.ambiguous(ProviderProblem(code: "no_answer", text: "No answer came."))]
        }
        let answer = JSONValue(response.body)
        if response.status == 201, let id = answer?["id"]?.text {
            return [.accepted(providerMessageID: id)]
        }
        let problem = ProviderProblem(
            code: answer?["error"]?.text ?? "\(response.status)", text: "Acme did not take it.")
        return [response.status < 500 ? .refused(problem) : .ambiguous(problem)]
    }

    func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])] {
        messages.map { message in
            let name = message.providerMessageID ?? "by-callback/\(message.id)"
            return (request("GET", "/messages/" + name), [message])
        }
    }

    func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult {
        if response.status == 404 { return LookUpResult(reports: [], unknown: messages.map(\.id)) }
        guard let answer = JSONValue(response.body), let id = answer["id"]?.text,
            let state = answer["state"]?.text, let message = messages.first
        else { throw ProviderProblem(code: "\(response.status)", text: "Acme said nothing.") }
        let report = AcmeWebhook.report(
            message: message.id, isKeyDerived: false, id: id, state: state,
            at: answer["at"]?.text, to: nil, source: .poll)
        return LookUpResult(reports: [report], unknown: [])
    }

    private func request(_ method: String, _ path: String, body: [UInt8] = []) -> ProviderRequest {
        let token = key.withBytes { String(decoding: $0, as: UTF8.self) }
        return ProviderRequest(
            method: method, url: baseURL + path,
            headers: [("Authorization", "Bearer " + token), ("Content-Type", "application/json")],
            body: body)
    }
}
