package import Domain
import FastCGI
import Security
private import Synchronization

/// Finds out who calls, and whether that caller may.
///
/// Each request looks its key or session up, so that a revocation takes effect at the next one; if the
/// look-up fails, the answer is 503. One endpoint alone may accept a remembered key, and only while no
/// server answers: an administrator needs the state of the service just then, so a key that was
/// valid within the last day is enough. Any thread.
package final class Authenticator: Sendable {
    private struct Remembered {
        let key: APIKey
        let verified: ContinuousClock.Instant
        /// When the secret ends; nil if nothing is known of an end.
        let expiresAt: Timestamp?
    }

    private let keys: any APIKeyStore
    private let people: PeopleAccess?
    private let remembered = Mutex<[[UInt8]: Remembered]>([:])

    /// Keys are few; when there are more, all remembered ones are dropped.
    private static let rememberedLimit = 1000
    private static let rememberedFor: Duration = .seconds(86_400)

    /// - Parameters:
    ///   - keys: where keys are looked up.
    ///   - people: checks sessions; without it only keys are known.
    package init(_ keys: any APIKeyStore, people: PeopleAccess? = nil) {
        self.keys = keys
        self.people = people
    }

    /// Checks who calls: `Authorization: Bearer wb_…`, the session's cookie, or the user whom nginx
    /// names.
    ///
    /// - Parameters:
    ///   - access: what the caller must be allowed.
    ///   - request: whose headers are read.
    ///   - goesByMemory: whether a key that was valid within a day is enough while no server
    ///     answers.
    ///   - isActivity: whether a session goes on being active by this request.
    /// - Returns: the caller; of a key, whichever of its secrets was used.
    /// - Throws: 400 for a key and a session together, 401 without a valid one, 403 for a caller who
    ///   may not, and for a request of another site's page, 503 if the database does not answer.
    @discardableResult
    func require(
        _ access: Access, _ request: APIRequest, goesByMemory: Bool = false,
        isActivity: Bool = true
    ) throws(Problem) -> APICaller {
        let caller = try identify(request, goesByMemory: goesByMemory, isActivity: isActivity)
        do throws(Problem) {
            try Self.check(caller, access)
        } catch {
            people?.note(error, of: caller.principal, request)
            throw error
        }
        return caller
    }

    /// Who calls, whatever that caller may do; see `require`.
    func identify(
        _ request: APIRequest, goesByMemory: Bool = false, isActivity: Bool = true
    ) throws(Problem) -> APICaller {
        let cookie = SessionCookie.find(in: request.cookie)
        if let authorization = request.authorization {
            guard case .none = cookie else { throw Self.twoCredentials }
            return try keyCaller(authorization, request, goesByMemory: goesByMemory)
        }
        switch cookie {
        case .none: break
        case .unreadable: throw PeopleAccess.sessionEnded
        case .token(let token):
            guard let people else { throw PeopleAccess.sessionEnded }
            return try people.caller(token: token, request, isActivity: isActivity)
        }
        if let caller = try people?.namedCaller(request) { return caller }
        throw Self.refusal(
            "missing_key",
            "Send an API key as \"Authorization: Bearer wb_…\", or sign in at POST /v1/session.")
    }

    /// Refuses what no page of ours and no program would send to a route that needs no credentials.
    func checkOpen(_ request: APIRequest) throws(Problem) {
        if request.authorization != nil {
            guard case .none = SessionCookie.find(in: request.cookie) else {
                throw Self.twoCredentials
            }
        }
        if request.origins == .foreign { try PeopleAccess.checkOrigin(request) }
        try PeopleAccess.checkBody(request)
    }

    /// Whether a session's or single sign-on's user may be answered at all.
    private static func check(_ caller: APICaller, _ access: Access) throws(Problem) {
        let principal = caller.principal
        guard let role = principal.role else { return try checkKey(principal, access) }
        if caller.signedIn?.mustSetUpTOTP == true, access != .session {
            throw Problem(
                .forbidden, "totp_required",
                "Your role needs a second factor; set it up at POST /v1/totp first.")
        }
        let least = access.role ?? .viewer
        guard role >= least else {
            throw Problem(
                .forbidden, "missing_role",
                "This needs the role \(least.rawValue); yours is \(role.rawValue).")
        }
    }

    private static func checkKey(_ key: Principal, _ access: Access) throws(Problem) {
        guard let scope = access.scope else {
            throw Problem(
                .forbidden, "not_for_keys", "Only people who have signed in may call this.")
        }
        guard key.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "missing_scope",
                "This API key lacks the scope \(scope.rawValue).")
        }
    }

    /// The cookie with the session's new token, if there is one; for the answer.
    func renewal(of caller: APICaller) -> [HeaderField] { people?.renewal(of: caller) ?? [] }

    /// Whoever sends both may be meant by either.
    static let twoCredentials = Problem(
        .badRequest, "two_credentials",
        "The request has a session's cookie and an Authorization header; send one of them.")

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        Problem(.unauthorized, code, detail, headers: [.challengeBearer])
    }
}

