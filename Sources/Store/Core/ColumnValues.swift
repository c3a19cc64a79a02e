package import Domain
package import Postgres

// The domain's types as columns.

extension Identifier: ColumnValue {
    /// A `uuid`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        let halves = try column.uuid()
        self.init(high: halves.high, low: halves.low)
    }
}

extension Timestamp: ColumnValue {
    /// A `timestamptz`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self.init(microseconds: try column.timestamp())
    }
}

extension Precedence: ColumnValue {
    /// A `bigint`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self.init(rawValue: try Int64(column))
    }
}

extension Provider: ColumnValue {
    /// A `smallint`; one that no kit has is shown, and nothing is done with it.
    package init(_ column: borrowing Column) throws(PostgresError) {
        self = KnownProviders.provider(code: try Int16(column))
    }
}

extension Status: ColumnValue {
    /// A `smallint`.
    package init(_ column: borrowing Column) throws(PostgresError) {
        let code = try Int16(column)
        guard let status = Status(code: code) else {
            throw column.unreadable("there is no status \(code)")
        }
        self = status
    }
}

extension RowReader {
    /// A principal's kind, id and name, in three columns; nil without a kind, or with one that this
    /// version does not know.
    mutating func nextPrincipal() throws(PostgresError) -> Submitter? {
        let kind = try next(String?.self).flatMap { PrincipalID.Kind(rawValue: $0) }
        let id = try next(Identifier<Principal>?.self)
        let name = try next(String?.self)
        guard let kind, let id, let name else { return nil }
        return Submitter(id: PrincipalID(kind, id), name: name)
    }

    /// The text of a `cidr[]`, with commas; empty where it is NULL. One that cannot be read is an
    /// error: without it the list would admit everybody.
    mutating func nextNetworks() throws(PostgresError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for text in (try next(String?.self) ?? "").split(separator: ",") {
            guard let network = IPNetwork(String(text)) else {
                throw PostgresError.undecodable("\(text) is no network")
            }
            networks.append(network)
        }
        return networks
    }

    /// A code and its text, in two columns; nil without a code.
    mutating func nextProblem() throws(PostgresError) -> ProviderProblem? {
        let code = try next(String?.self)
        let text = try next(String?.self)
        return code.map { ProviderProblem(code: $0, text: text ?? "") }
    }
}

extension Identifier {
    /// As a statement's parameter.
    var halves: (high: UInt64, low: UInt64) { (high, low) }
}
