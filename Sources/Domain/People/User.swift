/// Somebody with an account. Nothing secret is in it.
package struct User: Sendable, Equatable {
    package let id: UserID
    /// Unique among all users, disabled ones too.
    package let email: EmailAddress
    package let name: UserName
    package let role: Role
    /// Whether the account is closed: its user cannot sign in and has no session.
    package let isDisabled: Bool
    package let createdAt: Timestamp
    /// Nil before the first sign-in.
    package let lastSignInAt: Timestamp?
    /// False until its owner has chosen one, and after a reset.
    package let hasPassword: Bool
    /// Whether signing in takes a code besides the password.
    package let hasTOTP: Bool
    /// How many recovery codes have not been used; 0 without TOTP.
    package let recoveryCodesLeft: Int
    /// When the link with which its owner may choose a password ends; nil if there is none.
    package let linkExpiresAt: Timestamp?

    package init(
        id: UserID, email: EmailAddress, name: UserName, role: Role, isDisabled: Bool = false,
        createdAt: Timestamp, lastSignInAt: Timestamp? = nil, hasPassword: Bool = true,
        hasTOTP: Bool = false, recoveryCodesLeft: Int = 0, linkExpiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.email = email
        self.name = name
        self.role = role
        self.isDisabled = isDisabled
        self.createdAt = createdAt
        self.lastSignInAt = lastSignInAt
        self.hasPassword = hasPassword
        self.hasTOTP = hasTOTP
        self.recoveryCodesLeft = recoveryCodesLeft
        self.linkExpiresAt = linkExpiresAt
    }

    /// The user as the caller of a request.
    package var principal: Principal { Principal(user: id, name: email.text, role: role) }
}

/// What shall change of a user; nil leaves a thing as it is.
package struct UserChange: Sendable, Equatable {
    package let role: Role?
    package let isDisabled: Bool?
    package let name: UserName?

    package init(role: Role? = nil, isDisabled: Bool? = nil, name: UserName? = nil) {
        self.role = role
        self.isDisabled = isDisabled
        self.name = name
    }
}

/// The account of a user to be.
package struct UserDraft: Sendable, Equatable {
    package let email: EmailAddress
    package let name: UserName
    package let role: Role

    /// The address's local part is the name unless one is given.
    package init(email: EmailAddress, name: UserName? = nil, role: Role = .viewer) {
        self.email = email
        self.name = name ?? UserName(of: email)
        self.role = role
    }
}
