/// Identifies a principal for ever: a name may pass to another one, an id does not.
package enum PrincipalID: Hashable, Sendable {
    case user(UserID)
    case key(APIKeyID)
    case commandLine(LocalUserID)

    /// The kinds of principals, by their names in the API and the database.
    package enum Kind: String, Sendable, CaseIterable {
        case user
        case key
        case commandLine = "command_line"
    }

    /// - Parameters:
    ///   - kind: the sort of principal.
    ///   - uuid: the id among those of its kind.
    package init(_ kind: Kind, _ uuid: Identifier<Principal>) {
        switch kind {
        case .user: self = .user(UserID(high: uuid.high, low: uuid.low))
        case .key: self = .key(APIKeyID(high: uuid.high, low: uuid.low))
        case .commandLine: self = .commandLine(LocalUserID(high: uuid.high, low: uuid.low))
        }
    }

    package var kind: Kind {
        switch self {
        case .user: .user
        case .key: .key
        case .commandLine: .commandLine
        }
    }

    /// The id alone. No two kinds share one: those of users and keys are random, and those of the
    /// command line are of another version.
    package var uuid: Identifier<Principal> {
        switch self {
        case .user(let id): Identifier(high: id.high, low: id.low)
        case .key(let id): Identifier(high: id.high, low: id.low)
        case .commandLine(let id): Identifier(high: id.high, low: id.low)
        }
    }
}

/// Only tells the kind of an identifier: a user with an account.
package enum UserKind {}

/// A user of the operating system.
package enum LocalUser {}

/// The key of a user; version 7.
package typealias UserID = Identifier<UserKind>
/// The key of an API key, which stays when its secret changes; version 7.
package typealias APIKeyID = Identifier<APIKey>
/// The key of a user of the operating system; version 8.
package typealias LocalUserID = Identifier<LocalUser>

extension Identifier<LocalUser> {
    /// The version 8 identifier of the user whom the operating system knows by a number.
    /// Source: RFC 9562, section 5.8.
    package init(userNumber: UInt32) {
        self.init(high: 0x8000, low: 0x8000_0000_0000_0000 | UInt64(userNumber))
    }
}
