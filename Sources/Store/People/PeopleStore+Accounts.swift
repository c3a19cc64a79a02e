package import Domain
import Postgres

/// Making accounts, and what their owners prove their identity with.
extension PeopleStore {
    package func create(
        _ draft: UserDraft, link: [UInt8]?, passwordHash: String?, by requester: Requester
    ) throws(StoreFailure) -> UserCreation {
        try commit { connection throws(PostgresError) in
            let id = UserID.new(at: .now)
            guard
                try add(
                    ImportedUser(draft: draft, passwordHash: passwordHash), id: id, .createUser,
                    by: requester, connection)
            else {
                let taken = try connection.execute(SelectCredentials(email: draft.email)).first
                return taken == nil ? .tooMany : .emailTaken
            }
            if let link { try connection.execute(SetPasswordLink(user: id, hash: link)) }
            guard let made = try connection.execute(SelectCredentials(id: id)).first else {
                return .tooMany
            }
            return .created(made.user)
        }
    }

    package func add(
        _ users: [ImportedUser], by requester: Requester
    ) throws(StoreFailure) -> [Bool] {
        try commit { connection throws(PostgresError) in
            var added: [Bool] = []
            for user in users {
                let isNew = try add(
                    user, id: .new(at: .now), .importUser, by: requester, connection)
                added.append(isNew)
            }
            return added
        }
    }

    private func add(
        _ user: ImportedUser, id: UserID, _ action: AuditEntry.Action, by requester: Requester,
        _ connection: Connection
    ) throws(PostgresError) -> Bool {
        let draft = user.draft
        let added = try connection.execute(
            InsertUser(id: id, draft: draft, passwordHash: user.passwordHash))
        guard added.affectedCount == 1 else { return false }
        try connection.execute(
            InsertAuditEntry(
                entry: AuditEntry(
                    action, of: id, by: requester, at: .now,
                    after: [
                        "email": .text(draft.email.text), "name": .text(draft.name.description),
                        "role": .text(draft.role.rawValue),
                        "password": .flag(user.passwordHash != nil),
                    ])))
        return true
    }

    package func reset(
        _ id: UserID, link: [UInt8], by requester: Requester
    ) throws(StoreFailure) -> User? {
        try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil,
                let old = try connection.execute(SelectCredentials(id: id)).first?.user
            else { return nil }
            try connection.execute(SetPasswordHash(id: id, hash: nil))
            try connection.execute(SetTOTP(user: id, secret: nil, lastStep: nil))
            try connection.execute(DeleteRecoveryCodes(user: id))
            try connection.execute(DeleteFailuresOfUser(user: id))
            try connection.execute(SetPasswordLink(user: id, hash: link))
            let ended = try connection.execute(DeleteSessions(user: id, kept: nil)).affectedCount
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .resetUser, of: id, by: requester, at: .now,
                        detail: ["email": old.email.text, "sessions": "\(ended)"],
                        before: ["password": .flag(old.hasPassword), "totp": .flag(old.hasTOTP)],
                        after: ["password": false, "totp": false])))
            return try connection.execute(SelectCredentials(id: id)).first?.user
        }
    }

    package func choosePassword(
        linkHash: [UInt8], passwordHash: String, from origin: RequestOrigin
    ) throws(StoreFailure) -> User? {
        try commit { connection throws(PostgresError) in
            // The user first, as all others do: else this and a reset could wait for each other.
            guard
                let owner = try connection.execute(SelectCredentials(linkHash: linkHash)).first,
                try connection.execute(LockUser(id: owner.user.id)).first != nil,
                let id = try connection.execute(TakePasswordLink(hash: linkHash)).first,
                let user = try connection.execute(SelectCredentials(id: id)).first?.user,
                !user.isDisabled
            else { return nil }
            try connection.execute(SetPasswordHash(id: id, hash: passwordHash))
            try connection.execute(DeleteSessions(user: id, kept: nil))
            try connection.execute(DeleteFailuresOfUser(user: id))
            let requester = Requester(
                user.principal, requestID: origin.requestID, address: origin.address)
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .setPassword, of: id, by: requester, at: .now, detail: ["by": "link"])))
            return try connection.execute(SelectCredentials(id: id)).first?.user
        }
    }

    package func changePassword(
        of credentials: Credentials, to passwordHash: String, token: TokenChange?,
        by requester: Requester
    ) throws(StoreFailure) -> Bool {
        let id = credentials.user.id
        return try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil,
                let now = try connection.execute(SelectCredentials(id: id)).first,
                now.passwordHash == credentials.passwordHash, !now.user.isDisabled,
                try set(token, of: id, connection)
            else { return false }
            try connection.execute(SetPasswordHash(id: id, hash: passwordHash))
            try connection.execute(DeletePasswordLink(user: id))
            try connection.execute(DeleteFailuresOfUser(user: id))
            try connection.execute(DeleteSessions(user: id, kept: token?.session))
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .setPassword, of: id, by: requester, at: .now,
                        detail: ["by": token == nil ? "command" : "password"])))
            return true
        }
    }

    private func set(
        _ token: TokenChange?, of user: UserID, _ connection: Connection
    ) throws(PostgresError) -> Bool {
        guard let token else { return true }
        return try connection.execute(SetSessionToken(token: token, user: user)).affectedCount == 1
    }

    // MARK: - The second factor

    package func proposeTOTP(of id: UserID, secret: [UInt8]) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            try connection.execute(ProposeTOTP(user: id, secret: secret)).affectedCount == 1
        }
    }

    package func confirmTOTP(
        of id: UserID, secret: [UInt8], step: Int64, recoveryCodes: [[UInt8]], token: TokenChange,
        by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil,
                let now = try connection.execute(SelectCredentials(id: id)).first,
                now.totpSecret == nil, now.totpProposal == secret,
                try set(token, of: id, connection)
            else { return false }
            try connection.execute(SetTOTP(user: id, secret: secret, lastStep: step))
            try connection.execute(DeleteRecoveryCodes(user: id))
            try connection.execute(InsertRecoveryCodes(user: id, hashes: recoveryCodes))
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .turnTOTPOn, of: id, by: requester, at: .now, before: ["totp": false],
                        after: ["totp": true])))
            return true
        }
    }

    package func removeTOTP(
        of id: UserID, token: TokenChange, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil,
                let now = try connection.execute(SelectCredentials(id: id)).first,
                now.totpSecret != nil, try set(token, of: id, connection)
            else { return false }
            try connection.execute(SetTOTP(user: id, secret: nil, lastStep: nil))
            try connection.execute(DeleteRecoveryCodes(user: id))
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .turnTOTPOff, of: id, by: requester, at: .now, before: ["totp": true],
                        after: ["totp": false])))
            return true
        }
    }

    package func replaceRecoveryCodes(
        of id: UserID, by codes: [[UInt8]], requester: Requester
    ) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil,
                let now = try connection.execute(SelectCredentials(id: id)).first,
                now.totpSecret != nil
            else { return false }
            try connection.execute(DeleteRecoveryCodes(user: id))
            try connection.execute(InsertRecoveryCodes(user: id, hashes: codes))
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(.renewRecoveryCodes, of: id, by: requester, at: .now)))
            return true
        }
    }
}
