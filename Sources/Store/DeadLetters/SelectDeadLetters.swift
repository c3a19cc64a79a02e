import Domain
import Postgres

/// The dead letters that a filter finds, the latest first. Planned for each filter: see `PlanAnew`.
struct SelectDeadLetters: Statement {
    let filter: DeadLetterFilter
    let position: DeadLetterPosition?
    let limit: Int

    static let name: StaticString = "select_dead_letters"
    static let sql: StaticString = """
        with letter as materialized (
            select message_id, send_request_id, at, provider, recipient, attempts, code, reason
            from dead_letter
            where ($1::smallint is null or provider = $1)
                and ($2::text is null or code = $2)
                and ($3::timestamptz is null or at >= $3)
                and ($4::timestamptz is null or at < $4)
                and ($5::uuid is null or send_request_id = $5)
                and ($6::text is null or recipient = $6)
                and (cardinality($7::uuid[]) = 0 or message_id = any($7))
                and ($8::timestamptz is null or (at, message_id) < ($8, $9))
            order by at desc, message_id desc
            limit $10
        )
        select letter.message_id, letter.send_request_id, letter.at, letter.provider,
            letter.recipient, letter.attempts, letter.code, letter.reason, message.status,
            retry_refusal(letter.message_id)
        from letter
        left join message on message.id = letter.message_id
        order by letter.at desc, letter.message_id desc
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(timestamp: position?.at.microseconds)
        parameters.add(uuid: position?.message.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> DeadLetter {
        DeadLetter(
            message: try row.next(MessageID.self), sendRequest: try row.next(SendRequestID.self),
            at: try row.next(Timestamp.self), provider: try row.next(Provider.self),
            recipient: try row.next(String.self), attempts: try row.next(Int.self),
            problem: ProviderProblem(
                code: try row.next(String.self), text: try row.next(String.self)),
            status: try row.next(Status?.self), refusal: try row.nextRefusal())
    }
}

/// How many a filter finds, up to a limit.
struct CountDeadLetters: Statement {
    let filter: DeadLetterFilter
    let limit: Int

    static let name: StaticString = "count_dead_letters"
    static let sql: StaticString = """
        select count(*) from (
            select from dead_letter
            where ($1::smallint is null or provider = $1)
                and ($2::text is null or code = $2)
                and ($3::timestamptz is null or at >= $3)
                and ($4::timestamptz is null or at < $4)
                and ($5::uuid is null or send_request_id = $5)
                and ($6::text is null or recipient = $6)
                and (cardinality($7::uuid[]) = 0 or message_id = any($7))
            limit $8
        ) as found
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
    }
}

/// The messages of those that can be sent again, the earliest first. What may have been sent is in it
/// only if the filter names it.
struct SelectRetriable: Statement {
    let filter: DeadLetterFilter
    let limit: Int

    static let name: StaticString = "select_retriable"
    static let sql: StaticString = """
        select message_id
        from dead_letter
        where ($1::smallint is null or provider = $1)
            and ($2::text is null or code = $2)
            and ($3::timestamptz is null or at >= $3)
            and ($4::timestamptz is null or at < $4)
            and ($5::uuid is null or send_request_id = $5)
            and ($6::text is null or recipient = $6)
            and (cardinality($7::uuid[]) = 0 or message_id = any($7))
            and (code <> $8 or $2 is not null or cardinality($7) > 0)
            and retry_refusal(message_id) is null
        order by at, message_id
        limit $9
        """

    func encode(into parameters: inout StatementParameters) {
        filter.encode(into: &parameters)
        parameters.add(DeadLetter.undecided)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}

/// Why a dead letter cannot be sent again; no row if there is none of the message.
struct SelectRetryRefusal: Statement {
    let message: MessageID

    static let name: StaticString = "select_retry_refusal"
    static let sql: StaticString = """
        select coalesce(retry_refusal(message_id), $2) from dead_letter where message_id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: message.halves)
        // It could be sent again, and was not: another transaction has it just now.
        parameters.add(RetryRefusal.underWay.rawValue)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> RetryRefusal {
        try row.nextRefusal() ?? .settled
    }
}

extension DeadLetterFilter {
    /// The parameters 1 to 7 of these statements.
    fileprivate func encode(into parameters: inout StatementParameters) {
        parameters.add(provider?.code)
        parameters.add(code)
        parameters.add(timestamp: since?.microseconds)
        parameters.add(timestamp: until?.microseconds)
        parameters.add(uuid: sendRequest?.halves)
        parameters.add(recipient)
        // Empty for any.
        parameters.addUUIDs(messages ?? []) { $0.halves }
    }
}

extension RowReader {
    /// A text; one that a later version knows says no more than that it is none that can be sent.
    fileprivate mutating func nextRefusal() throws(PostgresError) -> RetryRefusal? {
        try next(String?.self).map { RetryRefusal(rawValue: $0) ?? .settled }
    }
}
