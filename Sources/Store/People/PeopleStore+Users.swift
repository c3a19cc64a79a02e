package import Domain
import Postgres

extension PeopleStore: UserStore {
    package func users() throws(StoreFailure) -> [User] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectUsers()).rows
        }
    }

    package func user(_ id: UserID) throws(StoreFailure) -> User? {
        try credentials(id)?.user
    }

    package func user(email: EmailAddress) throws(StoreFailure) -> User? {
        try credentials(email: email)?.user
    }

    package func change(
        _ id: UserID, _ change: UserChange, by requester: Requester
    ) throws(StoreFailure) -> UserChangeResult {
        try commit { connection throws(PostgresError) in
            let takesRights = change.role.map { $0 != .admin } == true || change.isDisabled == true
            let admins = takesRights ? try Self.lockedAdmins(connection) : []
            guard try connection.execute(LockUser(id: id)).first != nil,
                let old = try connection.execute(SelectCredentials(id: id)).first?.user
            else { return .unknown }
            if admins == [id] { return .lastAdmin }
            let isDisabled = change.isDisabled ?? old.isDisabled
            try connection.execute(
                UpdateUser(
                    id: id, role: change.role ?? old.role, name: change.name ?? old.name,
                    isDisabled: isDisabled))
            if isDisabled {
                try connection.execute(DeleteSessions(user: id, kept: nil))
                try connection.execute(DeletePasswordLink(user: id))
            }
            if change.isDisabled == false {
                try connection.execute(DeleteFailuresOfUser(user: id))
            }
            for entry in Self.entries(of: change, to: old, by: requester) {
                try connection.execute(InsertAuditEntry(entry: entry))
            }
            guard let user = try connection.execute(SelectCredentials(id: id)).first?.user else {
                return .unknown
            }
            return .changed(user)
        }
    }

    package func clearFailures(
        of id: UserID, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            guard try connection.execute(LockUser(id: id)).first != nil else { return false }
            let cleared = try connection.execute(DeleteFailuresOfUser(user: id)).affectedCount
            guard cleared > 0 else { return true }
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .changeUser, of: id, by: requester, at: .now,
                        detail: ["cleared": "failed sign-ins"])))
            return true
        }
    }

    /// An entry for each thing that really changes.
    private static func entries(
        of change: UserChange, to old: User, by requester: Requester
    ) -> [AuditEntry] {
        let now = Timestamp.now
        var entries: [AuditEntry] = []
        func add(
            _ action: AuditEntry.Action, _ before: [String: AuditEntry.Value],
            _ after: [String: AuditEntry.Value]
        ) {
            entries.append(
                AuditEntry(
                    action, of: old.id, by: requester, at: now,
                    detail: ["email": old.email.text], before: before, after: after))
        }
        if let role = change.role, role != old.role {
            add(.changeRole, ["role": .text(old.role.rawValue)], ["role": .text(role.rawValue)])
        }
        if let isDisabled = change.isDisabled, isDisabled != old.isDisabled {
            add(
                isDisabled ? .disableUser : .enableUser, ["disabled": .flag(old.isDisabled)],
                ["disabled": .flag(isDisabled)])
        }
        if let name = change.name, name != old.name {
            add(
                .changeUser, ["name": .text(old.name.description)],
                ["name": .text(name.description)])
        }
        return entries
    }

    /// The admins, whose rights nobody else takes before the transaction ends.
    static func lockedAdmins(_ connection: Connection) throws(PostgresError) -> [UserID] {
        try connection.execute(LockRights())
        return try connection.execute(SelectAdmins()).rows
    }
}
