package import Domain
import FastCGI
import JSON
private import Security

/// Signing in and out, who one is, and one's own sessions.
package struct SessionEndpoints: Sendable {
    private let accounts: any AccountService
    private let sessions: any SessionStore

    package init(accounts: any AccountService, sessions: any SessionStore) {
        self.accounts = accounts
        self.sessions = sessions
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.openRoute(.signIn, later: signIn),
            endpoint.route(
                .showSession,
                // A page may ask all the time whether it is still signed in.
                isActivity: { (try? $0.value("activity")) != "false" },
                caller: { _, _, caller throws(Problem) in try show(caller) }),
            endpoint.route(
                .signOut,
                caller: { request, _, caller throws(Problem) in try signOut(request, caller) }
            ),
            endpoint.route(
                .listSessions, caller: { _, _, caller throws(Problem) in try list(caller) }),
            endpoint.route(
                .endSession,
                caller: { request, _, caller throws(Problem) in try end(request, caller) }),
        ]
    }

    private func signIn(
        _ request: APIRequest, _ exchange: Exchange, _: () throws(Problem) -> APICaller
    ) throws(Problem) -> Response? {
        var body = try BodyReader(
            exchange, request, .signIn, known: ["email", "password", "code"])
        let attempt = SignInAttempt(
            email: body.requiredText("email"), password: Password(body.requiredText("password")),
            code: body.text("code"), origin: request.origin, userAgent: request.userAgent)
        try body.check()
        let requestID = request.requestID
        let earlier = earlierSession(request)
        accounts.signIn(attempt) { [sessions] result in
            switch result {
            case .success(let started):
                let signedIn = started.signedIn
                // The browser forgets the earlier cookie, so nobody could end that session any more.
                if let earlier {
                    let requester = request.requester(earlier.user.principal)
                    _ = try? sessions.end(
                        earlier.session.id, of: earlier.user.id, by: requester)
                }
                exchange.respond(
                    Response(
                        .ok,
                        headers: [.json, .variesByOrigin] + SessionCookie.setting(started.token),
                        body: PeopleView.whoAmI(
                            signedIn.user, role: signedIn.user.role, session: signedIn.session,
                            mustSetUpTOTP: signedIn.mustSetUpTOTP)))
            case .failure(let failure):
                exchange.respond(
                    Problem(failure, isSignIn: true).response(requestID: requestID))
            }
        }
        return nil
    }

    /// The session that the browser has had until now.
    private func earlierSession(_ request: APIRequest) -> SignedIn? {
        guard case .token(let token) = SessionCookie.find(in: request.cookie) else { return nil }
        return try? sessions.session(tokenHash: token.digest.bytes, isActivity: false)
    }

    private func show(_ caller: APICaller) throws(Problem) -> Response {
        guard let user = caller.user, let role = caller.principal.role else {
            throw PeopleAccess.sessionEnded
        }
        return .json(
            body: PeopleView.whoAmI(
                user, role: role, session: caller.signedIn?.session,
                mustSetUpTOTP: caller.signedIn?.mustSetUpTOTP ?? false))
    }

    private func signOut(_ request: APIRequest, _ caller: APICaller) throws(Problem) -> Response {
        if let signedIn = caller.signedIn {
            do {
                _ = try sessions.end(
                    signedIn.session.id, of: signedIn.user.id,
                    by: request.requester(caller.principal))
            } catch {
                throw Problem(error)
            }
        }
        return Response(.noContent, headers: [SessionCookie.clearing])
    }

    private func list(_ caller: APICaller) throws(Problem) -> Response {
        guard let user = caller.user else { throw PeopleAccess.sessionEnded }
        let all: [Session]
        do {
            all = try sessions.sessions(of: user.id)
        } catch {
            throw Problem(error)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("sessions") { json in
                    for session in all {
                        json.object { json in
                            PeopleView.session(
                                session, isCurrent: session.id == caller.signedIn?.session.id,
                                in: &json)
                        }
                    }
                }
            })
    }

    /// Another user's session is as unknown as one that never was.
    private func end(_ request: APIRequest, _ caller: APICaller) throws(Problem) -> Response {
        guard let user = caller.user else { throw PeopleAccess.sessionEnded }
        let unknown = Problem(
            .notFound, "unknown_session", "You have no session of this id, or it has ended.")
        guard let id = SessionID(anyCase: request.captures[0]) else { throw unknown }
        let hasEnded: Bool
        do {
            hasEnded = try sessions.end(id, of: user.id, by: request.requester(caller.principal))
        } catch {
            throw Problem(error)
        }
        guard hasEnded else { throw unknown }
        return Response(
            .noContent, headers: id == caller.signedIn?.session.id ? [SessionCookie.clearing] : [])
    }
}

extension HeaderField {
    /// What an answer to a browser depends on, for caches between. Nothing stores it in any case.
    static let variesByOrigin = HeaderField("Vary", "Cookie, Sec-Fetch-Site, Origin")
}
