import Domain
import Postgres

/// Columns of the domain's types.
extension RowReader {
    borrowing func identifier<Kind>(_ column: Int) throws(PostgresError) -> Identifier<Kind> {
        let halves = try uuid(column)
        return Identifier(high: halves.high, low: halves.low)
    }

    borrowing func provider(_ column: Int) throws(PostgresError) -> Provider {
        let code = try int16(column)
        guard let provider = Provider(code: code) else {
            throw PostgresError.undecodable("column \(column): there is no provider \(code)")
        }
        return provider
    }

    borrowing func status(_ column: Int) throws(PostgresError) -> Status {
        let code = try int16(column)
        guard let status = Status(code: code) else {
            throw PostgresError.undecodable("column \(column): there is no status \(code)")
        }
        return status
    }

    /// A code and its text; nil without a code.
    borrowing func problem(_ code: Int, _ text: Int) throws(PostgresError) -> ProviderProblem? {
        guard let known = try optionalText(code) else { return nil }
        return ProviderProblem(code: known, text: try optionalText(text) ?? "")
    }
}

extension Identifier {
    /// As a statement's parameter.
    var halves: (high: UInt64, low: UInt64) { (high, low) }
}
