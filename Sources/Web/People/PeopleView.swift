package import Domain
import FastCGI
import JSON

/// Users and sessions as clients see them. No hash and no token is ever in them.
package enum PeopleView {
    static func user(_ user: User, in json: inout JSONWriter) {
        json.member("id", user.id.description)
        json.member("email", user.email.text)
        json.member("name", user.name.description)
        json.member("role", user.role.rawValue)
        json.member("disabled", user.isDisabled)
        json.member("created_at", user.createdAt.description)
        json.member("last_sign_in_at", user.lastSignInAt?.description)
        json.member("has_password", user.hasPassword)
        json.member("has_totp", user.hasTOTP)
        json.member("recovery_codes_left", user.recoveryCodesLeft)
        json.member("link_expires_at", user.linkExpiresAt?.description)
    }

    package static func document(of user: User) -> [UInt8] {
        JSONWriter.document { json in Self.user(user, in: &json) }
    }

    /// A user with a one-time link, which is shown this once.
    ///
    /// The token is in the fragment, which browsers do not send: it reaches no log.
    static func document(of link: PasswordLink, at site: String?) -> [UInt8] {
        JSONWriter.document { json in
            json.object("user") { json in user(link.user, in: &json) }
            json.object("link") { json in
                json.member("url", "\(site ?? "")/set-password#\(link.token.revealed)")
                json.member("token", link.token.revealed)
                json.member("expires_at", link.expiresAt.description)
            }
        }
    }

    static func session(_ session: Session, isCurrent: Bool, in json: inout JSONWriter) {
        json.member("id", session.id.description)
        json.member("current", isCurrent)
        json.member("created_at", session.createdAt.description)
        json.member("last_active_at", session.lastActiveAt.description)
        json.member("idle_ends_at", session.idleEndsAt.description)
        json.member("ends_at", session.endsAt.description)
        json.member("address", session.address)
        json.member("user_agent", session.userAgent)
    }

    /// Who somebody is, and what that user may do.
    static func whoAmI(
        _ user: User, role: Role, session: Session?, mustSetUpTOTP: Bool
    ) -> [UInt8] {
        JSONWriter.document { json in
            json.object("user") { json in Self.user(user, in: &json) }
            json.member("role", role.rawValue)
            json.array("permissions") { json in
                guard !mustSetUpTOTP else { return }
                for permission in permissions(of: role) { json.string(permission) }
            }
            json.member("must_set_up_totp", mustSetUpTOTP)
            json.key("session")
            guard let session else { return json.null() }
            json.object { json in Self.session(session, isCurrent: true, in: &json) }
        }
    }

    /// `read`, `send` and `admin` are the scopes of keys; `details` is to see whole numbers and texts.
    static func permissions(of role: Role) -> [String] {
        let scopes = role.scopes.sorted().map(\.rawValue)
        return (scopes + (role >= .operator ? ["details"] : [])).sorted()
    }

    static func principal(_ principal: Submitter?, _ name: String, in json: inout JSONWriter) {
        json.key(name)
        guard let principal else { return json.null() }
        json.object { json in
            json.member("kind", principal.id.kind.rawValue)
            json.member("id", principal.id.uuid.description)
            json.member("name", principal.name)
        }
    }
}
