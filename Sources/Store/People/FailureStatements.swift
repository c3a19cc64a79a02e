import Domain
import Postgres

/// The failures of an address, locked until the end of the transaction: of many attempts at once,
/// each sees those before it.
struct LockFailures: Statement {
    let key: [UInt8]

    static let name: StaticString = "lock_failures"
    static let sql: StaticString = """
        select failures, retry_at, retry_at > now(), is_told
        from sign_in_failure where key = $1 for update
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: key)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (count: Int, retryAt: Timestamp, isDelayed: Bool, isTold: Bool) {
        (
            try row.next(Int.self), try row.next(Timestamp.self), try row.next(Bool.self),
            try row.next(Bool.self)
        )
    }
}

/// Notes that the audit has an attempt of the present wait.
struct NoteTold: Statement {
    let key: [UInt8]

    static let name: StaticString = "note_told"
    static let sql: StaticString = "update sign_in_failure set is_told = true where key = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: key)
    }
}

/// Counts failures; one that is not known yet begins with 1.
struct CountFailures: Statement {
    let key: [UInt8]
    /// How many to add to those that are known: 1; 0 for one that was counted before; -1 to take
    /// one back.
    let added: Int32

    static let name: StaticString = "count_failures"
    static let sql: StaticString = """
        insert into sign_in_failure (key, failures, last_at, retry_at) values ($1, 1, now(), now())
        on conflict (key) do update set
            failures = greatest(1, least(sign_in_failure.failures + $2, 1000000)),
            last_at = now(), is_told = false
        returning failures
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: key)
        parameters.add(added)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// Lets no password be checked for so long from now on.
struct DelaySignIn: Statement {
    let key: [UInt8]
    let delay: Duration

    static let name: StaticString = "delay_sign_in"
    static let sql: StaticString = """
        update sign_in_failure set retry_at = clock_timestamp() + $2::integer * interval '1 second'
        where key = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: key)
        parameters.add(Int32(clamping: delay.components.seconds))
    }
}

/// Forgets the failures of an address.
struct DeleteFailures: Statement {
    let key: [UInt8]

    static let name: StaticString = "delete_failures"
    static let sql: StaticString = "delete from sign_in_failure where key = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: key)
    }
}

/// Forgets the failures of a user's address.
struct DeleteFailuresOfUser: Statement {
    let user: UserID

    static let name: StaticString = "delete_failures_of_user"
    static let sql: StaticString = """
        delete from sign_in_failure
        where key = (select sha256(convert_to(email_key, 'UTF8')) from app_user where id = $1)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
    }
}
