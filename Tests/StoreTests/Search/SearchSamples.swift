import Domain
import Foundation
import Postgres

@testable import Store

/// A message as a test puts it into the database, and knows it itself.
struct SampleMessage {
    var id: MessageID
    var createdAt: Timestamp
    var provider: Provider
    var status: Status
    var recipient: String?
    var sender: String?
    var country: String?
    var request: SampleRequest?
    /// The code of the deciding report's error.
    var errorCode: String?
    /// The code of our own event, where that decides.
    var eventCode: String?

    /// What a filter would find, told without a database.
    func meets(_ filter: MessageFilter) -> Bool {
        if let statuses = filter.admittedStatuses, !statuses.contains(status) { return false }
        if let provider = filter.provider, provider != self.provider { return false }
        if let code = filter.errorCode, code != (eventCode ?? errorCode) { return false }
        if let number = filter.recipient, number != recipient { return false }
        if let beginning = filter.recipientPrefix, recipient?.hasPrefix(beginning) != true {
            return false
        }
        if !filter.senders.isEmpty, !(sender.map(filter.senders.contains) ?? false) {
            return false
        }
        if let country = filter.country, country != self.country { return false }
        if let since = filter.since, createdAt < since { return false }
        if let until = filter.until, createdAt >= until { return false }
        switch filter.submitter {
        case .id(let id): if request?.submitter != id { return false }
        case .name(let name): if request?.submitterName != name { return false }
        case nil: break
        }
        if let wanted = filter.sendRequest, wanted != request?.id { return false }
        return filter.metadata.allSatisfy { request?.metadata[$0.key] == $0.value }
    }

    func isBefore(_ other: SampleMessage) -> Bool {
        (createdAt, id) > (other.createdAt, other.id)
    }
}

/// A send request of a test.
struct SampleRequest {
    let id: SendRequestID
    let acceptedAt: Timestamp
    let submitter: Identifier<Principal>
    let submitterName: String
    let metadata: [String: String]
}

/// A few hundred messages in which everything occurs, the same for the same seed.
struct SearchSamples {
    var messages: [SampleMessage] = []
    private(set) var requests: [SampleRequest] = []
    var generator: SeededGenerator

    /// A full hour some days ago, because hours are only counted for 400 days.
    static let start = Timestamp(
        microseconds: Timestamp.now.microseconds / 3_600_000_000 * 3_600_000_000 - 864_000_000_000)
    static let errorCodes = ["27", "5", "1024", "rare"]
    private static let countries = ["GB", "DE", nil]
    private static let senders = ["Shop", "Alerts", "+447700900000", nil]
    static let submitters = (0..<4).map { Identifier<Principal>(high: 0x7000, low: UInt64($0)) }

