package import Domain
import FastCGI
import JSON

/// `/v1/opt-outs`: who must get no messages.
package struct OptOutEndpoints: Sendable {
    private let list: any OptOutList
    private let exported: any OptOutList
    private let signer: CursorSigner
    private let export: ListExport?
    private let providers: [ProviderTraits]

    static let limits = 1...200
    static let usualLimit = 50
    /// A file of the most numbers, each with a note.
    static let bodyLimit = 1 << 20
    private static let historyLimit = 100
    private static let name = "opt-outs"

    /// - Parameters:
    ///   - list: where they are.
    ///   - exported: the same with database connections of its own, so that exports take none from
    ///     the API.
    ///   - signer: of the list's cursors.
    ///   - export: answers with CSV; nil if nobody can ask for that here.
    ///   - providers: those that can be named.
    package init(
        _ list: any OptOutList, exported: any OptOutList, signer: CursorSigner,
        export: ListExport?, providers: [ProviderTraits]
    ) {
        self.list = list
        self.exported = exported
        self.signer = signer
        self.export = export
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listOptOuts, later: answer),
            endpoint.route(.showOptOut, show),
            endpoint.route(.addOptOuts, later: add),
            endpoint.route(.liftOptOuts) { request, principal throws(Problem) in
                let to = try request.value("to") ?? ""
                return try lift(to, request, principal)
            },
            endpoint.route(.liftOptOut) { request, principal throws(Problem) in
                try lift(request.captures[0], request, principal)
            },
        ]
    }

    private func answer(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let format = try AnswerFormat.negotiated(
            format: request.value("format"), accept: exchange.parameter("HTTP_ACCEPT"))
        let filter = try filter(FilterValues(request, RouteDescription.optOutFilters))
        let view = OptOutView(principal.seesDetails)
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
        var position: OptOutPosition?
        if let cursor {
            position = OptOutPosition(
                bytes: try signer.position(cursor, list: Self.name, filter: form))
        }
        let page: (entries: [OptOutEntry], next: OptOutPosition?)
        do {
            page = try list.page(of: filter, before: position, limit: limit)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if let place = page.next {
            next = try signer.cursor(place.bytes, list: Self.name, filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("opt_outs") { json in
                    for entry in page.entries {
                        json.object { view.members(of: entry, in: &$0) }
                    }
                }
                json.member("next", next)
            })
    }

    private func begin(
        _ export: ListExport, _ exchange: Exchange, _ request: APIRequest,
        _ filter: OptOutFilter, _ view: OptOutView
    ) throws(Problem) {
        let list = exported
        try export.begin(exchange, request, name: Self.name, columns: OptOutView.columns) {
            var position: OptOutPosition?
            var isOver = false
            return { csv throws(StoreFailure) in
                while !isOver {
                    let page = try list.page(
                        of: filter, before: position, limit: ListExport.pageRows)
                    for entry in page.entries { view.row(entry, in: &csv) }
                    position = page.next
                    isOver = page.next == nil
                    if !page.entries.isEmpty { return page.entries.count }
                }
                return 0
            }
        }
    }

    /// Of one number, whether or not it is out.
    private func show(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let number = try Self.number(request.captures[0])
        let history: [OptOutEntry]
        let holding: [OptOutEntry]
        do {
            history = try list.history(of: number.description, limit: Self.historyLimit)
            holding = OptOutStanding.holding(try list.deciding(of: number.description))
        } catch {
            throw Problem(error)
        }
        let view = OptOutView(principal.seesDetails)
        return .json(
            body: JSONWriter.document { json in
                json.member("opted_out", !holding.isEmpty)
                json.array("opt_outs") { json in
                    for entry in holding { json.object { view.members(of: entry, in: &$0) } }
                }
                json.array("history") { json in
                    for entry in history { json.object { view.members(of: entry, in: &$0) } }
                }
            })
    }

    private func add(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let isCSV = MediaType.isCSV(request.contentType ?? "")
        let draft: OptOutDraft
        if isCSV {
            draft = try OptOutDraft(csv: Self.text(exchange))
        } else {
            draft = OptOutDraft(
                try JSONBody.members(
                    of: exchange, request, limit: Self.bodyLimit, limits: Self.jsonLimits,
                    example: #"{"to":"+41791234567"}"#))
        }
        let requester = request.requester(principal)
        let entries = try draft.entries(by: requester)
        do {
            try list.add(entries, isCSV ? .importOptOuts : .addOptOut, by: requester)
        } catch {
            throw Problem(error)
        }
        let view = OptOutView(principal.seesDetails)
        return .json(
            .created,
            body: JSONWriter.document { json in
                json.member("added", entries.count)
                // A long list is not repeated.
                json.array("opt_outs") { json in
                    for entry in entries.prefix(Self.limits.upperBound) {
                        json.object { view.members(of: entry, in: &$0) }
                    }
                }
            })
    }

    /// A number, or the entry that is named by its id.
    private func lift(
        _ text: String, _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let requester = request.requester(principal)
        let number: PhoneNumber
        var sender = try request.value("from")
        do {
            if let id = OptOutID(anyCase: text) {
                guard let entry = try list.entry(id), let kept = PhoneNumber(kept: entry.recipient)
                else { throw Problem.unknownOptOut }
                number = kept
                sender = entry.sender
            } else {
                number = try Self.number(text)
            }
            let entries = OptOutEntry.lifting(
                try list.deciding(of: number.description), of: number, sender: sender,
                by: requester)
            guard !entries.isEmpty else { throw Problem.unknownOptOut }
            try list.add(entries, .liftOptOut, by: requester)
        } catch let problem as Problem {
            throw problem
        } catch let failure as StoreFailure {
            throw Problem(failure)
        } catch {
            throw Problem(StoreFailure(.failed, "\(error)"))
        }
        return Response(.noContent)
    }

    private func filter(_ values: FilterValues) throws(Problem) -> OptOutFilter {
        var filter = OptOutFilter()
        filter.recipient = try values.number()
        filter.source = values.text("source").flatMap { name in
            OptOutEntry.Source.allCases.first { $0.name == name }
        }
        filter.provider = try values.provider(among: providers)
        filter.since = values.time("since")
        filter.until = values.time("until")
        return filter
    }

    private static func number(_ text: String) throws(Problem) -> PhoneNumber {
        do throws(PhoneNumber.Problem) {
            return try PhoneNumber(text)
        } catch {
            throw Problem(
                .badRequest, "bad_number",
                "It takes a phone number with its country code (a + is written %2B). "
                    + error.explanation)
        }
    }

    private static func text(_ exchange: Exchange) throws(Problem) -> String {
        let body: [UInt8]
        do {
            body = try exchange.readBody(limit: bodyLimit)
        } catch {
            throw Problem(error, bodyLimit: bodyLimit)
        }
        guard let text = String(validating: body, as: UTF8.self), !text.utf8.contains(0) else {
            throw Problem(.badRequest, "bad_csv", "It is no UTF-8, or holds NUL.", at: "line 1")
        }
        return text
    }

    private static let jsonLimits: JSONReader.Limits = {
        var limits = JSONReader.Limits()
        limits.depth = 4
        limits.string = 4096
        limits.values = OptOutDraft.limit + 10
        return limits
    }()
}

extension Problem {
    static let unknownOptOut = Problem(
        .notFound, "unknown_opt_out", "This number, or this entry, is not out.")
}

extension OptOutPosition {
    /// Eight bytes of time and the id's sixteen.
    fileprivate var bytes: [UInt8] {
        [UInt64(bitPattern: recordedAt.microseconds), id.high, id.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - $0 * 8)) }
        }
    }

    fileprivate init?(bytes: [UInt8]) {
        guard bytes.count == 24 else { return nil }
        func word(_ start: Int) -> UInt64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(
            recordedAt: Timestamp(microseconds: Int64(bitPattern: word(0))),
            id: OptOutID(high: word(8), low: word(16)))
    }
}
