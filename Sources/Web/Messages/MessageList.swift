package import Domain
import FastCGI
import JSON

/// `GET /v1/messages`: the messages that a filter finds, page by page; or one by the provider's id.
package struct MessageList: Sendable {
    private let reader: any MessageReader
    private let search: any MessageSearch
    private let cursors: SearchCursors
    private let export: MessageExport?
    private let providers: [ProviderTraits]

    static let limits = 1...200
    static let usualLimit = 50
    /// With the details of the messages that were found, a page stays below 100 ms.
    private static let budget: Duration = .milliseconds(40)

    /// - Parameters:
    ///   - reader: for one message by the provider's id.
    ///   - search: for all else.
    ///   - cursors: sign the places where pages begin.
    ///   - export: answers with CSV; nil if nobody can ask for that here.
    ///   - providers: whose messages can be asked for by their names there.
    package init(
        _ reader: any MessageReader, search: any MessageSearch, cursors: SearchCursors,
        export: MessageExport?, providers: [ProviderTraits]
    ) {
        self.reader = reader
        self.search = search
        self.cursors = cursors
        self.export = export
        self.providers = providers
    }

    func answer(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller
    ) throws(Problem) -> Response? {
        let principal = caller.principal
        if let name = try request.value("provider_message_id") {
            return try one(name, request, principal)
        }
        let format = try AnswerFormat.negotiated(
            format: request.value("format"), accept: exchange.parameter("HTTP_ACCEPT"))
        let filter = try MessageQuery(request, by: principal, providers).filter
        let limit = try request.value("limit").flatMap { Int($0) }
        let cursor = try request.value("cursor")
        if format == .json, let limit, !Self.limits.contains(limit) {
            throw Problem(
                .badRequest, "bad_query",
                "It takes a whole number from \(Self.limits.lowerBound) to"
                    + " \(Self.limits.upperBound); only an export takes more.", at: "limit")
        }
        if format == .csv, let export {
            guard cursor == nil else {
                throw Problem(
                    .badRequest, "bad_query", "An export has no pages; leave it out.", at: "cursor")
            }
            try export.begin(exchange, request, caller, filter, limit: limit)
            return nil
        }
        var position: SearchPosition?
        if let cursor { position = try cursors.position(cursor, in: filter) }
        let page: MessagePage
        do {
            page = try search.page(
                of: filter, limit: limit ?? Self.usualLimit, after: position, within: Self.budget)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if let end = page.next { next = try cursors.text(end, in: filter) }
        return .json(body: Self.body(page, next: next, seesDetails: principal.seesDetails))
    }

    private static func body(_ page: MessagePage, next: String?, seesDetails: Bool) -> [UInt8] {
        JSONWriter.document { json in
            json.array("messages") { json in
                for message in page.messages {
                    MessageView(seesDetails).listed(message, in: &json)
                }
            }
            json.member("next", next)
            json.member("searched_back_to", page.searchedBackTo?.description)
        }
    }

    /// A message by its name at the provider.
    private func one(
        _ name: String, _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        guard let providerName = try request.value("provider"), !name.isEmpty else {
            throw Problem(
                .badRequest, "bad_query",
                "Give provider and provider_message_id, as in"
                    + " ?provider=\(providers.first?.provider.name ?? "")&provider_message_id=…",
                at: "provider_message_id")
        }
        let alone: Set = ["provider", "provider_message_id"]
        if let other = try request.names().filter({ !alone.contains($0) }).min() {
            throw Problem(
                .badRequest, "bad_query",
                "With provider_message_id only provider is taken: together they name one message.",
                at: other)
        }
        let provider = try MessageQuery.provider(providerName, among: providers)
        let found: Message?
        do {
            found = try reader.message(provider: provider, named: name)
        } catch {
            throw Problem(error)
        }
        let message = try MessageEndpoints.known(found)
        return .json(body: MessageView(principal.seesDetails).document(message))
    }
}
