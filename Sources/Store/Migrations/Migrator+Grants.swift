import Postgres

extension Migrator {
    /// Makes the rights of users exactly those of their roles, all at once or not at all.
    ///
    /// - Throws: `grant` naming the user, or what is missing.
    func makeRightsExact(of users: [RoleUser]) throws(MigrationError) {
        var missing: RightChange?
        try attempt(.grant, "granting rights") { () throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                missing = try changeRights(of: users)
            }
        }
        guard let missing, let user = missing.user, let problem = missing.problem else { return }
        throw MigrationError(.grant, "granting rights to \(user): \(problem)")
    }

    /// Revokes the rights that PostgreSQL gives to everybody, such as calling a function.
    ///
    /// Part of a migration's own transaction, so that a new function, which runs with its owner's
    /// rights, is never open to all.
    func closeToPublic() throws(PostgresError) {
        _ = try changeRights(of: [])
    }

    /// Changes nothing if one of the changes cannot be made, and returns that one.
    private func changeRights(of users: [RoleUser]) throws(PostgresError) -> RightChange? {
        // A user with several roles has the rights of all.
        let grants = users.reduce(into: Set<Grant>()) { $0.formUnion($1.grants) }
        let changes = try connection.execute(
            SelectRightChanges(
                users: Array(Set(users.map(\.user))).sorted(), grants: Array(grants))
        ).rows
        if let impossible = changes.first(where: { $0.problem != nil }) { return impossible }
        if !changes.isEmpty {
            // The server has quoted the names.
            try connection.execute(script: changes.map(\.command).joined(separator: ";\n"))
        }
        return nil
    }
}
