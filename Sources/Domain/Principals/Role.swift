/// What a user may do; each role may do all that the ones before it may.
package enum Role: String, Sendable, CaseIterable, Comparable {
    /// Sees messages and their fates, with numbers masked but for the last three digits, and no
    /// texts.
    case viewer
    /// Sees numbers and texts; sends, cancels and replays.
    case `operator`
    /// Manages users, keys and settings, and reads the audit.
    case admin

    package static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }

    /// What a user of this role may do, in the terms of API keys.
    package var scopes: Set<Scope> {
        switch self {
        case .viewer: [.read]
        case .operator: [.read, .send]
        case .admin: Set(Scope.allCases)
        }
    }
}
