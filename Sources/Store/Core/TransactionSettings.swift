import Postgres

/// Makes the commit that it is part of wait for the synchronous standbys, whatever else the
/// transaction does.
///
/// What finds its row there already writes nothing, and PostgreSQL lets such a commit pass at once;
/// but the row may be on no standby yet. This writes a few bytes of WAL, behind which the row
/// stands.
struct WaitForStandby: Statement {
    static let name: StaticString = "wait_for_standby"
    static let sql: StaticString = "select pg_logical_emit_message(true, 'waybill', '')"
}

/// Lets a transaction commit without waiting for the disk, because it promises nothing to a caller.
struct CommitLazily: Statement {
    static let name: StaticString = "commit_lazily"
    static let sql: StaticString = "select set_config('synchronous_commit', 'off', true)"
}

/// Limits how long a row or table that another transaction holds is waited for.
struct LimitLockWait: Statement {
    let limit: Duration
    /// Only in the transaction that this is part of.
    let isLocal: Bool

    init(to limit: Duration, isLocal: Bool) {
        self.limit = limit
        self.isLocal = isLocal
    }

    static let name: StaticString = "limit_lock_wait"
    static let sql: StaticString = "select set_config('lock_timeout', $1, $2)"

    func encode(into parameters: inout StatementParameters) {
        // Zero would be no limit at all.
        parameters.add(String(max(1, Int64(limit / .milliseconds(1)))))
        parameters.add(isLocal)
    }
}

/// Limits how long each of the transaction's later statements may take, at the server: what is only
/// given up here goes on there.
struct LimitStatementTime: Statement {
    let limit: Duration

    static let name: StaticString = "limit_statement_time"
    static let sql: StaticString = "select set_config('statement_timeout', $1, true)"

    func encode(into parameters: inout StatementParameters) {
        // Zero would be no limit at all.
        parameters.add(String(max(1, Int64(limit / .milliseconds(1)))))
    }
}

/// Makes PostgreSQL plan the rest of the transaction for the tables as they are now.
///
/// A plan made while the outbox was empty reads the whole of it, and would be kept until the next
/// analyze: 620 ms for a thousand changes when 100,000 messages wait, instead of 90. A bitmap scan
/// has no order: with it and without statistics, all due rows are read and sorted for each lease.
struct PlanAnew: Statement {
    static let name: StaticString = "plan_anew"
    static let sql: StaticString = """
        select set_config('plan_cache_mode', 'force_custom_plan', true),
            set_config('enable_bitmapscan', 'off', true)
        """
}

extension SQLState {
    /// Whether a lock did not come within `lock_timeout`, or never would have.
    var lostLock: Bool { description == "55P03" || description == "40P01" }
}

/// Makes PostgreSQL plan the rest of the transaction for the values that are given, along whatever
/// index fits them.
struct PlanForValues: Statement {
    static let name: StaticString = "plan_for_values"
    static let sql: StaticString =
        "select set_config('plan_cache_mode', 'force_custom_plan', true)"
}
