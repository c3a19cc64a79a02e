import Domain
import Postgres

/// How a filter is searched: what is looked along, and the conditions.
struct SearchPlan {
    private(set) var conditions: SearchConditions
    private(set) var path = Path.time
    private let filter: MessageFilter

    /// What leads to the messages, the narrowest that there is.
    enum Path {
        /// All messages, the newest first.
        case time
        /// The index of recipients.
        case number
        case requests(SearchRun.Source)
        case ids([MessageID], [SendRequestID])
    }

    init(_ filter: MessageFilter, limit: Int, after position: SearchPosition?) {
        self.filter = filter
        conditions = SearchConditions()
        conditions.limit = limit
        if let position {
            conditions.before = SearchKey(createdAt: position.createdAt, id: position.id)
        }
        conditions.provider = filter.provider
        conditions.errorCode = filter.errorCode
        conditions.recipient = filter.recipient
        if let beginning = filter.recipientPrefix { conditions.beginnings = [beginning] }
        conditions.senders = filter.senders.sorted()
        conditions.country = filter.country
        if let sendRequest = filter.sendRequest { path = .ids([], [sendRequest]) }
    }

    /// Asks for what the conditions stand for in the database.
    ///
    /// - Returns: false if it is certain that nothing meets them.
    mutating func complete(
        _ providers: [Provider], _ key: (Provider, String) -> MessageID, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        if let statuses = filter.admittedStatuses {
            guard !statuses.isEmpty else { return false }
            conditions.statuses = statuses.sorted { $0.code < $1.code }
        }
        if let code = filter.errorCode {
            conditions.outcomes =
                try connection.execute(SelectOutcomesByCode(errorCode: code)).rows
        }
        guard try settleQuery(providers, key, connection), try settleSubmitter(connection) else {
            return false
        }
        try settleMetadata(connection)
        if case .time = path, conditions.recipient != nil { path = .number }
        return true
    }

    private mutating func settleSubmitter(
        _ connection: Connection
    ) throws(PostgresError) -> Bool {
        switch filter.submitter {
        case nil: return true
        case .id(let id): conditions.submitters = [id]
        case .name(let name):
            conditions.submitters =
                try connection.execute(SelectSubmittersByName(submitterName: name)).rows
        }
        guard !conditions.submitters.isEmpty else { return false }
        if case .time = path { path = .requests(.submitters(conditions.submitters)) }
        return true
    }

    /// Looks along the rarest member, unless something narrower was given.
    private mutating func settleMetadata(_ connection: Connection) throws(PostgresError) {
        guard !filter.metadata.isEmpty else { return }
        let terms = try connection.execute(SelectTerms(members: filter.metadata.sorted())).rows
        conditions.terms = Array(Set(terms.map(\.term)))
        guard let rarest = terms.min(by: { $0.count < $1.count }) else { return }
        switch path {
        case .time: path = .requests(.term(rarest.term))
        // A thousand is where counting ends.
        case .requests where rarest.count < 1000: path = .requests(.term(rarest.term))
        default: break
        }
    }

    /// What was pasted is an id if there is one, else a number.
    private mutating func settleQuery(
        _ providers: [Provider], _ key: (Provider, String) -> MessageID, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        guard let query = filter.query else { return true }
        let (messages, sendRequests) = try targets(query, providers, key, connection)
        if !messages.isEmpty || !sendRequests.isEmpty {
            conditions.sendRequest = filter.sendRequest
            path = .ids(messages, sendRequests)
            return true
        }
        if let number = query.number?.description, try isPresent(number, connection) {
            guard filter.recipient.map({ $0 == number }) ?? true else { return false }
            conditions.recipient = number
            return true
        }
        guard filter.findsPartialNumbers, let digits = query.digits else { return false }
        conditions.patterns = Self.patterns(digits, isInternational: query.isInternational)
        return true
    }

    private func targets(
        _ query: SearchText, _ providers: [Provider], _ key: (Provider, String) -> MessageID,
        _ connection: Connection
    ) throws(PostgresError) -> ([MessageID], [SendRequestID]) {
        let names = providers.map { (provider: $0, name: $0.canonical(query.description)) }
        let candidates =
            names.map { key($0.provider, $0.name) } + (query.identifier.map { [$0] } ?? [])
        let found = try connection.execute(
            SelectTargets(
                candidates: Array(Set(candidates)), names: names,
                sendRequest: query.identifier.map {
                    SendRequestID(high: $0.high, low: $0.low)
                }, requestID: query.requestID)
        ).rows
        var messages: Set<MessageID> = []
        var sendRequests: Set<SendRequestID> = []
        for target in found {
            switch target {
            case .message(let id): messages.insert(id)
            case .sendRequest(let id): sendRequests.insert(id)
            case nil: break
            }
        }
        return (messages.sorted(), sendRequests.sorted())
    }

    /// Whether there is any message to a number; so if that takes too long to find out.
    private func isPresent(
        _ number: String, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        do throws(PostgresError) {
            let (_, found) = try connection.execute(
                SearchSettings(limit: .milliseconds(40), usesBitmaps: true),
                SelectNumberPresence(recipient: number))
            return found.first ?? false
        } catch {
            guard error.sqlState?.description == "57014" else { throw error }
            return true
        }
    }

    /// Digits may begin a number, or, without its country code, end it.
    private static func patterns(_ digits: String, isInternational: Bool) -> [String] {
        if isInternational { return ["+" + digits + "%"] }
        let significant = String(digits.drop { $0 == "0" })
        guard significant.utf8.count == digits.utf8.count else { return ["%" + significant] }
        return ["+" + digits + "%", "%" + digits]
    }
}
