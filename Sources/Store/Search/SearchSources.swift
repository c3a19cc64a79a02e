import Domain
import Postgres

/// The newest send requests of some submitters.
struct SelectSubmittersRequests: Statement {
    let submitters: [Identifier<Principal>]
    /// Without this one.
    let before: SendRequestID
    let since: SendRequestID
    let limit: Int

    static let name: StaticString = "select_submitters_requests"
    static let sql: StaticString = """
        select request.id
        from unnest($1::uuid[]) as submitter (id)
        cross join lateral (
            select id from send_request
            where submitter_id = submitter.id and id < $2 and id >= $3
            order by id desc
            limit $4
        ) as request
        order by request.id desc
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(submitters) { $0.halves }
        parameters.add(uuid: before.halves)
        parameters.add(uuid: since.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendRequestID {
        try row.next(SendRequestID.self)
    }
}

/// The newest send requests whose metadata has a member.
struct SelectTermsRequests: Statement {
    let term: Int64
    /// Without this one.
    let before: SendRequestID
    let since: SendRequestID
    let limit: Int

    static let name: StaticString = "select_terms_requests"
    static let sql: StaticString = """
        select send_request_id
        from send_request_term
        where term = $1 and send_request_id < $2 and send_request_id >= $3
        order by send_request_id desc
        limit $4
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(term)
        parameters.add(uuid: before.halves)
        parameters.add(uuid: since.halves)
        parameters.add(Int64(limit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SendRequestID {
        try row.next(SendRequestID.self)
    }
}

/// The hashes by which members of the metadata are found, and how many send requests have each of
/// them, up to a bound: the rarest is looked along. See `metadata_terms()` in the migrations.
struct SelectTerms: Statement {
    let members: [MessageFilter.MetadataMember]

    static let name: StaticString = "select_terms"
    static let sql: StaticString = """
        select term, (
            select count(*)
            from (select from send_request_term as known where known.term = wanted.term limit 1000)
                as counted)
        from (
            select hashtextextended(char_length(key) || ':' || key || value, 0) as term
            from unnest($1::text[], $2::text[]) as member (key, value)
        ) as wanted
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTexts(members) { $0.key }
        parameters.addTexts(members) { $0.value }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> (term: Int64, count: Int) {
        (try row.next(Int64.self), try row.next(Int.self))
    }
}

/// The providers' words that have an error's code.
struct SelectOutcomesByCode: Statement {
    let errorCode: String

    static let name: StaticString = "select_outcomes_by_code"
    static let sql: StaticString = "select id from outcome where error_code = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(errorCode)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// Those who were called so when they last submitted something.
///
/// The index of submitters is read from one to the next; there are hundreds of them at most.
struct SelectSubmittersByName: Statement {
    let submitterName: String

    static let name: StaticString = "select_submitters_by_name"
    static let sql: StaticString = """
        with recursive submitter (id) as (
            (select submitter_id from send_request
             where submitter_id is not null order by submitter_id limit 1)
            union all
            select (
                select submitter_id from send_request
                where submitter_id > submitter.id order by submitter_id limit 1)
            from submitter
            where submitter.id is not null
        )
        select submitter.id
        from submitter
        where submitter.id is not null and $1 = (
            select submitter_name from send_request
            where submitter_id = submitter.id order by id desc limit 1)
        limit 100
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(submitterName)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> Identifier<Principal> {
        try row.next(Identifier<Principal>.self)
    }
}

/// What an identifier or a name may be: messages, or send requests.
struct SelectTargets: Statement {
    /// Messages' own ids, as far as they exist.
    let candidates: [MessageID]
    /// Of the messages that are not found by their id: a name at each provider.
    let names: [(provider: Provider, name: String)]
    let sendRequest: SendRequestID?
    let requestID: String?

    static let name: StaticString = "select_targets"
    static let sql: StaticString = """
        select id, false from message where id = any($1::uuid[])
        union all
        (select message.id, false
         from unnest($2::smallint[], $3::text[]) as told (provider, name)
         join message
             on message.provider = told.provider and message.provider_message_id = told.name
         where not message.is_key_derived
         limit 100)
        union all
        select id, true from send_request where id = $4::uuid
        union all
        (select case when object ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then object::uuid end,
             action like 'message.send%'
         from audit where request_id = $5 limit 100)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(candidates) { $0.halves }
        parameters.addInt16s(names) { $0.provider.code }
        parameters.addTexts(names) { $0.name }
        parameters.add(uuid: sendRequest?.halves)
        parameters.add(requestID)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SearchTarget? {
        let id = try row.next(MessageID?.self)
        let isSendRequest = try row.next(Bool.self)
        guard let id else { return nil }
        return isSendRequest
            ? .sendRequest(SendRequestID(high: id.high, low: id.low)) : .message(id)
    }
}

/// What a text names.
enum SearchTarget: Sendable {
    case message(MessageID)
    case sendRequest(SendRequestID)
}

/// Whether there is a message to a number.
struct SelectNumberPresence: Statement {
    let recipient: String

    static let name: StaticString = "select_number_presence"
    static let sql: StaticString = "select true from message where recipient = $1 limit 1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(recipient)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}
