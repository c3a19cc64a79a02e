import Domain
import FastCGI

/// The values of a list's filters: in the query of the list, and in the body of what acts on all that
/// the same filter finds.
struct FilterValues {
    private let values: [String: String]
    private let isBody: Bool

    /// Those of a query; their forms have been checked.
    ///
    /// - Throws: 400 `bad_query` if one came more than once.
    init(_ request: APIRequest, _ parameters: [Parameter]) throws(Problem) {
        var values: [String: String] = [:]
        for parameter in parameters { values[parameter.name] = try request.value(parameter.name) }
        self.values = values
        isBody = false
    }

    /// Those of a body, in the same forms, each a string but for flags; its problems are collected.
    init(_ body: inout BodyReader, _ parameters: [Parameter]) {
        var values: [String: String] = [:]
        for parameter in parameters {
            if case .flag = parameter.form {
                values[parameter.name] = body.flag(parameter.name).map { String($0) }
                continue
            }
            guard let value = body.text(parameter.name) else { continue }
            if parameter.form.accepts(value) {
                values[parameter.name] = value
            } else {
                body.problems.add(
                    parameter.name, "bad_value", "It takes \(parameter.form.takes).")
            }
        }
        self.values = values
        isBody = true
    }

    func text(_ name: String) -> String? { values[name] }

    func flag(_ name: String) -> Bool? { values[name].map { $0 == "true" } }

    func time(_ name: String) -> Timestamp? {
        values[name].flatMap { try? Timestamp(rfc3339: $0) }
    }

    func id<Kind>(_ name: String) -> Identifier<Kind>? {
        values[name].flatMap { Identifier(anyCase: $0) }
    }

    /// The provider that `provider` names.
    ///
    /// - Throws: 400 or 422 if there is none of this name.
    func provider(among providers: [ProviderTraits]) throws(Problem) -> Provider? {
        guard let name = values["provider"] else { return nil }
        if let provider = providers.provider(named: name) { return provider }
        throw problem(
            "provider", "There is no provider of this name; known: \(providers.names).")
    }

    /// The number that `to` names, in its one spelling.
    ///
    /// - Throws: 400 or 422 if it is none.
    func number() throws(Problem) -> String? {
        guard let text = values["to"] else { return nil }
        do {
            return try PhoneNumber(text).description
        } catch {
            throw problem(
                "to",
                "It takes a phone number with its country code"
                    + (isBody ? ". " : " (a + is written %2B). ") + error.explanation)
        }
    }

    private func problem(_ name: String, _ detail: String) -> Problem {
        guard isBody else { return Problem(.badRequest, "bad_query", detail, at: name) }
        var problems = FieldProblems()
        problems.add(name, "bad_value", detail)
        return Problem(
            .unprocessableContent, "invalid_fields", "One field is wrong; nothing was changed.",
            fields: problems)
    }
}
