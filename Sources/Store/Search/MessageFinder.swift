package import Domain
package import Postgres
package import Telemetry

/// Finds messages in the database.
package struct MessageFinder: MessageSearch {
    private let queries: Queries
    private let providers: [Provider]
    /// Where a message of this name at this provider is kept, unless it is ours.
    private let key: @Sendable (Provider, String) -> MessageID

    /// A message that only reports tell of may get an earlier time for so long after that time.
    static let settlingTime: Duration = .seconds(60)

    /// How many messages the first look takes in, unless enough are found before: some 5 ms.
    private static let firstScanned = 5000

    /// - Parameters:
    ///   - pool: where to search.
    ///   - logger: gets failed queries.
    ///   - providers: at which a text may be a message's name.
    ///   - key: derives a message's id from its name, as the parsers of callbacks do it.
    package init(
        _ pool: ConnectionPool, logger: Logger, providers: [Provider],
        key: @escaping @Sendable (Provider, String) -> MessageID
    ) {
        queries = Queries(pool, logger)
        self.providers = providers
        self.key = key
    }

    package func page(
        of filter: MessageFilter, limit: Int, after position: SearchPosition?,
        within budget: Duration
    ) throws(StoreFailure) -> MessagePage {
        try page(
            of: filter, limit: limit, after: position, within: budget,
            scanned: Self.firstScanned
        ).page
    }

    package func walk(_ filter: MessageFilter) -> any MessageWalk {
        FinderWalk(self, filter)
    }

    /// A page, and how many messages the last look took in: the next one may begin with that.
    func page(
        of filter: MessageFilter, limit: Int, after position: SearchPosition?,
        within budget: Duration, scanned: Int
    ) throws(StoreFailure) -> (page: MessagePage, scanned: Int) {
        let deadline = ContinuousClock.now + budget
        return try queries.run { connection throws(PostgresError) in
            var run = SearchRun(connection, until: deadline, scanned: scanned)
            let finding = try find(filter, limit: limit, after: position, &run, connection)
            let page = try page(finding, after: position, connection)
            return (page, run.scanned)
        }
    }

    /// The messages themselves, but those that the pages before had already.
    private func page(
        _ finding: SearchRun.Finding, after position: SearchPosition?, _ connection: Connection
    ) throws(PostgresError) -> MessagePage {
        let known = Set(position?.recent.map(\.key) ?? [])
        let ids = finding.hits.map(\.id).filter { !known.contains(SearchPosition.key(of: $0)) }
        let messages = ids.isEmpty ? [] : try MessageStore.messages(ids, connection)
        let young = Timestamp.now.advanced(by: .zero - Self.settlingTime)
        let recent =
            messages.reversed().filter { !$0.isOurs }
            .map {
                SearchPosition.Recent(
                    key: SearchPosition.key(of: $0.id), createdAt: $0.createdAt)
            } + (position?.recent ?? [])
        return MessagePage(
            messages: messages,
            next: finding.end.map { end in
                SearchPosition(
                    createdAt: end.createdAt, id: end.id,
                    recent: recent.filter { $0.createdAt > young })
            },
            searchedBackTo: finding.isCutShort || ids.count < finding.hits.count
                ? finding.end?.createdAt : nil)
    }

    private func find(
        _ filter: MessageFilter, limit: Int, after position: SearchPosition?,
        _ run: inout SearchRun, _ connection: Connection
    ) throws(PostgresError) -> SearchRun.Finding {
        var plan = SearchPlan(filter, limit: limit, after: position)
        guard try plan.complete(providers, key, connection) else { return SearchRun.Finding() }
        let conditions = plan.conditions
        let windows = SearchWindows(since: filter.since, until: filter.until)
        switch plan.path {
        case .time: return try run.alongTime(conditions, windows)
        case .number: return try run.byNumber(conditions, windows)
        case .requests(let source): return try run.alongRequests(source, conditions, windows)
        case .ids(let messages, let sendRequests):
            return try run.byID(
                conditions, windows, messages: messages, sendRequests: sendRequests)
        }
    }
}