    init(count: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        while messages.count < count {
            if Bool.random(using: &generator) { addRequest() } else { addForeign() }
        }
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &generator)]
    }

    /// Many of them at the same moment.
    private mutating func time() -> Timestamp {
        Self.start.advanced(
            by: .milliseconds(Int.random(in: 0..<60, using: &generator) * 300_000)
                + .microseconds(Bool.random(using: &generator) ? 0 : 250))
    }

    private mutating func number() -> String {
        pick(["+4477009001", "+4915112345", "+417900000"])
            + String(Int.random(in: 10...19, using: &generator))
    }

    private mutating func addForeign() {
        messages.append(
            SampleMessage(
                id: MessageID(
                    high: UInt64.random(in: 0 ... .max, using: &generator)
                        & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
                    low: UInt64.random(in: 0 ... .max, using: &generator) >> 2 | 1 << 63),
                createdAt: time(), provider: pick(Provider.samples),
                status: pick([.delivered, .sent, .undeliverable, .expired]),
                recipient: number(), sender: pick(Self.senders), country: pick(Self.countries),
                errorCode: pick(Self.errorCodes + [""]).nonEmpty))
    }

    private mutating func addRequest() {
        let time = time()
        let submitter = Int.random(in: 0..<4, using: &generator)
        var metadata: [String: String] = [:]
        if Bool.random(using: &generator) { metadata["campaign"] = pick(["a", "b \"quoted\""]) }
        if Bool.random(using: &generator) { metadata["n"] = pick(["1", "1.0", "true", "null"]) }
        let request = SampleRequest(
            id: SendRequestID(
                high: UInt64(time.microseconds / 1000) << 16 | 0x7000
                    | UInt64.random(in: 0..<4096, using: &generator),
                low: UInt64.random(in: 0 ... .max, using: &generator) >> 2 | 1 << 63),
            acceptedAt: time, submitter: Self.submitters[submitter],
            submitterName: "name \(submitter)", metadata: metadata)
        requests.append(request)
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            let status = pick([Status.queued, .delivered, .sent, .failed, .rejected, .cancelled])
            let isDecidedByUs = status == .failed || status == .cancelled
            messages.append(
                SampleMessage(
                    id: .new(
                        atMillisecondOf: request.id,
                        digest: (0..<16).map { _ in
                            UInt8.random(in: 0...255, using: &generator)
                        }),
                    createdAt: time, provider: pick(Provider.samples), status: status,
                    recipient: number(), sender: pick(Self.senders),
                    country: pick(Self.countries), request: request,
                    errorCode: [.delivered, .rejected].contains(status)
                        ? pick(Self.errorCodes) : nil,
                    eventCode: isDecidedByUs ? pick(["gave_up", "27"]) : nil))
        }
    }

    /// A filter that finds many, few or none.
    mutating func filter() -> MessageFilter {
        var filter = MessageFilter()
        let some = pick(messages)
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            switch Int.random(in: 0..<13, using: &generator) {
            case 0: filter.statuses = [pick(Status.allCases), pick(Status.allCases), some.status]
            case 1: filter.isFinal = Bool.random(using: &generator)
            case 2: filter.provider = some.provider
            case 3: filter.errorCode = pick(Self.errorCodes + ["gave_up", "none"])
            case 4: filter.recipient = some.recipient
            case 5: filter.recipientPrefix = pick(["+4", "+44", "+49151", "+1"])
            case 6: filter.senders = ["Shop", pick(["Alerts", "Nobody"])]
            case 7: filter.country = pick(["GB", "DE", "FR"])
            case 8: filter.since = time()
            case 9: filter.until = time()
            case 10:
                filter.submitter =
                    Bool.random(using: &generator)
                    ? .id(pick(Self.submitters)) : .name(pick(["name 1", "nobody"]))
            case 11: filter.sendRequest = some.request?.id ?? requests.first?.id
            default:
                filter.metadata = [
                    pick([
                        MessageFilter.MetadataMember(key: "campaign", value: "a"),
                        MessageFilter.MetadataMember(key: "campaign", value: "b \"quoted\""),
                        MessageFilter.MetadataMember(key: "n", value: "1"),
                    ])
                ]
                if Bool.random(using: &generator) {
                    filter.metadata.insert(MessageFilter.MetadataMember(key: "n", value: "1.0"))
                }
            }
        }
        return filter
    }

    func found(by filter: MessageFilter) -> [MessageID] {
        messages.filter { $0.meets(filter) }.sorted { $0.isBefore($1) }.map(\.id)
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }

    fileprivate var quoted: String { "'" + replacing("'", with: "''") + "'" }
}

extension SearchSamples {
    /// Writes everything as the writers would have left it.
    ///
    /// All are in the counts, in part not folded yet, or some are from a time before there were any.
    func write(to database: TestDatabase, isCounted: Bool = false) throws {
        var sql = ""
        for (place, code) in Self.errorCodes.enumerated() {
            sql += """
                insert into outcome (id, provider, error_code) values (\(place), 1, '\(code)');

                """
        }
        for request in requests { sql += Self.sql(request) }
        for message in messages { sql += Self.sql(message, isCounted: isCounted) }
        if isCounted { sql += Self.counting }
        // Too long for an argument of psql.
        try Connection(database.admin).execute(script: sql)
    }

