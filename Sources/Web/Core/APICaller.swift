package import Domain
import FastCGI

/// Who makes a request, and how that is known.
package struct APICaller: Sendable {
    package let principal: Principal
    /// The session, for a user who has signed in here; nil for keys and single sign-on.
    package let signedIn: SignedIn?
    /// The user, for one who has signed in here or elsewhere.
    package let user: User?

    init(_ principal: Principal) {
        self.principal = principal
        signedIn = nil
        user = nil
    }

    init(_ signedIn: SignedIn) {
        principal = signedIn.user.principal
        self.signedIn = signedIn
        user = signedIn.user
    }

    /// A user whom nginx names.
    init(named user: User, role: Role) {
        principal = Principal(user: user.id, name: user.email.text, role: role)
        signedIn = nil
        self.user = user
    }
}
