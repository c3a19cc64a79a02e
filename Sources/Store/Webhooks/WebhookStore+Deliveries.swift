package import Domain
import Postgres

/// The deliveries, for those who look after them.
extension WebhookStore {
    private static let countBound = 10_000
    private static let resendLimit = 1000

    package func deliveries(
        of filter: DeliveryFilter, before number: Int64?, limit: Int
    ) throws(StoreFailure) -> [DeliveryRecord] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectDeliveryRecords(filter: filter, before: number, limit: limit)
            ).1.rows
        }
    }

    package func count(of filter: DeliveryFilter) throws(StoreFailure) -> BoundedCount {
        try count(filter, after: 0, bound: Self.countBound)
    }

    private func count(
        _ filter: DeliveryFilter, after number: Int64, bound: Int
    ) throws(StoreFailure) -> BoundedCount {
        let found = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), CountDeliveries(filter: filter, after: number, limit: bound + 1)
            ).1.first ?? 0
        }
        return BoundedCount(found: found, bound: bound)
    }

    package func delivery(
        _ number: Int64, attempts limit: Int
    ) throws(StoreFailure) -> (record: DeliveryRecord, attempts: [DeliveryAttempt])? {
        var filter = DeliveryFilter()
        filter.numbers = [number]
        return try queries.run { [filter] connection throws(PostgresError) in
            let (_, records, attempts) = try connection.execute(
                PlanAnew(), SelectDeliveryRecords(filter: filter, before: nil, limit: 1),
                SelectDeliveryAttempts(delivery: number, limit: limit))
            return records.first.map { ($0, attempts.rows) }
        }
    }

    package func resend(
        _ filter: DeliveryFilter, after number: Int64, by requester: Requester
    ) throws(StoreFailure) -> (queued: Int, last: Int64, left: BoundedCount) {
        let moved = try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) -> (count: Int, last: Int64)? in
                let (_, moved) = try connection.execute(
                    PlanAnew(),
                    ResendDeliveries(filter: filter, after: number, limit: Self.resendLimit))
                guard let moved = moved.first, moved.count > 0 else { return nil }
                try connection.execute(
                    InsertAuditEntry(entry: Self.entry(filter, moved.count, by: requester)))
                return moved
            }
        }
        let last = moved?.last ?? number
        return (
            moved?.count ?? 0, last,
            try count(filter, after: last, bound: Self.resendLimit)
        )
    }

    private static func entry(
        _ filter: DeliveryFilter, _ count: Int, by requester: Requester
    ) -> AuditEntry {
        if let numbers = filter.numbers, numbers.count == 1 {
            return AuditEntry(.resendDelivery, of: "\(numbers[0])", by: requester, at: .now)
        }
        var detail = ["deliveries": "\(count)"]
        detail["webhook_id"] = filter.webhook?.description
        detail["state"] = filter.state?.name
        detail["event"] = filter.type?.rawValue
        detail["message_id"] = filter.message?.description
        detail["since"] = filter.since?.description
        detail["until"] = filter.until?.description
        detail["named"] = filter.numbers.map { "\($0.count)" }
        return AuditEntry(
            .resendDeliveries, of: "webhook-deliveries", by: requester, at: .now, detail: detail)
    }
}