    private static func sql(_ request: SampleRequest) -> String {
        let members = request.metadata.sorted { $0.key < $1.key }.map { key, value in
            let isLiteral = key == "n"
            let text = isLiteral ? value : "\"" + value.replacing("\"", with: "\\\"") + "\""
            return "\"\(key)\": \(text)"
        }
        let metadata =
            members.isEmpty ? "null" : ("{" + members.joined(separator: ", ") + "}").quoted
        return """
            insert into send_request (id, accepted_at, give_up_at, segments, encoding, is_pinned,
                body, metadata, submitter_kind, submitter_id, submitter_name)
            values ('\(request.id)', '\(request.acceptedAt)', '\(request.acceptedAt)', 1, 'gsm-7',
                false, 'a text', \(metadata), 'key', '\(request.submitter)',
                '\(request.submitterName)');

            """
    }

    /// The first half of the messages is folded.
    private static let counting = """
        update schema_migration set applied_at = '2000-01-01';
        create view counted as
            select date_trunc('hour', created_at, 'UTC') as hour, provider, status, outcome_id, country,
                sender, submitter_id, segments, delay, currency, price, created_at
            from message;
        insert into statistic_change
        select array_agg(hour), array_agg(provider), array_agg(status), array_agg(outcome_id),
            array_agg(country), array_agg(sender), array_agg(submitter_id), array_agg(segments),
            array_agg(delay), array_agg(currency), array_agg(price), array_agg(1::bigint)
        from counted where created_at < now() - interval '10 days' + interval '2 hours';
        select fold_statistics(100);
        insert into statistic_change
        select array_agg(hour), array_agg(provider), array_agg(status), array_agg(outcome_id),
            array_agg(country), array_agg(sender), array_agg(submitter_id), array_agg(segments),
            array_agg(delay), array_agg(currency), array_agg(price), array_agg(1::bigint)
        from counted where created_at >= now() - interval '10 days' + interval '2 hours';

        """

    static func sql(_ message: SampleMessage) -> String { sql(message, isCounted: false) }

    private static func sql(_ message: SampleMessage, isCounted: Bool) -> String {
        let outcome = message.errorCode.flatMap { errorCodes.firstIndex(of: $0) }
        // Some as they were stored before the outcome and the submitter were.
        let isOld = !isCounted && message.id.low % 3 == 0
        let known = message.eventCode == nil ? outcome.map { "\($0)" } ?? "-1" : "null"
        let isOurs = message.request != nil
        var sql = """
            insert into message (id, precedence, fingerprint, created_at, updated_at, provider,
                status, is_ours, is_key_derived, provider_message_id, recipient, sender, country,
                send_request_id, submitter_id, outcome_id)
            values ('\(message.id)', 1, 1, '\(message.createdAt)', '\(message.createdAt)',
                \(message.provider.code), \(message.status.code), \(isOurs), \(!isOurs),
                'name-\(message.id.low % 1_000_000)',
                \(message.recipient?.quoted ?? "null"), \(message.sender?.quoted ?? "null"),
                \(message.country?.quoted ?? "null"),
                \((message.request?.id.description).map(\.quoted) ?? "null"),
                \(isOld ? "null" : (message.request?.submitter.description).map(\.quoted) ?? "null"),
                \(isOld ? "null" : known));

            """
        if message.eventCode == nil {
            sql += """
                insert into report (message_id, fingerprint, precedence, outcome_id, callback_id,
                    received_at, provider, status, source)
                values ('\(message.id)', 1, 1, \(outcome ?? -1), '\(message.id)',
                    '\(message.createdAt)', 1, 4, 1);

                """
        }
        if let code = message.eventCode {
            let kind = message.status == .cancelled ? 12 : 10
            sql += """
                insert into event (message_id, at, kind, attempt, code, detail)
                values ('\(message.id)', '\(message.createdAt)', \(kind), 1, '\(code)', 'why');

                """
        }
        return sql
    }
}
