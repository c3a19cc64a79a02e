/// How a migration waits for locks: briefly, because all callbacks wait behind it, and often.
package struct LockPatience: Sendable {
    let timeoutMilliseconds: Int
    let tries: Int
    /// How long to wait before a try: the number of tries so far comes in.
    let pause: @Sendable (Int) -> Duration

    /// Half a second at a time, 30 times within about four minutes.
    package static let standard = LockPatience(timeoutMilliseconds: 500, tries: 30) {
        min(.seconds($0), .seconds(10))
    }

    init(
        timeoutMilliseconds: Int, tries: Int, pause: @escaping @Sendable (Int) -> Duration
    ) {
        self.timeoutMilliseconds = timeoutMilliseconds
        self.tries = tries
        self.pause = pause
    }
}

/// A session that a migration waits for.
package struct LockBlocker: Sendable, Equatable, CustomStringConvertible {
    /// Its process at the server; 0 for a prepared transaction.
    let backend: Int32
    let role: String?
    let application: String?
    /// Nil where the migrations' role may not see it.
    let state: String?
    /// Since its transaction began.
    let seconds: Int64?

    package var description: String {
        guard backend != 0 else { return "a prepared transaction (see pg_prepared_xacts)" }
        var parts: [String] = []
        if let role { parts.append("role \(role)") }
        if let application, !application.isEmpty { parts.append("application \(application)") }
        parts.append(state ?? "its state is not visible to this role")
        if let seconds { parts.append("in a transaction for \(seconds) s") }
        return "process \(backend) (\(parts.joined(separator: ", ")))"
    }
}

/// A try that ended because a lock did not come.
package struct LockWait: Sendable, CustomStringConvertible {
    package let file: MigrationFile
    /// From 1.
    let attempt: Int
    let tries: Int
    /// The sessions that it waited for, if they could be seen.
    package let blockers: [LockBlocker]
    /// Until the next try; nil after the last one.
    let pause: Duration?

    package var description: String {
        let who =
            blockers.isEmpty
            ? "a session that could not be seen"
            : blockers.map(\.description).joined(separator: " and ")
        let waited = "\(file.name): a lock did not come in time; held by \(who)"
        guard let pause else {
            let ending =
                blockers.first { $0.backend != 0 }.map {
                    ", or end it with select pg_terminate_backend(\($0.backend)),"
                } ?? ""
            return "\(waited), \(tries) times in a row. Nothing of this file was applied, and"
                + " callbacks went on. Wait until it is done\(ending) and migrate again."
        }
        return "\(waited). Try \(attempt) of \(tries); the next one in"
            + " \(Int(pause / .milliseconds(1))) ms, callbacks go on meanwhile"
    }
}
