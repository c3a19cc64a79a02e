package import Domain
import Postgres

extension PeopleStore: CredentialStore {
    package func credentials(email: EmailAddress) throws(StoreFailure) -> Credentials? {
        try credentials(SelectCredentials(email: email))
    }

    package func credentials(_ id: UserID) throws(StoreFailure) -> Credentials? {
        try credentials(SelectCredentials(id: id))
    }

    package func credentials(linkHash: [UInt8]) throws(StoreFailure) -> Credentials? {
        try credentials(SelectCredentials(linkHash: linkHash))
    }

    private func credentials(_ statement: SelectCredentials) throws(StoreFailure) -> Credentials? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(statement).first
        }
    }

    // MARK: - Signing in

    package func admit(
        _ key: [UInt8], email: String, from origin: RequestOrigin
    ) throws(StoreFailure) -> SignInAdmission {
        try commit { connection throws(PostgresError) in
            guard let known = try connection.execute(LockFailures(key: key)).first else {
                return .admitted(isCounted: false)
            }
            if known.isDelayed {
                if !known.isTold {
                    try connection.execute(NoteTold(key: key))
                    try refuse(email, .tooEarly, origin, connection)
                }
                return .delayed(until: known.retryAt)
            }
            guard known.count + 1 >= SignInDelay.firstDelayed else {
                return .admitted(isCounted: false)
            }
            try count(key, adding: 1, connection)
            return .admitted(isCounted: true)
        }
    }

    package func countFailure(
        _ key: [UInt8], email: String, _ refusal: SignInRefusal, isCounted: Bool,
        from origin: RequestOrigin
    ) throws(StoreFailure) {
        try commit { connection throws(PostgresError) in
            try count(key, adding: isCounted ? 0 : 1, connection)
            try refuse(email, refusal, origin, connection)
        }
    }

    private func refuse(
        _ email: String, _ refusal: SignInRefusal, _ origin: RequestOrigin,
        _ connection: Connection
    ) throws(PostgresError) {
        let entry = AuditEntry(
            .refuseSignIn, of: email, from: origin, at: .now, detail: ["reason": refusal.rawValue])
        for entry in refusals.admit(entry) {
            try connection.execute(InsertAuditEntry(entry: entry))
        }
    }

    private func count(
        _ key: [UInt8], adding added: Int32, _ connection: Connection
    ) throws(PostgresError) {
        let failures = try connection.execute(CountFailures(key: key, added: added)).first ?? 1
        let delay = SignInDelay.after(failures: failures)
        if delay > .zero { try connection.execute(DelaySignIn(key: key, delay: delay)) }
    }

    package func withdrawAdmission(_ key: [UInt8]) throws(StoreFailure) {
        try commit { connection throws(PostgresError) in
            try connection.execute(CountFailures(key: key, added: -1))
            try connection.execute(DelaySignIn(key: key, delay: .zero))
        }
    }

    package func forgetFailures(_ key: [UInt8]) throws(StoreFailure) {
        try commit { connection throws(PostgresError) in
            _ = try connection.execute(DeleteFailures(key: key))
        }
    }

    package func begin(_ draft: SessionDraft) throws(StoreFailure) -> SessionBegin {
        let user = draft.credentials.user.id
        return try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: user)).first != nil,
                let now = try connection.execute(SelectCredentials(id: user)).first,
                !now.user.isDisabled, now.passwordHash == draft.credentials.passwordHash,
                now.totpSecret == draft.credentials.totpSecret
            else { return .changed }
            guard try use(draft.factor, of: user, connection) else { return .codeUsed }
            let id = SessionID.new(at: .now)
            try connection.execute(
                InsertSession(id: id, draft: draft, absolute: policy.absolute))
            try connection.execute(DeleteSurplusSessions(user: user))
            try connection.execute(NoteSignIn(user: user, newHash: draft.newHash))
            try connection.execute(DeleteFailuresOfUser(user: user))
            let requester = Requester(
                now.user.principal, requestID: draft.origin.requestID,
                address: draft.origin.address)
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .signIn, of: id, by: requester, at: .now,
                        detail: ["factor": draft.factor.word])))
            let statement = SelectSession(hash: draft.tokenHash, idle: policy.idle)
            guard let row = try connection.execute(statement).first else { return .changed }
            return .begun(signedIn(row))
        }
    }

    private func use(
        _ factor: SecondFactor, of user: UserID, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        switch factor {
        case .none: true
        case .totp(let step):
            try connection.execute(UseTOTPStep(user: user, step: step)).affectedCount == 1
        case .recoveryCode(let hash):
            try connection.execute(UseRecoveryCode(user: user, hash: hash)).affectedCount == 1
        }
    }

    package func renew(_ token: TokenChange) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            try connection.execute(RenewSessionToken(token: token)).affectedCount == 1
        }
    }
}

extension SecondFactor {
    /// For the audit.
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .totp: "totp"
        case .recoveryCode: "recovery_code"
        }
    }
}
