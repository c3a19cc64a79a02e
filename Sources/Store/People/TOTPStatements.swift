import Domain
import Postgres

/// Keeps a secret that no code has confirmed yet; changes no row of a user who has a confirmed one.
struct ProposeTOTP: Statement {
    let user: UserID
    let secret: [UInt8]

    static let name: StaticString = "propose_totp"
    static let sql: StaticString = """
        update app_user set totp_proposal = $2, totp_proposed_at = now()
        where id = $1 and totp_secret is null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(bytes: secret)
    }
}

/// Sets or takes away the secret that counts, and forgets a proposed one.
struct SetTOTP: Statement {
    let user: UserID
    /// Nil takes it away.
    let secret: [UInt8]?
    let lastStep: Int64?

    static let name: StaticString = "set_totp"
    static let sql: StaticString = """
        update app_user set totp_secret = $2, totp_last_step = $3, totp_proposal = null,
            totp_proposed_at = null
        where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(bytes: secret)
        parameters.add(lastStep)
    }
}

/// Uses the code of a step up; changes no row if that step or a later one is used.
struct UseTOTPStep: Statement {
    let user: UserID
    let step: Int64

    static let name: StaticString = "use_totp_step"
    static let sql: StaticString = """
        update app_user set totp_last_step = $2
        where id = $1 and totp_secret is not null and coalesce(totp_last_step, -1) < $2
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(step)
    }
}

/// Uses a recovery code up; changes no row if the user has no such code.
struct UseRecoveryCode: Statement {
    let user: UserID
    let hash: [UInt8]

    static let name: StaticString = "use_recovery_code"
    static let sql: StaticString = "delete from recovery_code where user_id = $1 and hash = $2"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(bytes: hash)
    }
}

/// Ends a user's recovery codes.
struct DeleteRecoveryCodes: Statement {
    let user: UserID

    static let name: StaticString = "delete_recovery_codes"
    static let sql: StaticString = "delete from recovery_code where user_id = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
    }
}

/// Adds recovery codes.
struct InsertRecoveryCodes: Statement {
    let user: UserID
    let hashes: [[UInt8]]

    static let name: StaticString = "insert_recovery_codes"
    static let sql: StaticString = """
        insert into recovery_code (user_id, hash) select $1, hash from unnest($2::bytea[]) as hash
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.addBytes(hashes) { $0 }
    }
}
