import Domain
import FastCGI

/// Reads the filter out of a request's query.
struct MessageQuery {
    let filter: MessageFilter

    /// - Parameters:
    ///   - request: its parameters have the form that the route describes.
    ///   - principal: who may not see numbers may not guess them digit by digit either.
    ///   - providers: those that can be named.
    /// - Throws: 400 `bad_query` naming the parameter and what it takes; 403 `masked_numbers`.
    init(
        _ request: APIRequest, by principal: Principal, _ providers: [ProviderTraits]
    ) throws(Problem) {
        var filter = MessageFilter()
        if let words = try request.value("status") {
            filter.statuses = Set(
                words.split(separator: ",").compactMap { Status(rawValue: String($0)) })
        }
        filter.isFinal = try request.value("final").map { $0 == "true" }
        if let name = try request.value("provider") {
            filter.provider = try Self.provider(name, among: providers)
        }
        filter.errorCode = try request.value("error_code")
        if let text = try request.value("to") { filter.recipient = try Self.number(text) }
        if let text = try request.value("to_prefix") {
            guard principal.seesDetails else { throw Self.masked("to_prefix") }
            filter.recipientPrefix = NumberBeginning(text)?.description
        }
        if let sender = try request.value("from") {
            filter.senders = [sender]
            // Numbers are stored in one spelling.
            if let number = try? PhoneNumber(sender) { filter.senders.insert(number.description) }
        }
        filter.country = try request.value("country")?.uppercased()
        filter.since = try Self.time("since", request)
        filter.until = try Self.time("until", request)
        if let text = try request.value("submitted_by") {
            filter.submitter =
                Identifier<Principal>(anyCase: text).map { .id($0) } ?? .name(text)
        }
        filter.sendRequest = try request.value("send_request_id").flatMap {
            SendRequestID(anyCase: $0)
        }
        for (key, value) in try request.values(prefix: "metadata.") {
            guard !key.isEmpty else {
                throw Problem(
                    .badRequest, "bad_query",
                    "It takes the name of a member behind the dot, as in metadata.campaign=spring.",
                    at: "metadata.")
            }
            filter.metadata.insert(MessageFilter.MetadataMember(key: key, value: value))
        }
        try Self.read("q", request, principal, into: &filter)
        self.filter = filter
    }

    private static func read(
        _ name: String, _ request: APIRequest, _ principal: Principal,
        into filter: inout MessageFilter
    ) throws(Problem) {
        guard let text = try request.value(name) else { return }
        guard let query = SearchText(text) else {
            throw Problem(
                .badRequest, "bad_query",
                "It takes a number, or an id of a message, a send request or a request.", at: name)
        }
        if !principal.seesDetails {
            guard query.digits == nil || query.number != nil else { throw masked(name) }
            filter.findsPartialNumbers = false
        }
        filter.query = query
    }

    /// A provider that there is.
    ///
    /// - Throws: 400 `bad_query`.
    static func provider(
        _ name: String, among providers: [ProviderTraits]
    ) throws(Problem) -> Provider {
        guard let provider = providers.provider(named: name) else {
            throw Problem(
                .badRequest, "bad_query",
                "There is no provider of this name; known: \(providers.names).", at: "provider")
        }
        return provider
    }

    private static func number(_ text: String) throws(Problem) -> String {
        do {
            return try PhoneNumber(text).description
        } catch {
            throw Problem(
                .badRequest, "bad_query",
                "It takes a phone number with its country code (a + is written %2B). "
                    + error.explanation, at: "to")
        }
    }

    /// Its form has been checked.
    private static func time(_ name: String, _ request: APIRequest) throws(Problem) -> Timestamp? {
        try request.value(name).flatMap { try? Timestamp(rfc3339: $0) }
    }

    private static func masked(_ name: String) -> Problem {
        Problem(
            .forbidden, "masked_numbers",
            "Your role sees numbers masked, and can look only for a whole one.", at: name)
    }
}

/// How a number begins: `+` and 1 to 15 digits.
struct NumberBeginning: CustomStringConvertible {
    /// With the `+`.
    let description: String

    /// Reads it with `+` or `00` or neither in front, in any spelling that `PastedNumber` reads; nil
    /// for anything else.
    init?(_ text: String) {
        guard let digits = PastedNumber(text)?.digits, (1...15).contains(digits.utf8.count),
            digits.first != "0"
        else { return nil }
        description = "+" + digits
    }
}