/// Keys.
extension Authenticator {
    private func keyCaller(
        _ authorization: String, _ request: APIRequest, goesByMemory: Bool
    ) throws(Problem) -> APICaller {
        // Any number of blanks between the two words and none elsewhere, as in RFC 9110 and as
        // nginx counts requests.
        let scheme = authorization.prefix { $0 != " " }
        let credentials = authorization.dropFirst(scheme.count).drop { $0 == " " }
        guard scheme.lowercased() == "bearer", !credentials.isEmpty else {
            throw Self.refusal(
                "wrong_key", "The Authorization header must be \"Bearer\", a blank and an API key.")
        }
        guard let token = APIToken(String(credentials)) else {
            throw Self.refusal("wrong_key", "This is no API key of ours; they begin with wb_.")
        }
        guard let key = try find(token.digest.bytes, goesByMemory: goesByMemory) else {
            noteEnded(token.digest.bytes, request)
            throw Self.refusal("wrong_key", "This API key is unknown or revoked.")
        }
        let principal = Principal(key)
        if let problem = Self.problem(with: key, request) {
            people?.note(problem, of: principal, request)
            throw problem
        }
        return APICaller(principal)
    }

    /// Whoever still uses what was taken from them is in the audit: a forgotten program, or a secret in
    /// the wrong hands. What nobody ever had is no news.
    private func noteEnded(_ hash: [UInt8], _ request: APIRequest) {
        guard let people, let key = try? keys.endedKey(hash: hash) else { return }
        people.note(
            code: key.revokedAt == nil ? "ended_secret" : "revoked_key", of: Principal(key), request
        )
    }

    /// Why a key that was not revoked is of no use to this request; nil if it is.
    private static func problem(with key: APIKey, _ request: APIRequest) -> Problem? {
        if let end = key.expiresAt, end <= .now {
            return refusal("expired_key", "This API key ended at \(end).")
        }
        guard key.admits(request.address) else {
            return Problem(
                .forbidden, "key_address_not_allowed",
                "This API key may not be used from this address.")
        }
        return nil
    }

    private func find(_ hash: [UInt8], goesByMemory: Bool) throws(Problem) -> APIKey? {
        do {
            let key = try keys.key(hash: hash)
            let seen = key.map { key in
                Remembered(
                    key: key, verified: .now, expiresAt: key.secrets.compactMap(\.expiresAt).min())
            }
            remembered.withLock { remembered in
                if remembered.count >= Self.rememberedLimit { remembered = [:] }
                remembered[hash] = seen
            }
            return key
        } catch {
            guard goesByMemory, error.isAway, let known = remembered.withLock({ $0[hash] }),
                ContinuousClock.now - known.verified < Self.rememberedFor,
                known.expiresAt.map({ .now < $0 }) ?? true
            else { throw Problem(error) }
            return known.key
        }
    }
}
