/// A user with what proves the identity. Never leaves the service.
package struct Credentials: Sendable {
    package let user: User
    /// In the form of crypt(5); nil without a password.
    package let passwordHash: String?
    /// Nil without a second factor.
    package let totpSecret: [UInt8]?
    /// The step of the last code that was used.
    package let totpLastStep: Int64?
    /// A secret that no code has confirmed yet; nil if there is none, or an old one.
    package let totpProposal: [UInt8]?

    package init(
        user: User, passwordHash: String?, totpSecret: [UInt8]? = nil, totpLastStep: Int64? = nil,
        totpProposal: [UInt8]? = nil
    ) {
        self.user = user
        self.passwordHash = passwordHash
        self.totpSecret = totpSecret
        self.totpLastStep = totpLastStep
        self.totpProposal = totpProposal
    }
}

/// The code that a sign-in was proved with besides the password.
package enum SecondFactor: Sendable, Equatable {
    case none
    /// The code of a step, later than the last one used.
    case totp(step: Int64)
    /// SHA-256 of a recovery code.
    case recoveryCode(hash: [UInt8])
}

/// Whether a password may be checked now.
package enum SignInAdmission: Sendable, Equatable {
    /// It may; whether it counts as a failure until it turns out otherwise.
    case admitted(isCounted: Bool)
    case delayed(until: Timestamp)
}

/// Why an attempt to prove an identity failed, for the audit.
package enum SignInRefusal: String, Sendable, CaseIterable {
    case unknownAddress = "unknown_address"
    case disabled
    case noPassword = "no_password"
    case wrongPassword = "wrong_password"
    case wrongCode = "wrong_code"
    /// It came before the wait was over.
    case tooEarly = "too_early"
}

/// A session to be, after its user has been proved.
package struct SessionDraft: Sendable {
    /// The user as read; the session does not begin if the password has changed since.
    package let credentials: Credentials
    package let factor: SecondFactor
    /// SHA-256 of the token.
    package let tokenHash: [UInt8]
    /// Takes the place of an outdated password hash.
    package let newHash: String?
    package let origin: RequestOrigin
    package let userAgent: String?

    package init(
        credentials: Credentials, factor: SecondFactor, tokenHash: [UInt8], newHash: String?,
        origin: RequestOrigin, userAgent: String?
    ) {
        self.credentials = credentials
        self.factor = factor
        self.tokenHash = tokenHash
        self.newHash = newHash
        self.origin = origin
        self.userAgent = userAgent
    }
}

/// The result of beginning a session.
package enum SessionBegin: Sendable {
    case begun(SignedIn)
    /// The code has been used by somebody else in the meantime.
    case codeUsed
    /// The account was disabled or got another password in the meantime.
    case changed
}

/// A session's new token: by which it is found now, and by which it shall be.
package struct TokenChange: Sendable {
    package let session: SessionID
    /// SHA-256 of the new token.
    package let newHash: [UInt8]

    package init(session: SessionID, newHash: [UInt8]) {
        self.session = session
        self.newHash = newHash
    }
}

/// The result of making an account.
package enum UserCreation: Sendable, Equatable {
    case created(User)
    case emailTaken
    case tooMany
}

/// An account brought from another system.
package struct ImportedUser: Sendable {
    package let draft: UserDraft
    /// In the form of crypt(5); nil for an account whose owner must be given a link.
    package let passwordHash: String?

    package init(draft: UserDraft, passwordHash: String?) {
        self.draft = draft
        self.passwordHash = passwordHash
    }
}

