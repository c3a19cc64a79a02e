package import Domain
import FastCGI

/// Users whom nginx has authenticated elsewhere, by `auth_request`.
///
/// nginx names the user and the groups in parameters of its own. A client's header always arrives as
/// `HTTP_…`, so no client can write them.
package struct SingleSignOn: Sendable {
    private let settings: SingleSignOnSettings
    private let directory: any SingleSignOnDirectory

    package init(_ settings: SingleSignOnSettings, directory: any SingleSignOnDirectory) {
        self.settings = settings
        self.directory = directory
    }

    /// What nginx calls the user; nil if it names none.
    func name(in request: APIRequest) -> String? { request.parameter(settings.userParameter) }

    /// The user of this name.
    ///
    /// - Throws: 403 for one who has no role here or whose account is closed, 503 if the database
    ///   does not answer.
    func caller(named name: String, _ request: APIRequest) throws(Problem) -> APICaller {
        guard let email = EmailAddress(name) else {
            throw Problem(
                .forbidden, "sso_without_address",
                "The single sign-on names no e-mail address; an account here needs one.")
        }
        guard let role = settings.role(of: request.parameter(settings.groupsParameter)) else {
            throw Problem(
                .forbidden, "sso_without_role",
                "None of your groups has a role here; ask whoever manages them.")
        }
        let user: User?
        do {
            user = try directory.visit(email, role: role, from: request.origin)
        } catch {
            throw Problem(error)
        }
        guard let user, !user.isDisabled else {
            throw Problem(
                .forbidden, "account_disabled",
                "This account is closed here; ask an administrator of this service.")
        }
        // The last admin keeps the role, and is still only what the groups say.
        return APICaller(named: user, role: min(role, user.role))
    }
}

/// How nginx names users, and what their groups may do.
package struct SingleSignOnSettings: Sendable, Equatable {
    /// The parameter with the user's e-mail address.
    package let userParameter: String
    /// The parameter with the groups, with commas between them.
    package let groupsParameter: String
    package let roles: [String: Role]

    package init(userParameter: String, groupsParameter: String, roles: [String: Role]) {
        self.userParameter = userParameter
        self.groupsParameter = groupsParameter
        self.roles = roles
    }

    /// The highest role of some groups; nil if none has one.
    func role(of groups: String?) -> Role? {
        (groups ?? "").split(separator: ",").compactMap { group in
            let name = group.drop { $0 == " " }
            let end = name.lastIndex { $0 != " " }
            return end.flatMap { roles[String(name[...$0])] }
        }.max()
    }
}
