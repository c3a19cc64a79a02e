/// Identifies a session in lists and records; version 7. It is not the token that proves it.
package typealias SessionID = Identifier<Session>

/// The time in which one browser is signed in. Its token is not stored, only its SHA-256.
package struct Session: Sendable, Equatable {
    package let id: SessionID
    package let user: UserID
    package let createdAt: Timestamp
    /// To the minute.
    package let lastActiveAt: Timestamp
    /// When it ends unless there is activity before.
    package let idleEndsAt: Timestamp
    /// When it ends whatever happens.
    package let endsAt: Timestamp
    /// Where the sign-in came from; nil if nginx did not say.
    package let address: String?
    /// What the browser called itself at the sign-in, at most 200 characters.
    package let userAgent: String?

    package init(
        id: SessionID, user: UserID, createdAt: Timestamp, lastActiveAt: Timestamp,
        idleEndsAt: Timestamp, endsAt: Timestamp, address: String? = nil, userAgent: String? = nil
    ) {
        self.id = id
        self.user = user
        self.createdAt = createdAt
        self.lastActiveAt = lastActiveAt
        self.idleEndsAt = idleEndsAt
        self.endsAt = endsAt
        self.address = address
        self.userAgent = userAgent
    }
}

/// A user in a session that has not ended.
package struct SignedIn: Sendable, Equatable {
    package let user: User
    package let session: Session
    /// Whether the user's role demands a second factor that is not set up: then the session is good
    /// for setting it up, for seeing who one is, and for signing out, and for nothing else.
    package let mustSetUpTOTP: Bool
    /// Whether the user's rights have changed since the token was made: then the answer should
    /// carry a new token, see `AccountService.renewToken`.
    package let needsNewToken: Bool

    package init(
        user: User, session: Session, mustSetUpTOTP: Bool = false, needsNewToken: Bool = false
    ) {
        self.user = user
        self.session = session
        self.mustSetUpTOTP = mustSetUpTOTP
        self.needsNewToken = needsNewToken
    }
}

/// How long sessions last, and who needs a second factor; from the settings.
package struct SessionPolicy: Sendable, Equatable {
    /// After so long without activity a session ends.
    package let idle: Duration
    /// After so long it ends in any case.
    package let absolute: Duration
    /// The roles whose users must set up TOTP.
    package let totpRoles: Set<Role>

    package init(
        idle: Duration = .seconds(1800), absolute: Duration = .seconds(43_200),
        totpRoles: Set<Role> = []
    ) {
        self.idle = idle
        self.absolute = absolute
        self.totpRoles = totpRoles
    }
}
