/// A row of the quarantine: a part of a callback that could not be read or stored, or a whole callback.
package struct QuarantinedPart: Sendable, Equatable {
    package let id: Int64
    package let receivedAt: Timestamp
    package let callback: CallbackID
    package let provider: Provider
    /// A stable word; see `Reject.reason`.
    package let reason: String
    package let place: String
    package let detail: String
    /// Whether the provider has proved itself.
    package let isAuthenticated: Bool
    /// Path and query without any secret; nil where the archive has the callback.
    package let uri: String?
    package let contentType: String?
    /// How many bytes of the part are kept.
    package let bytes: Int

    package init(
        id: Int64, receivedAt: Timestamp, callback: CallbackID, provider: Provider, reason: String,
        place: String, detail: String, isAuthenticated: Bool, uri: String?, contentType: String?,
        bytes: Int
    ) {
        self.id = id
        self.receivedAt = receivedAt
        self.callback = callback
        self.provider = provider
        self.reason = reason
        self.place = place
        self.detail = detail
        self.isAuthenticated = isAuthenticated
        self.uri = uri
        self.contentType = contentType
        self.bytes = bytes
    }
}

/// Which rows of the quarantine are looked for: they meet every condition that is given.
package struct QuarantineFilter: Sendable, Equatable {
    package var provider: Provider?
    /// Exactly.
    package var reason: String?
    /// Not before then.
    package var since: Timestamp?
    /// Before then.
    package var until: Timestamp?
    package var callback: CallbackID?
    package var isAuthenticated: Bool?
    /// One of these, at least one; nil for any.
    package var ids: [Int64]?

    package init() {}

    /// The same bytes for equal filters, other ones for others.
    package var canonicalForm: [UInt8] {
        var form: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            form.append(contentsOf: "\(name):\(value.utf8.count):\(value);".utf8)
        }
        add("provider", provider?.name)
        add("reason", reason)
        add("since", since.map { String($0.microseconds) })
        add("until", until.map { String($0.microseconds) })
        add("callback", callback?.description)
        add("authenticated", isAuthenticated.map { String($0) })
        add("ids", ids?.map { String($0) }.joined(separator: ","))
        return form
    }
}

/// A callback that parts in quarantine are of, with all that a replay needs.
package struct KeptCallback: Sendable {
    /// With its whole body.
    package let callback: ReceivedCallback
    /// Nil if they were not kept: then it was authenticated when it came.
    package let credentials: CallbackCredentials?
    package let isAuthenticated: Bool
    /// Whether the archive has it.
    package let isArchived: Bool
    /// All of its parts that are in quarantine.
    package let parts: [Part]

    package init(
        callback: ReceivedCallback, credentials: CallbackCredentials?, isAuthenticated: Bool,
        isArchived: Bool, parts: [Part]
    ) {
        self.callback = callback
        self.credentials = credentials
        self.isAuthenticated = isAuthenticated
        self.isArchived = isArchived
        self.parts = parts
    }

    /// What tells a part from the others.
    package struct Part: Sendable, Equatable {
        package let id: Int64
        package let reason: String
        package let place: String

        package init(id: Int64, reason: String, place: String) {
            self.id = id
            self.reason = reason
            self.place = place
        }
    }
}

/// Why a quarantined callback cannot be replayed, by its name in the API.
package enum KeptCallbackFailure: String, Error, Sendable, CaseIterable {
    /// No row of this id is in quarantine.
    case unknown
    /// The archive kept the callback for as long as is set, and it is gone.
    case gone
    /// Only a part of the body was kept.
    case cut
}

/// The quarantine. Any thread; blocks for a few round trips.
package protocol Quarantine: Sendable {
    /// Those that a filter finds, the latest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - id: the last one of the page before; nil for the first page.
    ///   - limit: how many at most.
    /// - Returns: as many as there are, up to the limit.
    /// - Throws: `StoreFailure` if the database does not answer.
    func page(
        of filter: QuarantineFilter, before id: Int64?, limit: Int
    ) throws(StoreFailure) -> [QuarantinedPart]

    /// How many a filter finds.
    func count(of filter: QuarantineFilter) throws(StoreFailure) -> BoundedCount

    /// A row with the bytes that are kept of it; nil if there is none of this id.
    func part(
        _ id: Int64
    ) throws(StoreFailure) -> (part: QuarantinedPart, excerpt: [UInt8])?

    /// Deletes a row; false if there is none.
    func delete(_ id: Int64, by requester: Requester) throws(StoreFailure) -> Bool

    /// The callback that a row is of.
    func callback(
        of id: Int64
    ) throws(StoreFailure) -> Result<KeptCallback, KeptCallbackFailure>

    /// Rows that a filter finds, one of each callback, the earliest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - id: only those after this row; nil from the first one on.
    ///   - limit: how many at most.
    /// - Returns: their ids.
    /// - Throws: `StoreFailure` if the database does not answer.
    func callbacks(
        of filter: QuarantineFilter, after id: Int64?, limit: Int
    ) throws(StoreFailure) -> [Int64]
}
