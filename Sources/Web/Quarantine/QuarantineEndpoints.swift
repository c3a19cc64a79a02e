package import Domain
import FastCGI
import JSON

/// `/v1/quarantine`: what could not be read or stored, and replaying it.
package struct QuarantineEndpoints: Sendable {
    private let quarantine: any Quarantine
    private let replay: QuarantineReplay
    private let audit: any AuditWriter
    private let signer: CursorSigner
    private let providers: [ProviderTraits]

    static let limits = 1...200
    static let usualLimit = 50
    /// Callbacks that one call replays at most.
    static let replayLimit = 100
    private static let list = "quarantine"

    /// - Parameters:
    ///   - quarantine: where it is.
    ///   - replay: authenticates, reads and writes.
    ///   - audit: gets replays.
    ///   - signer: of the list's cursors.
    ///   - providers: those that can be named.
    package init(
        _ quarantine: any Quarantine, replay: QuarantineReplay, audit: any AuditWriter,
        signer: CursorSigner, providers: [ProviderTraits]
    ) {
        self.quarantine = quarantine
        self.replay = replay
        self.audit = audit
        self.signer = signer
        self.providers = providers
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listQuarantine, list),
            endpoint.route(.showQuarantined) { request, _ throws(Problem) in try show(request) },
            endpoint.route(.deleteQuarantined, delete),
            endpoint.route(.replayQuarantined, later: replayOne),
            endpoint.route(.replayQuarantine, later: replayAll),
        ]
    }

    private func list(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let filter = try filter(FilterValues(request, RouteDescription.quarantineFilters))
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.usualLimit
        let form = filter.canonicalForm
        var position: Int64?
        if let cursor = try request.value("cursor") {
            position = Self.position(
                try signer.position(cursor, list: Self.list, filter: form))
        }
        var found: [QuarantinedPart]
        let count: BoundedCount
        do {
            // One more tells whether there is a next page.
            found = try quarantine.page(of: filter, before: position, limit: limit + 1)
            count = try quarantine.count(of: filter)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if found.count > limit, let last = found.prefix(limit).last {
            found.removeLast(found.count - limit)
            next = try signer.cursor(Self.bytes(last.id), list: Self.list, filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("quarantine") { json in
                    for part in found {
                        json.object { QuarantineView.part(part, principal.seesDetails, in: &$0) }
                    }
                }
                json.member("count", count.count)
                json.member("count_is_least", count.isBound)
                json.member("next", next)
            })
    }

    private func show(_ request: APIRequest) throws(Problem) -> Response {
        let id = try Self.id(request)
        let found: (part: QuarantinedPart, excerpt: [UInt8])?
        do {
            found = try quarantine.part(id)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw Problem.unknownQuarantined }
        return .json(body: QuarantineView.document(found.part, found.excerpt))
    }

    private func delete(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let id = try Self.id(request)
        let wasThere: Bool
        do {
            wasThere = try quarantine.delete(id, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        guard wasThere else { throw Problem.unknownQuarantined }
        return Response(.noContent)
    }

    private func replayOne(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let id = try Self.id(request)
        do {
            guard try quarantine.part(id) != nil else { throw Problem.unknownQuarantined }
            try audit.write(
                AuditEntry(
                    .replayCallback, of: id, by: request.requester(principal), at: .now))
            let requestID = request.requestID
            try replay.replay(id) { result in
                exchange.respond(QuarantineView.response(id, result, requestID: requestID))
            }
        } catch let problem as Problem {
            throw problem
        } catch let failure as StoreFailure {
            throw Problem(failure)
        } catch {
            throw Problem(StoreFailure(.failed, "\(error)"))
        }
        return nil
    }

    private func replayAll(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let filters = RouteDescription.quarantineFilters
        var body = try BodyReader(
            exchange, request, .replayQuarantine, known: filters.map(\.name) + ["ids", "after"])
        let values = FilterValues(&body, filters)
        let after = body.number("after")
        let ids = body.numbers("ids", 1...Self.replayLimit)
        try body.check()
        var filter = try filter(values)
        filter.ids = ids
        let batch: ReplayBatch
        do {
            let callbacks = try quarantine.callbacks(
                of: filter, after: after, limit: Self.replayLimit)
            let requester = request.requester(principal)
            if !callbacks.isEmpty {
                try audit.write(Self.entry(filter, callbacks.count, by: requester))
            }
            let isLast = callbacks.count < Self.replayLimit
            batch = ReplayBatch(
                callbacks: callbacks.count, next: isLast ? nil : callbacks.last,
                answer: { exchange.respond(.json(body: $0)) })
            for id in callbacks {
                do throws(StoreFailure) {
                    try replay.replay(id) { batch.add($0) }
                } catch {
                    // Others are under way already, and are told of.
                    batch.add(.notStored(.unavailable))
                }
            }
        } catch {
            throw Problem(error)
        }
        batch.finish()
        return nil
    }

    private func filter(_ values: FilterValues) throws(Problem) -> QuarantineFilter {
        var filter = QuarantineFilter()
        filter.provider = try values.provider(among: providers)
        filter.reason = values.text("reason")
        filter.since = values.time("since")
        filter.until = values.time("until")
        filter.callback = values.id("callback_id")
        filter.isAuthenticated = values.flag("authenticated")
        return filter
    }

    private static func entry(
        _ filter: QuarantineFilter, _ count: Int, by requester: Requester
    ) -> AuditEntry {
        var detail = ["callbacks": "\(count)"]
        detail["provider"] = filter.provider?.name
        detail["reason"] = filter.reason
        detail["since"] = filter.since?.description
        detail["until"] = filter.until?.description
        detail["callback_id"] = filter.callback?.description
        detail["authenticated"] = filter.isAuthenticated.map { "\($0)" }
        detail["named"] = filter.ids.map { "\($0.count)" }
        return AuditEntry(
            .replayCallbacks, of: "quarantine", by: requester, at: .now, detail: detail)
    }

    private static func id(_ request: APIRequest) throws(Problem) -> Int64 {
        let text = request.captures[0]
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let id = Int64(text)
        else { throw Problem.unknownQuarantined }
        return id
    }

    private static func bytes(_ id: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: id >> (56 - $0 * 8)) }
    }

    private static func position(_ bytes: [UInt8]) -> Int64? {
        bytes.count == 8 ? bytes.reduce(0) { $0 << 8 | Int64($1) } : nil
    }
}

extension Problem {
    static let unknownQuarantined = Problem(
        .notFound, "unknown_quarantined", "No row of this id is in quarantine.")
}
