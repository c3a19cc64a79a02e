/// The result of changing a user.
package enum UserChangeResult: Sendable, Equatable {
    /// The user as it now is; also if nothing had to change.
    case changed(User)
    /// There is no such user.
    case unknown
    /// It is the last admin that is not disabled, which may be neither disabled nor demoted.
    case lastAdmin
}

/// Where users are kept. Every change writes its audit entry in the same transaction.
package protocol UserStore: Sendable {
    /// All users, in the order of their addresses; at most `userLimit`.
    func users() throws(StoreFailure) -> [User]

    /// A user by its key, nil if there is none.
    func user(_ id: UserID) throws(StoreFailure) -> User?

    /// A user by its address, nil if there is none.
    func user(email: EmailAddress) throws(StoreFailure) -> User?

    /// Changes role, name, or whether the account is closed. Closing it ends the user's sessions
    /// and link; another role gives each session a new token at its next request.
    func change(
        _ id: UserID, _ change: UserChange, by requester: Requester
    ) throws(StoreFailure) -> UserChangeResult

    /// Forgets failed sign-ins, so that the user may try at once; false if there is no such user.
    func clearFailures(of id: UserID, by requester: Requester) throws(StoreFailure) -> Bool
}

/// How many users there may be.
package let userLimit = 10_000

/// Where sessions are kept. Every end writes its audit entry in the same transaction.
package protocol SessionStore: Sendable {
    /// The session with a token of this SHA-256, and its user.
    ///
    /// - Parameters:
    ///   - tokenHash: SHA-256 of the token.
    ///   - isActivity: false for a request that the user did not make, such as an open stream's:
    ///     then the idle end does not move.
    /// - Returns: nil if there is none, if it has ended, or if the user is disabled.
    /// - Throws: `StoreFailure`; then nothing is known of the session.
    func session(tokenHash: [UInt8], isActivity: Bool) throws(StoreFailure) -> SignedIn?

    /// A user's sessions that have not ended, the latest activity first.
    func sessions(of user: UserID) throws(StoreFailure) -> [Session]

    /// Ends one session of a user; false if there is no such session.
    func end(
        _ id: SessionID, of user: UserID, by requester: Requester
    ) throws(StoreFailure) -> Bool

    /// Ends a user's sessions, all or all but one; how many ended.
    func endAll(
        of user: UserID, except kept: SessionID?, by requester: Requester
    ) throws(StoreFailure) -> Int
}
