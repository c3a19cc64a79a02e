package import Domain

/// Who may call a route.
package enum Access: Sendable, Equatable {
    /// Everybody whom nginx admits.
    case everybody
    /// A provider, which proves itself in its own way.
    case provider
    /// A key with this scope, or a user with at least this role.
    case callers(Scope, Role)
    /// The same, and programs on this machine without either.
    case localOrCallers(Scope, Role)
    /// A user who has signed in, with at least this role; no key.
    case users(Role)
    /// A user who has signed in, even one who has yet to set up the second factor that the role
    /// demands.
    case session

    /// Whether a key, or a ticket that stands for one, may call the route: then pages of other
    /// origins may, too, if they are named (see `CrossOrigins`).
    package var takesKeys: Bool { scope != nil }

    /// The scope that a key needs; nil if a key cannot call the route, or needs none.
    package var scope: Scope? {
        switch self {
        case .callers(let scope, _), .localOrCallers(let scope, _): scope
        case .everybody, .provider, .users, .session: nil
        }
    }

    /// The least role that a user needs; nil if anybody may call the route.
    package var role: Role? {
        switch self {
        case .callers(_, let role), .localOrCallers(_, let role), .users(let role): role
        case .session: .viewer
        case .everybody, .provider: nil
        }
    }
}
