import Domain
import JSON

/// An answer of Plivo with an HTTP status other than success: `{"api_id":…,"error":…}`, in which
/// `error` is a text, or an object with a text or with lists of texts by field.
struct PlivoRefusal {
    let problem: ProviderProblem
    /// Whether the answer is Plivo's own and not a proxy's: every answer of its API has an
    /// `api_id`.
    let isFromPlivo: Bool

    private let response: ProviderResponse

    init(_ response: ProviderResponse) {
        self.response = response
        let body = JSONValue(response.body)
        let error = body?["error"]
        isFromPlivo = body?["api_id"] != nil
        let code = Self.first(["code", "error_code"], of: error)
        let text =
            error?.text ?? Self.first(["message", "error", "text", "description"], of: error)
            ?? Self.listed(in: error) ?? body?["message"]?.text
        guard let text else {
            problem = .withoutText(response.status)
            return
        }
        problem = ProviderProblem(code: code ?? String(response.status), text: text)
    }

    private static func first(_ names: [String], of value: JSONValue?) -> String? {
        names.lazy.compactMap { value?[$0]?.text }.first
    }

    /// The texts by field, as in `{"dst":["1 is not a valid phone number"]}`; nil if there are
    /// none.
    private static func listed(in error: JSONValue?) -> String? {
        let texts = (error?.members ?? []).compactMap { member in
            text(of: member.value).map { "\(member.name): \($0)" }
        }
        return texts.isEmpty ? text(of: error) : texts.joined(separator: "; ")
    }

    /// A text, or the texts of a list.
    private static func text(of value: JSONValue?) -> String? {
        if case .string(let text) = value { return text.isEmpty ? nil : text }
        let texts = (value?.elements ?? []).compactMap { text(of: $0) }
        return texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    /// The result for the message.
    ///
    /// - 401, 402, 406, 407, 415 and redirections are about credentials, account or address. So is
    ///   every refusal for lack of credit, and a 404 or 405 that is not Plivo's own: a wrong
    ///   address.
    /// - 403 is either a country that the account may not send to, which is about this message, or
    ///   our address missing in the account's allow-list, which is about all of them. Only the text
    ///   shows which; an unclear text stops the sending, because messages that wait are not lost.
    /// - 408, 429 and 503 mean that the request was not processed.
    /// - 409 is not explained. It may mean that Plivo has the message already, and then sending
    ///   again would be wrong, so it is ambiguous, as are 500, 502, 504 and all others: Plivo would
    ///   not notice a repetition.
    /// - Every other 4xx is about the message.
    var result: SendResult {
        switch response.status {
        case 300..<400, 401, 402, 406, 407, 415: .stopped(problem)
        case 403: mentions(Self.placeTerms) ? .refused(problem) : .stopped(problem)
        case 404, 405: isFromPlivo ? refusal : .stopped(problem)
        case 408, 429, 503: .deferred(problem, afterSeconds: response.retryAfterSeconds)
        case 409: .ambiguous(problem)
        case 400..<500: refusal
        default: .ambiguous(problem)
        }
    }

    private var refusal: SendResult {
        mentions(Self.creditTerms) ? .stopped(problem) : .refused(problem)
    }

    private static let placeTerms = ["geo", "country", "countries", "region", "destination"]
    private static let creditTerms = ["insufficient", "not enough"]

    private func mentions(_ terms: [String]) -> Bool {
        let text = problem.text.lowercased()
        return terms.contains { text.contains($0) }
    }
}
