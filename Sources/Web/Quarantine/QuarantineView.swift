import Domain
import FastCGI
import JSON
private import Security

/// The quarantine as JSON. No credential is ever in it.
enum QuarantineView {
    /// A part without its bytes.
    ///
    /// - Parameters:
    ///   - part: what is shown.
    ///   - seesDetails: whether numbers are whole; a detail may quote one, and a query have one.
    ///   - json: in an object.
    static func part(
        _ part: QuarantinedPart, _ seesDetails: Bool, in json: inout JSONWriter
    ) {
        json.member("id", part.id)
        json.member("received_at", part.receivedAt.description)
        json.member("callback_id", part.callback.description)
        json.member("provider", part.provider.name)
        json.member("reason", part.reason)
        json.member("place", part.place)
        json.member(
            "detail", seesDetails ? part.detail : NumberMask.maskedNumbers(in: part.detail))
        json.member("authenticated", part.isAuthenticated)
        json.member("path", seesDetails ? part.uri : part.uri.map(maskedQuery(of:)))
        json.member("content_type", part.contentType)
        json.member("bytes", part.bytes)
    }

    /// Without whole numbers in the query; the ids of a path stay.
    private static func maskedQuery(of uri: String) -> String {
        guard let start = uri.firstIndex(of: "?") else { return uri }
        return uri[..<start] + NumberMask.maskedNumbers(in: String(uri[start...]))
    }

    /// A part with its bytes, as text too where they are UTF-8.
    static func document(_ found: QuarantinedPart, _ excerpt: [UInt8]) -> [UInt8] {
        JSONWriter.document { json in
            part(found, true, in: &json)
            json.member("text", String(validating: excerpt, as: UTF8.self))
            json.member("base64", Base64.encode(excerpt))
        }
    }

    /// The answer to the replay of one callback.
    static func response(
        _ id: Int64, _ result: QuarantineReplay.Result, requestID: String?
    ) -> Response {
        switch result {
        case .replayed(let outcome):
            return .json(
                body: JSONWriter.document { json in
                    json.member("id", id)
                    json.member("reports", outcome.reports)
                    json.member("released", outcome.released)
                    json.member("left", outcome.left)
                })
        case .refused(let refusal):
            return Problem(
                .conflict, "replay_refused",
                "It is not authenticated with today's secrets either: \(refusal.reason.rawValue)."
            ).response(requestID: requestID)
        case .notReceived:
            return Problem(
                .conflict, "replay_refused",
                "No secret of its provider is set, so that nothing can be authenticated."
            ).response(requestID: requestID)
        case .unreadable(let malformation):
            return Problem(
                .conflict, "replay_unreadable",
                "It cannot be read today either (\(malformation.code.rawValue)). "
                    + malformation.detail, at: malformation.place
            ).response(requestID: requestID)
        case .failed(.unknown):
            return Problem.unknownQuarantined.response(requestID: requestID)
        case .failed(.gone):
            return Problem(
                .conflict, "callback_gone",
                "The callback was archived for as long as is set, and is gone."
            ).response(requestID: requestID)
        case .failed(.cut):
            return Problem(
                .conflict, "callback_gone",
                "Only a part of the callback's body was kept; it cannot be read again."
            ).response(requestID: requestID)
        case .notStored:
            return Problem.unavailable(
                "database_unavailable",
                "The reports cannot be stored now; nothing has changed. Try again."
            ).response(requestID: requestID)
        }
    }
}
