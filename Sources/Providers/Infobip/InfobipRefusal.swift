import Domain
import JSON

/// An answer of Infobip with an HTTP status other than success.
///
/// The body is in the form of versions 1 and 2 or in that of version 3; a gateway in between may
/// send anything, or nothing.
/// Source: Infobip's OpenAPI of SMS, response examples; infobip-api-java-client
/// `ApiExceptionDetailsResolver`, which reads both forms too.
struct InfobipRefusal {
    /// Code and text of the whole.
    let problem: ProviderProblem
    /// What is wrong with single messages, by their place in the request.
    private(set) var faults: [Int: ProviderProblem] = [:]

    private let response: ProviderResponse

    init(_ response: ProviderResponse) {
        self.response = response
        let body = JSONValue(response.body)
        let exception = body?["requestError"].flatMap {
            $0["serviceException"] ?? $0["policyException"]
        }
        let code = exception?["messageId"]?.text ?? body?["errorCode"]?.text
        let text = exception?["text"]?.text ?? body?["description"]?.text
        guard code != nil || text != nil else {
            problem = .withoutText(response.status)
            return
        }
        let violations = Self.violations(exception?["validationErrors"], body?["violations"])
        let details = violations.map { "\($0.property): \($0.text)" }
        problem = ProviderProblem(
            code: code ?? String(response.status),
            text: ([text].compactMap { $0 } + details).joined(separator: "; "))
        for (violation, detail) in zip(violations, details) {
            guard let index = Self.messageIndex(in: violation.property) else { continue }
            let before = faults[index].map { $0.text + "; " } ?? ""
            faults[index] = ProviderProblem(code: problem.code, text: before + detail)
        }
    }

    private typealias Violation = (property: String, text: String)

    /// Both lists: version 2 has an object of lists of texts, version 3 a list of objects.
    private static func violations(_ v2: JSONValue?, _ v3: JSONValue?) -> [Violation] {
        let first = (v2?.members ?? []).map { member in
            let texts = member.value.text.map { [$0] } ?? member.value.elements.compactMap(\.text)
            return (member.name, texts.joined(separator: ", "))
        }
        let second = (v3?.elements ?? []).map { violation in
            (violation["property"]?.text ?? "", violation["violation"]?.text ?? "")
        }
        return first + second
    }

    /// 3 of `messages[3].content`.
    private static func messageIndex(in property: String) -> Int? {
        let parts = property.split(separator: "[", maxSplits: 1)
        guard parts.count == 2, parts[0].hasSuffix("messages") else { return nil }
        let index = parts[1].prefix { $0 != "]" }
        return index.count <= 6 ? Int(index) : nil
    }

    /// The result for each message of the request.
    ///
    /// - 401 to 407, 415 and redirections are about credentials, address or form of any request.
    /// - 408, 429 and 503 mean that the request was not processed. After 502 the gateway may have
    ///   lost the answer to an accepted request; sending again is safe because of our id.
    /// - 500, 504 and all others: the request was written and may have been processed.
    /// - Every other 4xx is about the messages. Infobip accepts a request as a whole or not at all:
    ///   if it names wrong messages, those are refused, and the others are tried again in halves,
    ///   because it may not have named all.
    func results(of count: Int) -> [SendResult] {
        switch response.status {
        case 300..<400, 401...407, 415:
            return Array(repeating: .stopped(problem), count: count)
        case 408, 429, 502, 503:
            let result = SendResult.deferred(problem, afterSeconds: response.retryAfterSeconds)
            return Array(repeating: result, count: count)
        case 400..<500:
            guard count > 1 else { return Array(repeating: .refused(problem), count: count) }
            guard faults.keys.contains(where: { (0..<count).contains($0) }) else {
                return Array(repeating: .refusedTogether(problem), count: count)
            }
            return (0..<count).map { index in
                faults[index].map { .refused($0) } ?? .refusedTogether(problem)
            }
        default:
            return Array(repeating: .ambiguous(problem), count: count)
        }
    }
}
