import Postgres

/// Makes PostgreSQL plan the transaction's searches in the one way that is always quick: along an
/// index, without reading or sorting a whole table, and with the conditions that are not given left
/// out. And limits how long each statement may take at the server.
///
/// The planner would choose otherwise where it knows too little: it does not see that the first rows
/// in the order of an index are enough, if it expects few of them to meet the conditions.
struct SearchSettings: Statement {
    let limit: Duration
    /// For what is found by a BRIN index, which has no order.
    var usesBitmaps = false

    static let name: StaticString = "search_settings"
    static let sql: StaticString = """
        select set_config('statement_timeout', $1, true), set_config('enable_bitmapscan', $2, true),
            set_config('plan_cache_mode', 'force_custom_plan', true),
            set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
            set_config('max_parallel_workers_per_gather', '0', true),
            set_config('jit', 'off', true)
        """

    func encode(into parameters: inout StatementParameters) {
        // Zero would be no limit at all.
        parameters.add(String(max(1, Int64(limit / .milliseconds(1)))))
        parameters.add(usesBitmaps ? "on" : "off")
    }
}
