/// Which audit entries are looked for: they meet every condition that is given.
package struct AuditFilter: Sendable, Equatable {
    package var action: AuditEntry.Action?
    package var principal: PrincipalChoice?
    /// The object's id, exactly.
    package var object: String?
    /// Not before then.
    package var since: Timestamp?
    /// Before then.
    package var until: Timestamp?
    /// The IP address, as it was written.
    package var address: String?
    package var requestID: String?

    package init() {}

    /// Who did it.
    package enum PrincipalChoice: Sendable, Equatable {
        case id(Identifier<Principal>)
        /// Its name at that time.
        case name(String)
    }

    /// The same bytes for equal filters, other ones for others.
    package var canonicalForm: [UInt8] {
        var form: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            form.append(contentsOf: "\(name):\(value.utf8.count):\(value);".utf8)
        }
        add("action", action?.rawValue)
        switch principal {
        case .id(let id): add("principal_id", id.description)
        case .name(let name): add("principal_name", name)
        case nil: break
        }
        add("object", object)
        add("since", since.map { String($0.microseconds) })
        add("until", until.map { String($0.microseconds) })
        add("address", address)
        add("request_id", requestID)
        return form
    }
}

/// An audit entry, as it was kept.
package struct AuditRecord: Sendable, Equatable {
    package let number: Int64
    package let at: Timestamp
    /// By its name; an earlier or later version may know others than this one.
    package let action: String
    package let object: String
    package let principal: Submitter?
    package let requestID: String?
    package let address: String?
    /// JSON objects.
    package let detail: String
    package let before: String
    package let after: String

    package init(
        number: Int64, at: Timestamp, action: String, object: String, principal: Submitter?,
        requestID: String?, address: String?, detail: String, before: String, after: String
    ) {
        self.number = number
        self.at = at
        self.action = action
        self.object = object
        self.principal = principal
        self.requestID = requestID
        self.address = address
        self.detail = detail
        self.before = before
        self.after = after
    }
}

/// A place between audit entries: everything after it is older.
package struct AuditPosition: Sendable, Equatable {
    package let at: Timestamp
    package let number: Int64

    package init(at: Timestamp, number: Int64) {
        self.at = at
        self.number = number
    }
}

/// Reads the audit. Any thread.
package protocol AuditReader: Sendable {
    /// The entries that a filter finds, the newest first.
    ///
    /// - Parameters:
    ///   - filter: what they must meet.
    ///   - position: where the last page ended; nil for the first one.
    ///   - limit: how many at most.
    /// - Returns: as many as there are, up to the limit.
    /// - Throws: `StoreFailure` if the database does not answer.
    func entries(
        _ filter: AuditFilter, after position: AuditPosition?, limit: Int
    ) throws(StoreFailure) -> [AuditRecord]
}

/// Writes what has no act to be written with: refusals. Any thread.
package protocol AuditWriter: Sendable {
    func write(_ entry: AuditEntry) throws(StoreFailure)
}
