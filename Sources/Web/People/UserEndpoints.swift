package import Domain
import FastCGI
import JSON

/// The accounts, for those who manage them.
package struct UserEndpoints: Sendable {
    private let users: any UserStore
    private let accounts: any AccountService
    private let sessions: any SessionStore

    package init(
        users: any UserStore, accounts: any AccountService, sessions: any SessionStore
    ) {
        self.users = users
        self.accounts = accounts
        self.sessions = sessions
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listUsers) { _, _ throws(Problem) in try list() },
            endpoint.route(.createUser, later: create),
            endpoint.route(.showUser) { request, _ throws(Problem) in try show(request) },
            endpoint.route(.changeUser, later: change),
            endpoint.route(.resetUser, later: reset),
            endpoint.route(.endUserSessions, endSessions),
        ]
    }

    private func list() throws(Problem) -> Response {
        let all: [User]
        do {
            all = try users.users()
        } catch {
            throw Problem(error)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("users") { json in
                    for user in all { json.object { json in PeopleView.user(user, in: &json) } }
                }
            })
    }

    private func create(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        var body = try BodyReader(exchange, request, .createUser, known: ["email", "name", "role"])
        let email = EmailAddress(body.requiredText("email"))
        if email == nil, body.problems.list.allSatisfy({ $0.field != "email" }) {
            body.problems.add("email", "bad_address", "It takes \(EmailAddress.rule).")
        }
        let name = Self.name(&body)
        let role = Self.role(&body)
        try body.check()
        guard let email else { return nil }
        do throws(AccountFailure) {
            let link = try accounts.create(
                UserDraft(email: email, name: name, role: role ?? .viewer),
                by: request.requester(principal))
            return .json(.created, body: PeopleView.document(of: link, at: request.site))
        } catch {
            throw Problem(error)
        }
    }

    private func show(_ request: APIRequest) throws(Problem) -> Response {
        let id = try Self.id(request)
        let user: User?
        do {
            user = try users.user(id)
        } catch {
            throw Problem(error)
        }
        guard let user else { throw Problem(.unknownUser) }
        return .json(body: PeopleView.document(of: user))
    }

    private func change(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let id = try Self.id(request)
        var body = try BodyReader(
            exchange, request, .changeUser, known: ["role", "disabled", "name"])
        let change = UserChange(
            role: Self.role(&body), isDisabled: body.flag("disabled"), name: Self.name(&body))
        try body.check()
        let result: UserChangeResult
        do {
            result = try users.change(id, change, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        switch result {
        case .changed(let user): return .json(body: PeopleView.document(of: user))
        case .unknown: throw Problem(.unknownUser)
        case .lastAdmin:
            throw Problem(
                .conflict, "last_admin",
                "This is the last admin whose account is open; make another one first.")
        }
    }

    private func reset(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        let id = try Self.id(request)
        try BodyReader(exchange, request, .resetUser, known: []).check()
        do throws(AccountFailure) {
            let link = try accounts.reset(id, by: request.requester(principal))
            return .json(body: PeopleView.document(of: link, at: request.site))
        } catch {
            throw Problem(error)
        }
    }

    private func endSessions(
        _ request: APIRequest, _ principal: Principal
    ) throws(Problem) -> Response {
        let id = try Self.id(request)
        let isKnown: Bool
        let count: Int
        do {
            isKnown = try users.user(id) != nil
            count =
                isKnown
                ? try sessions.endAll(of: id, except: nil, by: request.requester(principal)) : 0
        } catch {
            throw Problem(error)
        }
        guard isKnown else { throw Problem(.unknownUser) }
        return .json(body: JSONWriter.document { json in json.member("ended", count) })
    }

    private static func id(_ request: APIRequest) throws(Problem) -> UserID {
        guard let id = UserID(anyCase: request.captures[0]) else { throw Problem(.unknownUser) }
        return id
    }

    private static func role(_ body: inout BodyReader) -> Role? {
        guard let text = body.text("role") else { return nil }
        if let role = Role(rawValue: text) { return role }
        let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
        body.problems.add("role", "unknown_role", "There is no such role; known: \(known).")
        return nil
    }

    private static func name(_ body: inout BodyReader) -> UserName? {
        guard let text = body.text("name") else { return nil }
        if let name = UserName(text) { return name }
        body.problems.add("name", "bad_name", "It takes \(UserName.rule).")
        return nil
    }
}
