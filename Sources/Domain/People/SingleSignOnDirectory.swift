/// Where users who sign in elsewhere are kept. Any thread.
package protocol SingleSignOnDirectory: Sendable {
    /// The user of an address, made at the first visit; the role follows the given one, unless that
    /// would take the last admin. Every change writes its audit entry in the same transaction, and
    /// so does a visit when the last sign-in is as long ago as a session may last.
    ///
    /// - Returns: nil if there are too many users to make another one.
    func visit(
        _ email: EmailAddress, role: Role, from origin: RequestOrigin
    ) throws(StoreFailure) -> User?
}
