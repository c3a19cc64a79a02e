import Domain
import Postgres

/// Adds providers' statuses to the table of outcomes. The rows must be distinct and ordered by id.
struct UpsertOutcomes: Statement {
    let outcomes: [Outcome]

    static let name: StaticString = "upsert_outcomes"
    static let sql: StaticString = """
        insert into outcome (
            id, provider, status_group_id, status_group, status_id, status_name,
            status_description, error_group_id, error_group, error_code, error_name,
            error_description, is_permanent)
        select id, provider, status_group_id, status_group, status_id, status_name,
            status_description, error_group_id, error_group, error_code, error_name,
            error_description, is_permanent
        from unnest(
            $1::bigint[], $2::smallint[], $3::integer[], $4::text[], $5::integer[], $6::text[],
            $7::text[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::text[],
            $13::boolean[]
        ) as new (
            id, provider, status_group_id, status_group, status_id, status_name,
            status_description, error_group_id, error_group, error_code, error_name,
            error_description, is_permanent)
        on conflict (id) do nothing
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(outcomes) { $0.id }
        parameters.addInt16s(outcomes) { $0.provider.code }
        parameters.addInt32s(outcomes) { $0.statusGroupID }
        parameters.addTexts(outcomes) { $0.statusGroup }
        parameters.addInt32s(outcomes) { $0.statusID }
        parameters.addTexts(outcomes) { $0.statusName }
        parameters.addTexts(outcomes) { $0.statusDescription }
        parameters.addInt32s(outcomes) { $0.errorGroupID }
        parameters.addTexts(outcomes) { $0.errorGroup }
        parameters.addTexts(outcomes) { $0.errorCode }
        parameters.addTexts(outcomes) { $0.errorName }
        parameters.addTexts(outcomes) { $0.errorDescription }
        parameters.addBools(outcomes) { $0.isPermanent }
    }
}
