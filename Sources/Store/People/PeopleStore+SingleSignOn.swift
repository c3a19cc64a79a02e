package import Domain
import Postgres

extension PeopleStore: SingleSignOnDirectory {
    package func visit(
        _ email: EmailAddress, role: Role, from origin: RequestOrigin
    ) throws(StoreFailure) -> User? {
        // Nearly always nothing has changed since the last request.
        if let user = try user(email: email),
            user.isDisabled || user.role == role && hasSignedInLately(user)
        {
            return user
        }
        return try commit { connection throws(PostgresError) in
            guard let user = try settle(email, role, origin, connection), !user.isDisabled else {
                return try connection.execute(SelectCredentials(email: email)).first?.user
            }
            return try noteSignIn(user, origin, connection)
        }
    }

    /// The user with the role that the groups give.
    private func settle(
        _ email: EmailAddress, _ role: Role, _ origin: RequestOrigin, _ connection: Connection
    ) throws(PostgresError) -> User? {
        guard let known = try connection.execute(SelectCredentials(email: email)).first else {
            return try add(email, role, origin, connection)
        }
        let id = known.user.id
        // Before the user's own row, as in `change`.
        let admins = role == .admin ? [] : try Self.lockedAdmins(connection)
        try connection.execute(LockUser(id: id))
        guard let user = try connection.execute(SelectCredentials(id: id)).first?.user,
            user.role != role, !user.isDisabled, admins != [id]
        else { return try connection.execute(SelectCredentials(id: id)).first?.user }
        try connection.execute(
            UpdateUser(id: id, role: role, name: user.name, isDisabled: false))
        try connection.execute(
            InsertAuditEntry(
                entry: AuditEntry(
                    .changeRole, of: id, from: origin, at: .now,
                    detail: ["email": email.text, "by": "single sign-on"],
                    before: ["role": .text(user.role.rawValue)],
                    after: ["role": .text(role.rawValue)])))
        return try connection.execute(SelectCredentials(id: id)).first?.user
    }

    /// Whether the user's last sign-in still counts: for as long as a session of ours may last,
    /// since with single sign-on there is none that begins or ends.
    private func hasSignedInLately(_ user: User) -> Bool {
        user.lastSignInAt.map { Timestamp.now.since($0) < policy.absolute } ?? false
    }

    /// Keeps a sign-in, of several requests at once only the first one's: the others waited for
    /// its lock on the user.
    private func noteSignIn(
        _ user: User, _ origin: RequestOrigin, _ connection: Connection
    ) throws(PostgresError) -> User? {
        guard !hasSignedInLately(user) else { return user }
        try connection.execute(NoteSignIn(user: user.id, newHash: nil))
        let requester = Requester(
            user.principal, requestID: origin.requestID, address: origin.address)
        try connection.execute(
            InsertAuditEntry(
                entry: AuditEntry(
                    .signIn, of: user.id, by: requester, at: .now,
                    detail: ["by": "single sign-on"])))
        return try connection.execute(SelectCredentials(id: user.id)).first?.user
    }

    /// Nil if there are too many users.
    private func add(
        _ email: EmailAddress, _ role: Role, _ origin: RequestOrigin, _ connection: Connection
    ) throws(PostgresError) -> User? {
        let draft = UserDraft(email: email, role: role)
        let id = UserID.new(at: .now)
        let added = try connection.execute(InsertUser(id: id, draft: draft, passwordHash: nil))
        // Another request may have added the user just now.
        guard added.affectedCount == 1 else {
            return try connection.execute(SelectCredentials(email: email)).first?.user
        }
        try connection.execute(
            InsertAuditEntry(
                entry: AuditEntry(
                    .createUser, of: id, from: origin, at: .now, detail: ["by": "single sign-on"],
                    after: [
                        "email": .text(email.text), "name": .text(draft.name.description),
                        "role": .text(role.rawValue), "password": false,
                    ])))
        return try connection.execute(SelectCredentials(id: id)).first?.user
    }
}
