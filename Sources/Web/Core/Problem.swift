import Domain
package import FastCGI
import JSON

/// An error answer in the form of RFC 9457, `application/problem+json`.
///
/// Members: `type` (always `about:blank`), `title`, `status`, `detail`, `code` (stable, for
/// programs), `request_id` (nginx's, also in its log) and, for bad input, `place`, or `errors` with
/// a `field`, `code` and `detail` each and `error_count`, which counts also those that are not
/// listed.
package struct Problem: Error, Sendable {
    package let status: HTTPStatus
    /// A stable word for programs.
    package let code: String
    /// One sentence for people: what is wrong and what to do.
    package let detail: String
    /// Where in the input, for bad input.
    package let place: String?
    /// What is wrong with each field, where the input has fields.
    package let fields: FieldProblems?
    private let headers: [HeaderField]

    package init(
        _ status: HTTPStatus, _ code: String, _ detail: String, at place: String? = nil,
        fields: FieldProblems? = nil, headers: [HeaderField] = []
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.place = place
        self.fields = fields
        self.headers = headers
    }

    /// The answer, for one request.
    package func response(requestID: String?) -> Response {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", "about:blank")
        json.member("title", status.reason)
        json.member("status", status.code)
        json.member("detail", detail)
        json.member("code", code)
        if let place { json.member("place", place) }
        if let fields { Self.describe(fields, in: &json) }
        json.member("request_id", requestID)
        json.endObject()
        return Response(status, headers: [.problem] + headers, body: json.bytes)
    }

    private static func describe(_ fields: FieldProblems, in json: inout JSONWriter) {
        json.key("errors")
        json.beginArray()
        for problem in fields.list {
            json.beginObject()
            json.member("field", problem.field)
            json.member("code", problem.code)
            json.member("detail", problem.detail)
            json.endObject()
        }
        json.endArray()
        json.member("error_count", fields.count)
    }
}

extension Problem {
    /// A failure that may pass after a few seconds.
    static func unavailable(_ code: String, _ detail: String) -> Problem {
        Problem(.serviceUnavailable, code, detail, headers: [.retryAfter])
    }

    /// The database did not answer.
    init(_ failure: StoreFailure) {
        switch failure.code {
        case .unavailable:
            self = .unavailable(
                "database_unavailable", "The database does not answer; try again in a few seconds.")
        case .failed:
            self = Problem(
                .internalServerError, "internal_error",
                "Something went wrong here; the log has it under the request id.")
        }
    }

    /// Fields of a request are wrong.
    init(_ fields: FieldProblems) {
        let fewer = fields.list.count
        self.init(
            .unprocessableContent, "invalid_message",
            fields.count == 1
                ? "One field is wrong; nothing was sent."
                : fields.count == fewer
                    ? "\(fields.count) fields are wrong; nothing was sent."
                    : "\(fields.count) fields are wrong, of which the first \(fewer) are listed;"
                        + " nothing was sent.",
            fields: fields)
    }

    /// A callback cannot be read.
    init(_ malformation: Malformation) {
        let status: HTTPStatus =
            switch malformation.code {
            case .unsupportedMediaType: .unsupportedMediaType
            case .tooManyResults: .contentTooLarge
            case .notJSON, .wrongShape, .tooLong: .badRequest
            }
        self.init(
            status, malformation.code.rawValue, malformation.detail, at: malformation.place,
            headers: malformation == .encoded ? [.acceptIdentity] : [])
    }

    /// A request's body is not JSON, or exceeds the bounds.
    init(_ fault: JSONFault, _ limits: JSONReader.Limits) {
        // Quarantine uses the same code for this in a callback.
        let code = fault.code == .duplicateName ? "duplicate_key" : "not_json"
        self.init(
            .badRequest, code, fault.explanation(limits), at: "byte \(fault.offset)")
    }

    /// A body of at most so many bytes could not be read from nginx.
    init(_ error: FastCGIError, bodyLimit: Int) {
        if error.code == .bodyTooLarge {
            self.init(
                .contentTooLarge, "body_too_large",
                "The body is larger than the \(bodyLimit) bytes that are read here.")
        } else {
            self.init(
                .badRequest, "incomplete_body",
                "The body ended before or after its announced length; send it again.")
        }
    }
}

extension Exchange {
    /// Whether the body is compressed, or encoded in another way.
    var hasEncodedBody: Bool {
        parameter("HTTP_CONTENT_ENCODING").map { !MediaType.isIdentity($0) } ?? false
    }
}

extension Malformation {
    /// Encoded bodies are not read.
    static let encoded = Malformation(
        .unsupportedMediaType, at: "Content-Encoding", "A body without any encoding was expected.")
}

extension HeaderField {
    /// Source: RFC 9110, section 15.5.16.
    static let acceptIdentity = HeaderField("Accept-Encoding", "identity")
    static let problem = HeaderField("Content-Type", "application/problem+json")
    static let exposition = HeaderField("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
    static let challengeBearer = HeaderField("WWW-Authenticate", "Bearer realm=\"waybill\"")
    static let challengeBasic = HeaderField("WWW-Authenticate", "Basic realm=\"waybill\"")
}
