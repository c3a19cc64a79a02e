/// What messages are looked for: they meet every condition that is given.
///
/// Two filters are equal if and only if their canonical forms are, so a cursor can be bound to a
/// filter by a digest of that.
package struct MessageFilter: Sendable, Equatable {
    /// One of these stored statuses; empty for any.
    package var statuses: Set<Status> = []
    /// Whether the status is a final one.
    package var isFinal: Bool?
    package var provider: Provider?
    /// The error's code as it is shown: the provider's, or our own where we decided.
    package var errorCode: String?
    /// The recipient's whole number, as it is stored: with `+`.
    package var recipient: String?
    /// How the recipient's number begins, with `+`.
    package var recipientPrefix: String?
    /// The sender in any of these spellings; empty for any.
    package var senders: Set<String> = []
    /// The country of the recipient's number, ISO 3166 alpha-2 in capitals.
    package var country: String?
    /// Not created before then.
    package var since: Timestamp?
    /// Created before then.
    package var until: Timestamp?
    package var submitter: SubmitterChoice?
    package var sendRequest: SendRequestID?
    /// Members of the metadata, which all must be there.
    package var metadata: Set<MetadataMember> = []
    /// What somebody pasted: a number, or the id of something.
    package var query: SearchText?
    /// Whether `query` may be a part of a number, and not only a whole one.
    package var findsPartialNumbers = true

    package init() {}

    /// Who submitted a message.
    package enum SubmitterChoice: Sendable, Hashable {
        case id(Identifier<Principal>)
        /// Its name when it submitted its latest send request.
        case name(String)
    }

    /// A member of a message's metadata.
    package struct MetadataMember: Sendable, Hashable, Comparable {
        package let key: String
        /// A text as it is; a number, `true`, `false` or `null` as it was written.
        package let value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        package static func < (a: Self, b: Self) -> Bool {
            (a.key, a.value) < (b.key, b.value)
        }
    }
}

extension MessageFilter {
    /// The stored statuses that meet both conditions on the status; nil for any status.
    package var admittedStatuses: Set<Status>? {
        guard !statuses.isEmpty || isFinal != nil else { return nil }
        let named = statuses.isEmpty ? Set(Status.allCases) : statuses
        guard let isFinal else { return named }
        return named.filter { $0.isFinal == isFinal }
    }

    /// The same bytes for equal filters, other ones for others: each condition's name and value
    /// with its length.
    package var canonicalForm: [UInt8] {
        var form: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            form.append(contentsOf: "\(name):\(value.utf8.count):\(value);".utf8)
        }
        for status in statuses.map(\.rawValue).sorted() { add("status", status) }
        add("final", isFinal.map { $0 ? "true" : "false" })
        add("provider", provider.map { String($0.code) })
        add("error_code", errorCode)
        add("to", recipient)
        add("to_prefix", recipientPrefix)
        for sender in senders.sorted() { add("from", sender) }
        add("country", country)
        add("since", since.map { String($0.microseconds) })
        add("until", until.map { String($0.microseconds) })
        switch submitter {
        case .id(let id): add("submitted_by_id", id.description)
        case .name(let name): add("submitted_by_name", name)
        case nil: break
        }
        add("send_request_id", sendRequest?.description)
        for member in metadata.sorted() {
            add("metadata_key", member.key)
            add("metadata_value", member.value)
        }
        add("q", query?.description)
        add("whole_numbers", findsPartialNumbers ? nil : "true")
        return form
    }
}
