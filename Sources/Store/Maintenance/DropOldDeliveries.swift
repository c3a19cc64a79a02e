import Postgres

/// A portion of the expired deliveries to webhooks, with their attempts.
struct DropOldDeliveries: WalkStatement {
    private let keepDays: Int
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.keepDays = keepDays
        self.most = most
    }

    static let name: StaticString = "drop_old_deliveries"
    static let sql: StaticString = "select seen, dropped, last from drop_old_deliveries($1, $2)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
        parameters.add(Int32(clamping: most))
    }
}
