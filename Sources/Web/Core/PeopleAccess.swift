package import Domain
import FastCGI
import JSON
import Security

/// Checks sessions, and what single sign-on says. Any thread.
package struct PeopleAccess: Sendable {
    private let sessions: any SessionStore
    private let accounts: any AccountService
    private let singleSignOn: SingleSignOn?
    private let refusals: RefusalLog

    package init(
        sessions: any SessionStore, accounts: any AccountService, singleSignOn: SingleSignOn? = nil,
        refusals: RefusalLog
    ) {
        self.sessions = sessions
        self.accounts = accounts
        self.singleSignOn = singleSignOn
        self.refusals = refusals
    }

    /// The user of a session.
    ///
    /// - Parameters:
    ///   - token: the cookie's.
    ///   - request: which must come from a page of ours if it may change something.
    ///   - isActivity: whether the session goes on being active.
    /// - Returns: the caller.
    /// - Throws: 401 for a session that has ended, 403 for a request of another site's page, 415 for
    ///   a body that a form could send, 503 if the database does not answer.
    func caller(
        token: OpaqueToken, _ request: APIRequest, isActivity: Bool
    ) throws(Problem) -> APICaller {
        let hash = token.digest.bytes
        do throws(Problem) {
            try Self.checkOrigin(request)
        } catch {
            // Somebody else's page made this request: it is no activity of the user's.
            if let user = try? sessions.session(tokenHash: hash, isActivity: false)?.user {
                note(error, of: user.principal, request)
            }
            throw error
        }
        let found: SignedIn?
        do {
            found = try sessions.session(tokenHash: hash, isActivity: isActivity)
        } catch {
            throw Problem(error)
        }
        guard let found else { throw Self.sessionEnded }
        return APICaller(found)
    }

    /// The user whom nginx names; nil if it names none. The same rules hold as for a session: a
    /// browser adds that sign-on, too, to what another site's page makes it send.
    func namedCaller(_ request: APIRequest) throws(Problem) -> APICaller? {
        guard let singleSignOn, let name = singleSignOn.name(in: request) else { return nil }
        let caller: APICaller
        do throws(Problem) {
            caller = try singleSignOn.caller(named: name, request)
        } catch {
            if error.status == .forbidden { note(error, ofNamed: name, request) }
            throw error
        }
        do throws(Problem) {
            try Self.checkOrigin(request)
        } catch {
            note(error, of: caller.principal, request)
            throw error
        }
        return caller
    }

    /// Keeps a refusal of a known caller in the audit.
    func note(_ problem: Problem, of principal: Principal, _ request: APIRequest) {
        note(code: problem.code, of: principal, request)
    }

    /// The same for a reason that the caller is not told.
    func note(code: String, of principal: Principal, _ request: APIRequest) {
        refusals.note(
            AuditEntry(
                .refuseRequest, of: request.route, by: request.requester(principal), at: .now,
                detail: ["code": code]))
    }

    /// The same of somebody whom nginx names and who may not come in.
    private func note(_ problem: Problem, ofNamed name: String, _ request: APIRequest) {
        refusals.note(
            AuditEntry(
                .refuseSignIn, of: EmailAddress(name)?.text ?? "not an address",
                from: request.origin, at: .now,
                detail: ["reason": problem.code, "by": "single sign-on"]))
    }

    /// The cookie with the session's new token, if the user's rights have changed since it was made.
    func renewal(of caller: APICaller) -> [HeaderField] {
        guard let signedIn = caller.signedIn, signedIn.needsNewToken,
            let token = try? accounts.renewToken(of: signedIn)
        else { return [] }
        return SessionCookie.setting(token)
    }

    /// - Throws: 403 and 415; see `OriginCheck`.
    static func checkOrigin(_ request: APIRequest) throws(Problem) {
        guard !request.isSafe else { return }
        switch request.origins {
        case .ours: break
        case .foreign:
            throw Problem(
                .forbidden, "foreign_origin",
                "This request comes from another site's page; only pages of this one may make it.")
        case .silent:
            throw Problem(
                .forbidden, "foreign_origin",
                "With a session, a request that changes something needs the header Sec-Fetch-Site"
                    + " or Origin, which every browser sends; programs use an API key.")
        }
        try checkBody(request)
    }

    /// A page of another site can send a form, and no JSON or CSV, without asking first. Who takes only
    /// one of them refuses the other.
    static func checkBody(_ request: APIRequest) throws(Problem) {
        let isTaken = request.contentType.map { MediaType.isJSON($0) || MediaType.isCSV($0) }
        guard isTaken ?? !request.hasBody else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "Send JSON, with the header \"Content-Type: application/json\".")
        }
    }

    /// The cookie is of no use any more.
    static var sessionEnded: Problem {
        Problem(
            .unauthorized, "session_ended", "The session has ended; sign in again.",
            headers: [.challengeBearer, SessionCookie.clearing])
    }
}