/// Where credentials are kept, for `AccountService` alone. Every change writes its audit entry in
/// the same transaction. Hashes of tokens and codes are SHA-256.
package protocol CredentialStore: Sendable {
    func credentials(email: EmailAddress) throws(StoreFailure) -> Credentials?
    func credentials(_ id: UserID) throws(StoreFailure) -> Credentials?
    /// Of the user whose link has this hash and has not expired.
    func credentials(linkHash: [UInt8]) throws(StoreFailure) -> Credentials?

    /// Asks whether a password may be checked for an address. Once there have been failures enough
    /// for a delay, an admission counts as a failure until it turns out otherwise, so that of many
    /// attempts at once one is admitted.
    ///
    /// The first attempt of a wait that is refused has an audit entry.
    ///
    /// - Parameters:
    ///   - key: SHA-256 of the address in lower case.
    ///   - email: the address that was given, for the audit.
    ///   - origin: by which request.
    /// - Returns: whether it may, or from when on.
    /// - Throws: `StoreFailure`; then no password is checked.
    func admit(
        _ key: [UInt8], email: String, from origin: RequestOrigin
    ) throws(StoreFailure) -> SignInAdmission

    /// Counts a failure.
    ///
    /// - Parameters:
    ///   - key: as for `admit`.
    ///   - email: the address that was given, for the audit.
    ///   - refusal: why, for the audit.
    ///   - isCounted: whether the admission has counted it.
    ///   - origin: by which request.
    /// - Throws: `StoreFailure`.
    func countFailure(
        _ key: [UInt8], email: String, _ refusal: SignInRefusal, isCounted: Bool,
        from origin: RequestOrigin
    ) throws(StoreFailure)

    /// Takes back what an admission counted, after the right password without the code that is
    /// needed besides: the next attempt, with the code, must not wait for it.
    func withdrawAdmission(_ key: [UInt8]) throws(StoreFailure)

    /// Forgets the failures of an address, after the right password for something else than a
    /// sign-in.
    func forgetFailures(_ key: [UInt8]) throws(StoreFailure)

    /// Uses the code up, begins the session, and forgets the failures.
    func begin(_ draft: SessionDraft) throws(StoreFailure) -> SessionBegin

    /// Makes an account with a link or a password hash.
    func create(
        _ draft: UserDraft, link: [UInt8]?, passwordHash: String?, by requester: Requester
    ) throws(StoreFailure) -> UserCreation

    /// Takes password, second factor, sessions and failures away, and keeps a new link; nil if
    /// there is no such user.
    func reset(_ id: UserID, link: [UInt8], by requester: Requester) throws(StoreFailure) -> User?

    /// Uses a link up for a new password; nil if it is not good any more.
    func choosePassword(
        linkHash: [UInt8], passwordHash: String, from origin: RequestOrigin
    ) throws(StoreFailure) -> User?

    /// Sets a password, and ends all sessions but the one that gets a new token.
    ///
    /// - Parameters:
    ///   - credentials: as read; nothing happens if the password has changed since.
    ///   - passwordHash: the new one.
    ///   - token: of the session that stays; nil if none does.
    ///   - requester: who.
    /// - Returns: false if the password or the session was changed in the meantime.
    /// - Throws: `StoreFailure`; then nothing was changed, or the outcome is unknown.
    func changePassword(
        of credentials: Credentials, to passwordHash: String, token: TokenChange?,
        by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Keeps a TOTP secret until a code confirms it; false if one is confirmed already.
    func proposeTOTP(of id: UserID, secret: [UInt8]) throws(StoreFailure) -> Bool

    /// Makes the proposed secret the one that counts, with its recovery codes; false if the
    /// proposal or the session was changed in the meantime.
    func confirmTOTP(
        of id: UserID, secret: [UInt8], step: Int64, recoveryCodes: [[UInt8]], token: TokenChange,
        by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Removes the second factor; false if there is none, or the session has ended.
    func removeTOTP(
        of id: UserID, token: TokenChange, by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Replaces the recovery codes; false without a second factor.
    func replaceRecoveryCodes(
        of id: UserID, by codes: [[UInt8]], requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Gives a session a new token, unless its user's rights are still those of the old token; the
    /// old one is good for some seconds more.
    func renew(_ token: TokenChange) throws(StoreFailure) -> Bool

    /// Adds accounts, all or none; those whose address is taken are left as they are.
    ///
    /// - Parameters:
    ///   - users: with different addresses.
    ///   - requester: who.
    /// - Returns: which were added, in the order of `users`; the others' addresses are taken, or
    ///   there are as many users as there may be.
    /// - Throws: `StoreFailure`; then none was added, or the outcome is unknown.
    func add(_ users: [ImportedUser], by requester: Requester) throws(StoreFailure) -> [Bool]
}
