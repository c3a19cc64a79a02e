package import Domain
import FastCGI
import JSON

/// `/v1/inbound`: what people wrote to our numbers; and `/v1/conversations`.
package struct InboundEndpoints: Sendable {
    private let reader: any InboundReader
    private let exported: any InboundReader
    private let signer: CursorSigner
    private let export: ListExport?
    private let providers: [ProviderTraits]

    static let limits = 1...200
    static let usualLimit = 50
    private static let list = "inbound"

    /// - Parameters:
    ///   - reader: where they are.
    ///   - exported: the same with database connections of its own, so that exports take none from
    ///     the API.
    ///   - signer: of the list's cursors.
    ///   - export: answers with CSV; nil if nobody can ask for that here.
    ///   - providers: those that can be named.
    package init(
        _ reader: any InboundReader, exported: any InboundReader, signer: CursorSigner,
        export: ListExport?, providers: [ProviderTraits]
    ) {
        self.reader = reader
        self.exported = exported
        self.signer = signer
        self.export = export
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listInbound, later: list),
            endpoint.route(.showInbound, show),
            endpoint.route(.showConversation, conversation),
        ]
    }

    private func list(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let format = try AnswerFormat.negotiated(
            format: request.value("format"), accept: exchange.parameter("HTTP_ACCEPT"))
        let filter = try filter(request, principal)
        let view = InboundView(principal.seesDetails)
        let cursor = try request.value("cursor")
        if format == .csv, let export {
            guard cursor == nil else {
                throw Problem(
                    .badRequest, "bad_query", "An export has no pages; leave it out.", at: "cursor")
            }
            try begin(export, exchange, request, filter, view)
            return nil
        }
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.usualLimit
        let form = filter.canonicalForm
        var position: InboundPosition?
        if let cursor {
            position = InboundPosition(
                bytes: try signer.position(cursor, list: Self.list, filter: form))
        }
        var found: [StoredInbound]
        do {
            // One more tells whether there is a next page.
            found = try reader.page(of: filter, before: position, limit: limit + 1)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if found.count > limit, let last = found.prefix(limit).last {
            found.removeLast(found.count - limit)
            next = try signer.cursor(last.position.bytes, list: Self.list, filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("inbound") { json in
                    for stored in found { json.object { view.members(of: stored, in: &$0) } }
                }
                json.member("next", next)
            })
    }

    private func begin(
        _ export: ListExport, _ exchange: Exchange, _ request: APIRequest,
        _ filter: InboundFilter, _ view: InboundView
    ) throws(Problem) {
        let reader = exported
        try export.begin(exchange, request, name: "inbound", columns: InboundView.columns) {
            var position: InboundPosition?
            return { csv throws(StoreFailure) in
                let found = try reader.page(
                    of: filter, before: position, limit: ListExport.pageRows)
                for stored in found { view.row(stored, in: &csv) }
                position = found.last?.position ?? position
                return found.count
            }
        }
    }

    private func show(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let unknown = Problem(
            .notFound, "unknown_inbound", "No message from anybody has this id.")
        guard let id = InboundID(anyCase: request.captures[0]) else { throw unknown }
        let found: StoredInbound?
        do {
            found = try reader.message(id)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw unknown }
        return .json(body: InboundView(principal.seesDetails).whole(found))
    }

    private func conversation(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let number: PhoneNumber
        do throws(PhoneNumber.Problem) {
            number = try PhoneNumber(request.captures[0])
        } catch {
            throw Problem(
                .notFound, "unknown_number",
                "The path takes a phone number with its country code. \(error.explanation)")
        }
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.usualLimit
        let before = try request.value("until").flatMap { try? Timestamp(rfc3339: $0) }
        let found: [ConversationEntry]
        do {
            found = try reader.conversation(
                with: number.description, before: before, limit: limit)
        } catch {
            throw Problem(error)
        }
        let view = InboundView(principal.seesDetails)
        return .json(
            body: JSONWriter.document { json in
                json.member(
                    "number",
                    principal.seesDetails
                        ? number.description : NumberMask.masked(number.description))
                json.array("messages") { json in
                    for entry in found { view.entry(entry, in: &json) }
                }
                json.member(
                    "older_until", found.count == limit ? found.last?.at.description : nil)
            })
    }

    private func filter(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> InboundFilter {
        var filter = InboundFilter()
        let values = try FilterValues(request, RouteDescription.inboundFilters)
        filter.provider = try values.provider(among: providers)
        filter.kind = values.text("type").flatMap { name in
            InboundMessage.Kind.allCases.first { $0.name == name }
        }
        filter.since = values.time("since")
        filter.until = values.time("until")
        for (name, path) in [("from", \InboundFilter.sender), ("to", \InboundFilter.recipient)] {
            guard let text = values.text(name) else { continue }
            let number = try? PhoneNumber(text).description
            // A part of a number, tried again and again, would give away the rest.
            guard principal.seesDetails || number != nil else { throw .maskedNumbers(name) }
            filter[keyPath: path] = number ?? text
        }
        if let text = values.text("q") {
            if principal.seesDetails {
                filter.text = InboundSearch(text)
            } else {
                // A word of a text would give away the rest, too.
                guard let number = SearchText(text)?.number else { throw .maskedNumbers("q") }
                filter.text = InboundSearch(number.description)
            }
        }
        return filter
    }
}

extension Problem {
    /// Whoever sees no whole numbers and no texts cannot look for them either.
    static func maskedNumbers(_ place: String) -> Problem {
        Problem(
            .forbidden, "masked_numbers",
            "Your role sees numbers masked and no texts, and can look only for a whole number.",
            at: place)
    }
}

extension InboundPosition {
    /// Eight bytes of time and the id's sixteen.
    fileprivate var bytes: [UInt8] {
        [UInt64(bitPattern: at.microseconds), id.high, id.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - $0 * 8)) }
        }
    }

    fileprivate init?(bytes: [UInt8]) {
        guard bytes.count == 24 else { return nil }
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(
            at: Timestamp(microseconds: Int64(bitPattern: word(0))),
            id: InboundID(high: word(8), low: word(16)))
    }
}
