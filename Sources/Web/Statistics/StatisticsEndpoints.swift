package import Domain
import FastCGI

/// `GET /v1/stats` and `GET /v1/errors`: how many messages, and why some failed.
package struct StatisticsEndpoints: Sendable {
    private let reader: any StatisticsReader
    private let providers: [ProviderTraits]
    /// By provider.
    private let meanings: [Provider: any ErrorDictionary]
    private let now: @Sendable () -> Timestamp

    private static let hour: Int64 = 3_600_000_000
    private static let day = 24 * hour
    /// Hours are kept for as long.
    private static let hourDays: Int64 = 400
    private static let mostGroups = 50
    private static let mostErrors = 50

    /// - Parameters:
    ///   - reader: where the counts are read.
    ///   - providers: those that the program knows.
    ///   - meanings: what their errors mean.
    ///   - now: the clock.
    package init(
        _ reader: any StatisticsReader, providers: [ProviderTraits],
        meanings: [Provider: any ErrorDictionary],
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.reader = reader
        self.providers = providers
        self.meanings = meanings
        self.now = now
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [endpoint.route(.statistics, count), endpoint.route(.errors, errors)]
    }

    private func count(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let asked = try request.value("bucket").flatMap(StatisticsBucket.init(rawValue:))
        let period = try period(request, usualDays: asked == .day ? 30 : 1)
        let length = period.to.microseconds - period.from.microseconds
        let bucket = asked ?? (length <= 2 * Self.day ? .hour : .day)
        if bucket == .hour {
            guard length <= 31 * Self.day else {
                throw Self.wrong(
                    "from", "With bucket=hour the period has at most 31 days; ask for bucket=day.")
            }
            try requireHours(since: period.from)
        }
        let query = StatisticsQuery(
            from: period.from, to: period.to, bucket: bucket,
            by: try request.value("by").flatMap(StatisticsDimension.init(rawValue:)),
            mostGroups: try request.value("limit").flatMap { Int($0) } ?? Self.mostGroups)
        let statistics: MessageStatistics
        do {
            statistics = try reader.statistics(query)
        } catch {
            throw Problem(error)
        }
        let view = StatisticsView(seesDetails: principal.seesDetails)
        return .json(body: view.statistics(statistics))
    }

    private func errors(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let period = try period(request, usualDays: 30)
        var provider: Provider?
        if let name = try request.value("provider") {
            provider = providers.provider(named: name)
            guard provider != nil else {
                throw Self.wrong(
                    "provider", "There is no provider of this name; known: \(providers.names).")
            }
        }
        let statuses = try request.value("status").map { text in
            Set(text.split(separator: ",").compactMap { Status(rawValue: String($0)) })
        }
        let query = ErrorQuery(
            from: period.from, to: period.to, provider: provider,
            country: try request.value("country").flatMap { Country($0) },
            statuses: statuses ?? ErrorQuery.failures,
            limit: try request.value("limit").flatMap { Int($0) } ?? Self.mostErrors)
        let errors: [ErrorCount]
        do {
            errors = try reader.errors(query)
        } catch {
            throw Problem(error)
        }
        let view = StatisticsView(seesDetails: principal.seesDetails)
        return .json(body: view.errors(errors, query, meanings))
    }

    /// The period that is asked for, up to 400 days.
    private func period(
        _ request: APIRequest, usualDays: Int64
    ) throws(Problem) -> (from: Timestamp, to: Timestamp) {
        let now = now()
        let to = try time("to", request) ?? now
        let from =
            try time("from", request)
            ?? Timestamp(microseconds: max(0, to.microseconds - usualDays * Self.day))
        guard from < to else {
            throw Self.wrong("from", "The period must begin before it ends, at \(to).")
        }
        guard to.microseconds - from.microseconds <= Self.hourDays * Self.day else {
            throw Self.wrong("from", "A period has at most \(Self.hourDays) days.")
        }
        // Of days before, only the whole is kept.
        guard from.microseconds < now.microseconds - (Self.hourDays - 1) * Self.day else {
            return (from, to)
        }
        let end = to.startOfDay
        return (
            from.startOfDay,
            end == to ? to : Timestamp(microseconds: end.microseconds + Self.day)
        )
    }

    private func requireHours(since from: Timestamp) throws(Problem) {
        guard from.microseconds >= now().microseconds - (Self.hourDays - 1) * Self.day else {
            throw Self.wrong(
                "from", "Hours are kept for \(Self.hourDays) days; ask for bucket=day.")
        }
    }

    private func time(_ name: String, _ request: APIRequest) throws(Problem) -> Timestamp? {
        guard let text = try request.value(name) else { return nil }
        return try? Timestamp(rfc3339: text)
    }

    private static func wrong(_ place: String, _ detail: String) -> Problem {
        Problem(.badRequest, "bad_query", detail, at: place)
    }
}
