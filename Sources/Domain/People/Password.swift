/// A password as it came from its owner: the bytes, unchanged. Prints as `<redacted>`.
package struct Password: Sendable {
    /// UTF-8 as received, possibly empty, too long or with zero bytes: `AccountService` says so.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }
}

/// A secret that is shown to its owner once, and of which only a digest is kept: the token of a
/// session or link, a recovery code. Prints as `<redacted>`.
package struct FreshSecret: Sendable {
    /// The secret itself.
    package let revealed: String

    package init(_ revealed: String) {
        self.revealed = revealed
    }
}

extension Password: CustomStringConvertible, CustomReflectable {
    /// Never the password.
    package var description: String { "<redacted>" }
    /// No children: `dump` and test failures would print the bytes otherwise.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension FreshSecret: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    package var description: String { "<redacted>" }
    /// No children, as in `Password`.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Why a password may not be chosen.
package enum PasswordProblem: Error, Hashable, Sendable {
    /// Fewer characters than this account needs: 15, or 12 with TOTP.
    case tooShort(least: Int)
    /// More bytes than are ever hashed.
    case tooLong(mostBytes: Int)
    /// It is not UTF-8 or holds a zero byte.
    case unreadable
    /// It is on a list of those that many people use.
    case common
    /// It is little more than the account's own address or name, or this program's name.
    case personal
    /// It repeats few characters, or goes through the alphabet or the digits.
    case repetitive

    /// One sentence for people, safe to show.
    package var description: String {
        switch self {
        case .tooShort(let least): "The password must have at least \(least) characters."
        case .tooLong(let most): "The password may have at most \(most) bytes."
        case .unreadable: "The password must be UTF-8 without zero bytes."
        case .common: "Many people use this password, so it is tried first; choose another one."
        case .personal:
            "The password must be more than your address, your name, or the name of this service."
        case .repetitive:
            "The password must not be a repetition or a sequence of characters; choose another one."
        }
    }
}
