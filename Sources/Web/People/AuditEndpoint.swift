package import Domain
import FastCGI
import JSON

/// `GET /v1/audit`: who did what, the newest first.
package struct AuditEndpoint: Sendable {
    private let audit: any AuditReader
    private let signer: CursorSigner

    static let limits = 1...200
    private static let defaultLimit = 50
    private static let list = "audit"

    package init(_ audit: any AuditReader, signer: CursorSigner) {
        self.audit = audit
        self.signer = signer
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [endpoint.route(.readAudit) { request, _ throws(Problem) in try read(request) }]
    }

    private func read(_ request: APIRequest) throws(Problem) -> Response {
        let filter = try Self.filter(request)
        let limit = try request.value("limit").flatMap { Int($0) } ?? Self.defaultLimit
        let form = filter.canonicalForm
        var position: AuditPosition?
        if let cursor = try request.value("cursor") {
            position = Self.position(
                try signer.position(cursor, list: Self.list, filter: form))
        }
        var entries: [AuditRecord]
        do {
            // One more tells whether there is a next page.
            entries = try audit.entries(filter, after: position, limit: limit + 1)
        } catch {
            throw Problem(error)
        }
        var next: String?
        if entries.count > limit, let last = entries.prefix(limit).last {
            entries.removeLast(entries.count - limit)
            next = try signer.cursor(
                Self.bytes(AuditPosition(at: last.at, number: last.number)), list: Self.list,
                filter: form)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("entries") { json in
                    for entry in entries {
                        json.object { json in Self.describe(entry, in: &json) }
                    }
                }
                json.member("next", next)
            })
    }

    private static func filter(_ request: APIRequest) throws(Problem) -> AuditFilter {
        var filter = AuditFilter()
        filter.action = try request.value("action").flatMap { AuditEntry.Action(rawValue: $0) }
        filter.principal = try request.value("principal").map { text in
            Identifier<Principal>(anyCase: text).map { .id($0) } ?? .name(text)
        }
        filter.object = try request.value("object")
        filter.since = try time(request, "since")
        filter.until = try time(request, "until")
        filter.address = try request.value("address")
        filter.requestID = try request.value("request_id")
        return filter
    }

    /// A time whose form was checked before.
    private static func time(_ request: APIRequest, _ name: String) throws(Problem) -> Timestamp? {
        try request.value(name).flatMap { try? Timestamp(rfc3339: $0) }
    }

    private static func describe(_ entry: AuditRecord, in json: inout JSONWriter) {
        json.member("number", entry.number)
        json.member("at", entry.at.description)
        json.member("action", entry.action)
        json.member("object", entry.object)
        PeopleView.principal(entry.principal, "principal", in: &json)
        json.member("address", entry.address)
        json.member("request_id", entry.requestID)
        json.key("detail")
        json.raw(entry.detail)
        json.key("before")
        json.raw(entry.before)
        json.key("after")
        json.raw(entry.after)
    }
}

extension AuditEndpoint {
    /// Sixteen bytes.
    private static func bytes(_ position: AuditPosition) -> [UInt8] {
        [position.at.microseconds, position.number].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - $0 * 8)) }
        }
    }

    private static func position(_ bytes: [UInt8]) -> AuditPosition? {
        guard bytes.count == 16 else { return nil }
        func number(_ start: Int) -> Int64 {
            bytes[start..<start + 8].reduce(0) { $0 << 8 | Int64($1) }
        }
        return AuditPosition(at: Timestamp(microseconds: number(0)), number: number(8))
    }
}
