import CPostgres

/// Where the database is and how long to wait for it: a connection string with our defaults.
///
/// libpq reads the string, so all of its forms work: URLs, several hosts, `key=value` pairs,
/// service files, and the `PG…` environment. What the string says wins over the defaults here.
package struct ConnectionSettings: Sendable {
    /// How long a connect may take, all hosts together; `connect_timeout` of the string, or 5 s.
    ///
    /// Looking up a host's name is not counted; the resolver has its own time limit.
    package let connectTimeout: Duration
    /// How long to wait for an answer; 30 s unless set.
    package let responseTimeout: Duration
    /// Whether the connections raise `synchronous_commit` to `on` at least.
    package var isDurable = true
    /// Whether the string names several hosts, one of which can replace another.
    package var namesSeveralHosts: Bool { hostCount > 1 }
    /// The role to connect as; nil leaves it to the environment or the system's user.
    package var user: String? { options["user"] }
    /// libpq's keywords and their values.
    let options: [String: String]

    /// Reads a connection string.
    ///
    /// - Parameters:
    ///   - text: a `postgresql://` URL or `key=value` pairs.
    ///   - applicationName: what `pg_stat_activity` shows, unless the string says.
    ///   - responseTimeout: the longest wait for an answer. The server gives up on a statement a
    ///     sixth earlier (`statement_timeout`), and on a lock after half of it.
    /// - Throws: `settings` when libpq cannot read the string, or it asks for an encoding other
    ///   than UTF-8.
    package init(
        _ text: String, applicationName: String = "waybill",
        responseTimeout: Duration = .seconds(30)
    ) throws(PostgresError) {
        var options = try Self.parse(text)
        let encoding = options["client_encoding"]?.lowercased()
        guard encoding == nil || encoding == "utf8" || encoding == "utf-8" else {
            throw PostgresError(.settings, "client_encoding must be UTF8")
        }
        options["client_encoding"] = "UTF8"

        let seconds = options["connect_timeout"].flatMap { Int($0) } ?? 0
        connectTimeout = seconds > 0 ? .seconds(seconds) : .seconds(5)
        self.responseTimeout = responseTimeout

        let patience = responseTimeout.milliseconds
        let parameters = [
            "statement_timeout": max(1, patience * 5 / 6),
            "lock_timeout": max(1, patience / 2),
            "idle_in_transaction_session_timeout": max(1, patience * 2),
        ]
        // The server takes the last of several equal options, so ours come first.
        let ours = parameters.sorted { $0.key < $1.key }.map { "-c \($0)=\($1)" }
        options["options"] = (ours + ["-c timezone=UTC", options["options"] ?? ""])
            .joined(separator: " ")

        let defaults = [
            "application_name": applicationName,
            "keepalives": "1",
            // A lost peer is noticed after 30 + 3 x 10 s when idle...
            "keepalives_idle": "30",
            "keepalives_interval": "10",
            "keepalives_count": "3",
            // ...and after 10 s when an acknowledgement is missing.
            "tcp_user_timeout": "10000",
        ]
        self.options = options.merging(defaults) { given, _ in given }
    }

    /// How many hosts the string names; one when it names none.
    var hostCount: Int {
        let lists = [options["host"], options["hostaddr"]].compactMap { $0 }
        return lists.map { Self.elements(of: $0).count }.max() ?? 1
    }

    /// The same options, with the lists of hosts beginning at another one.
    ///
    /// libpq tries the hosts in turn, but its non-blocking interface has no time limit per host; so
    /// each attempt begins at another host.
    func options(startingAtHost start: Int) -> [String: String] {
        var rotated = options
        for keyword in ["host", "hostaddr", "port"] {
            guard let list = options[keyword] else { continue }
            let elements = Self.elements(of: list)
            // A single port is for all hosts.
            guard elements.count > 1 else { continue }
            let offset = start % elements.count
            rotated[keyword] = (elements[offset...] + elements[..<offset]).joined(separator: ",")
        }
        return rotated
    }

    private static func elements(of list: String) -> [Substring] {
        list.split(separator: ",", omittingEmptySubsequences: false)
    }

    private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let first = PQconninfoParse(text, &message) else {
            defer { PQfreemem(message) }
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            throw PostgresError(.settings, withoutQuotations(reason.trimmingNewlines))
        }
        defer { PQconninfoFree(first) }
        var options: [String: String] = [:]
        var option = first
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                options[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return options
    }

    /// Removes all quotations: libpq quotes what it cannot read, and that may be the password.
    private static func withoutQuotations(_ text: String) -> String {
        guard let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\"") else {
            return text
        }
        return text[..<first] + "\"...\"" + text[text.index(after: last)...]
    }
}

extension ConnectionSettings: CustomStringConvertible, CustomDebugStringConvertible {
    /// The settings as `key=value` pairs in order, passwords replaced.
    package var description: String {
        options.sorted { $0.key < $1.key }
            .map { "\($0)=\(Self.mayHoldPassword($0, $1) ? "<redacted>" : $1)" }
            .joined(separator: " ")
    }

    /// Also true for strings that were read otherwise than meant: a password with an @ or a slash
    /// ends up in the host or the database's name, and that name may be a whole URL.
    private static func mayHoldPassword(_ key: String, _ value: String) -> Bool {
        if key.contains("password") || value.contains("password") { return true }
        // Some managed servers have roles such as waybill@server.
        return key == "user" ? value.contains(":") : value.contains("@")
    }

    /// The same as `description`: nothing here may show the password.
    package var debugDescription: String { description }
}

extension ConnectionSettings: CustomReflectable {
    /// Empty, so that `dump` does not print the password.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Duration {
    /// Whole milliseconds, rounded up: zero only for no time at all.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
