/// Why an account's request was refused. The description of each is safe to show.
package enum AccountFailure: Error, Sendable {
    /// A wrong password, an unknown address or a disabled account: nobody is told which.
    case wrongCredentials
    /// The password is right, and a code is needed besides.
    case codeRequired
    /// The password is right, and the code is wrong, old or used.
    case wrongCode
    /// There were too many failures; the earliest time for the next attempt.
    case throttled(until: Timestamp)
    /// Too many passwords wait to be checked; when to try again.
    case busy(retryAfter: Duration)
    /// The new password cannot be taken.
    case badPassword(PasswordProblem)
    /// The link is unknown, used or past its end.
    case wrongLink
    /// There is no such user.
    case unknownUser
    /// Another user has this address.
    case emailTaken
    /// There are as many users as there may be.
    case tooManyUsers
    /// TOTP is set up already, or, where it is to be confirmed or removed, not.
    case wrongTOTPState
    /// The user's role demands TOTP, so it cannot be removed.
    case totpDemanded
    /// The session has ended meanwhile.
    case sessionEnded
    /// The database did not answer, or refused.
    case store(StoreFailure)
}

/// One attempt to sign in.
package struct SignInAttempt: Sendable {
    /// As it was typed; any text.
    package let email: String
    package let password: Password
    /// Six digits, or a recovery code; nil if none was typed.
    package let code: String?
    package let origin: RequestOrigin
    /// What the browser calls itself; cut where it is stored.
    package let userAgent: String?

    package init(
        email: String, password: Password, code: String? = nil, origin: RequestOrigin,
        userAgent: String? = nil
    ) {
        self.email = email
        self.password = password
        self.code = code
        self.origin = origin
        self.userAgent = userAgent
    }
}

/// A session that has just begun, with its token.
package struct StartedSession: Sendable {
    package let signedIn: SignedIn
    /// For the cookie; 43 characters of base64url.
    package let token: FreshSecret

    package init(signedIn: SignedIn, token: FreshSecret) {
        self.signedIn = signedIn
        self.token = token
    }
}

/// A one-time link's token, with which a password may be chosen.
package struct PasswordLink: Sendable {
    package let user: User
    /// 43 characters of base64url.
    package let token: FreshSecret
    package let expiresAt: Timestamp

    package init(user: User, token: FreshSecret, expiresAt: Timestamp) {
        self.user = user
        self.token = token
        self.expiresAt = expiresAt
    }
}

/// What an authenticator app needs to make codes.
package struct TOTPSetup: Sendable {
    /// The secret in Base32, for typing.
    package let secret: FreshSecret
    /// The secret as an `otpauth://` address, for a QR code.
    package let address: FreshSecret

    package init(secret: FreshSecret, address: FreshSecret) {
        self.secret = secret
        self.address = address
    }
}

/// TOTP is set up, with what its owner is shown once.
package struct TOTPConfirmation: Sendable {
    package let recoveryCodes: [FreshSecret]
    /// The session's new token, since its rights may have changed.
    package let token: FreshSecret

    package init(recoveryCodes: [FreshSecret], token: FreshSecret) {
        self.recoveryCodes = recoveryCodes
        self.token = token
    }
}

/// What becomes of an account's request. Called once, on a thread of the service, which it may
/// block as long as a query of the database takes.
package typealias AccountCompletion<Value> = @Sendable (Result<Value, AccountFailure>) -> Void

/// The accounts as callers use them: it decides, and the stores keep.
///
/// What hashes a password completes later, on one of a few threads of its own; it returns at once
/// and fails with `busy` when too much waits. The others block as a query does. Any thread.
package protocol AccountService: Sendable {
    /// Signs a user in, or counts a failure. The time that it takes does not show whether the
    /// address is known.
    func signIn(
        _ attempt: SignInAttempt, completion: @escaping AccountCompletion<StartedSession>)

    /// Takes a new password from the holder of a one-time link, whose sessions then end. The link
    /// is used up only if the password is taken.
    func choosePassword(
        link: String, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<User>)

    /// Changes one's own password; ends one's other sessions. A wrong current password counts as a
    /// failed sign-in. Completes with the session's new token.
    func changePassword(
        of signedIn: SignedIn, from current: Password, to new: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>)

    /// Makes a TOTP secret, which counts only when a code has confirmed it; a later one replaces
    /// it. Needs the password again.
    func startTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<TOTPSetup>)

    /// Sets TOTP up by its first code.
    func confirmTOTP(
        of signedIn: SignedIn, code: String, origin: RequestOrigin
    ) throws(AccountFailure) -> TOTPConfirmation

    /// Removes TOTP with its recovery codes. Needs the password again. Completes with the session's
    /// new token.
    func removeTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>)

    /// Replaces the recovery codes by ten new ones. Needs the password again.
    func renewRecoveryCodes(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<[FreshSecret]>)

    /// Gives a session a new token; the old one is good for some seconds more, for requests that
    /// are under way. Nil if another request has just renewed it.
    func renewToken(of signedIn: SignedIn) throws(AccountFailure) -> FreshSecret?

    /// Makes an account without a password, and the link with which its owner chooses one.
    func create(
        _ draft: UserDraft, by requester: Requester
    ) throws(AccountFailure) -> PasswordLink

    /// Takes a user's password and second factor away, ends the sessions, forgets failures, and
    /// makes a new link.
    func reset(_ id: UserID, by requester: Requester) throws(AccountFailure) -> PasswordLink
}
