import Domain
import Settings

/// The settings of accounts and sessions.
extension WaybillSettings {
    private static let peopleGroup = Setting.Group(
        "People", "Of those who sign in; programs have API keys.")

    static let people = [sessionIdleMinutes, sessionHours, totpRoles]

    static let sessionIdleMinutes = Setting(
        "WAYBILL_SESSION_IDLE_MINUTES", .integer(default: 30, in: 1...1440), in: peopleGroup,
        readBy: [.serve],
        """
        After how many minutes without a request a session ends; an open live stream is no request.
        """)

    static let sessionHours = Setting(
        "WAYBILL_SESSION_HOURS", .integer(default: 12, in: 1...720), in: peopleGroup,
        readBy: [.serve], "After how many hours a session ends whatever happens.")

    static let totpRoles = Setting(
        "WAYBILL_TOTP_ROLES", whenUnset: "none", isList: true, example: "admin,operator",
        in: peopleGroup, readBy: [.serve],
        """
        The roles whose users must have an authenticator app: `viewer`, `operator`, `admin`. A user of \
        such a role without one can sign in only to set it up.
        """)
}

extension SessionPolicy {
    /// Reads the settings; what is wrong is reported.
    init(_ environment: inout Environment) {
        self.init(
            idle: .seconds(60 * environment.integer(WaybillSettings.sessionIdleMinutes)),
            absolute: .seconds(3600 * environment.integer(WaybillSettings.sessionHours)),
            totpRoles: environment.totpRoles())
    }

    /// For `waybill check`, without secrets.
    var summary: String {
        let roles = Role.allCases.filter(totpRoles.contains).map(\.rawValue).joined(separator: ", ")
        return
            "end after \(idle) without activity, after \(absolute) in any case; codes demanded of "
            + (roles.isEmpty ? "nobody" : roles)
    }
}

extension Environment {
    fileprivate mutating func totpRoles() -> Set<Role> {
        var roles: Set<Role> = []
        for word in list(WaybillSettings.totpRoles) {
            if let role = Role(rawValue: word.lowercased()) {
                roles.insert(role)
            } else {
                let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                report(
                    WaybillSettings.totpRoles, "has \"\(word)\", which is no role; known: \(known)")
            }
        }
        return roles
    }
}
