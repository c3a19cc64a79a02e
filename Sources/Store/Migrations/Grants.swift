/// The rights of each part of Waybill in the database. They are stated only here.
///
/// `waybill migrate` gives the users of the database exactly these rights: it grants missing ones
/// and revokes superfluous ones. A test compares them with what the statements need. A new table
/// takes a line in each role whose statements use it; a new role takes a constant here, its place
/// in `all`, and its setting.
package struct DatabaseRole: Sendable, Equatable {
    /// The role's name, for people.
    package let name: String
    /// The setting that it connects with; where that is not given, `DATABASE_URL`.
    package let setting: String
    let tables: [String: Set<TableRight>]
    /// Those that it may call. They run with the rights of their owner.
    let functions: Set<String>

    /// All roles but that of `waybill migrate`, which owns everything.
    package static let all = [responder, dispatcher, deliverer]

    /// `waybill serve`, and the commands that a person runs: `key`, `send` and `message`.
    package static let responder = DatabaseRole(
        name: "responder", setting: "DATABASE_URL",
        tables: [
            "alarm": [.select, .insert, .update],
            "api_key": [.select, .insert, .update],
            "api_key_secret": [.select, .insert, .update],
            "app_user": [.select, .insert, .update],
            "audit": [.select, .insert],
            "callback": [.select, .insert],
            "dead_letter": [.select, .delete],
            "event": [.select, .insert],
            "idempotency_key": [.select, .insert, .update],
            "inbound": [.select, .insert, .update],
            "ledger_floor": [.select],
            "message": [.select, .insert, .update],
            "opt_out": [.select, .insert],
            "outbox": [.select, .insert, .delete],
            "outbox_count": [.select],
            "outcome": [.select, .insert],
            "password_link": [.select, .insert, .update, .delete],
            "process": [.select, .insert, .update, .delete],
            "provider_state": [.select],
            "quarantine": [.select, .insert, .delete],
            "recovery_code": [.select, .insert, .delete],
            "report": [.select, .insert],
            "schema_migration": [.select],
            "send_request": [.select, .insert],
            "send_request_term": [.select],
            "session": [.select, .insert, .update, .delete],
            "sign_in_failure": [.select, .insert, .update, .delete],
            "signing_secret": [.select],
            "statistic": [.select],
            "statistic_change": [.select, .insert],
            "status_change": [.select, .insert],
            "tally": [.select, .insert, .update],
            "traffic": [.select],
            "webhook": [.select, .insert, .update],
            "webhook_attempt": [.select],
            "webhook_delivery": [.select, .insert, .update],
            "webhook_health": [.select, .insert, .update],
            "webhook_secret": [.select, .insert, .update],
        ],
        functions: [
            "add_archive_partition", "add_report_ages", "audit_values", "cut_quarantine",
            "drop_archive_partition",
            "drop_old_audit", "drop_old_callbacks", "drop_old_changes", "drop_old_dead_letters",
            "drop_old_events", "drop_old_inbound",
            "drop_old_deliveries", "drop_old_keys", "drop_old_messages", "drop_old_quarantine",
            "drop_old_send_requests",
            "drop_old_statistics", "drop_old_traffic", "enqueue_webhook",
            "fold_statistics", "recount_next_hour", "recount_statistics", "measure_quarantine",
            "move_ledger_floor", "recount_outbox", "retry_refusal", "settled_change_block",
            "take_change_block",
        ])

    /// `waybill dispatch`, which also stores the reports that it polls from providers.
    package static let dispatcher = DatabaseRole(
        name: "dispatcher", setting: "DISPATCH_DATABASE_URL",
        tables: [
            "callback": [.insert],
            "dead_letter": [.select, .insert],
            "event": [.select, .insert],
            "inbound": [.select, .insert, .update],
            "ledger_floor": [.select],
            "message": [.select, .insert, .update],
            "opt_out": [.select, .insert],
            "outbox": [.select, .update, .delete],
            "outcome": [.select, .insert],
            "process": [.select, .insert, .update, .delete],
            "provider_state": [.select, .update],
            "quarantine": [.insert],
            "report": [.select, .insert],
            "schema_migration": [.select],
            "send_request": [.select],
            "statistic_change": [.insert],
            "status_change": [.select, .insert],
            "tally": [.select, .insert, .update],
        ],
        functions: ["enqueue_webhook", "take_change_block"])

    /// `waybill deliver`. It reads the secrets of webhooks, and no others.
    package static let deliverer = DatabaseRole(
        name: "deliverer", setting: "DELIVER_DATABASE_URL",
        tables: [
            "audit": [.insert],
            "event": [.select],
            "message": [.select],
            "outcome": [.select],
            "process": [.select, .insert, .update, .delete],
            "report": [.select],
            "schema_migration": [.select],
            "send_request": [.select],
            "webhook": [.select, .update],
            "webhook_attempt": [.insert],
            "webhook_delivery": [.select, .update],
            "webhook_health": [.select, .update],
            "webhook_secret": [.select],
        ],
        functions: ["audit_values", "enqueue_webhook"])
}

/// What may be done with the rows of a table.
enum TableRight: String, CaseIterable {
    case select
    case insert
    case update
    case delete
}

/// A user of the database, and a role that its connections use. One user may have several roles.
package struct RoleUser: Sendable, Equatable {
    let role: DatabaseRole
    let user: String

    /// - Parameters:
    ///   - role: its role.
    ///   - user: its exact name in the database.
    package init(_ role: DatabaseRole, user: String) {
        self.role = role
        self.user = user
    }
}

/// One right of one user.
struct Grant: Hashable {
    let user: String
    let kind: Kind
    /// Its name in the migrations' schema; empty for the schema itself.
    let object: String
    /// As PostgreSQL writes it.
    let privilege: String

    enum Kind: String {
        case schema
        case table
        case function
    }
}

extension RoleUser {
    /// All rights of the role.
    var grants: Set<Grant> {
        var grants: Set<Grant> = [Grant(user: user, kind: .schema, object: "", privilege: "USAGE")]
        for (table, rights) in role.tables {
            for right in rights {
                grants.insert(
                    Grant(
                        user: user, kind: .table, object: table,
                        privilege: right.rawValue.uppercased()))
            }
        }
        for function in role.functions {
            grants.insert(
                Grant(user: user, kind: .function, object: function, privilege: "EXECUTE"))
        }
        return grants
    }
}
