import Domain
import FastCGI
import Security
import Synchronization
import Telemetry

@testable import Web

/// Users, sessions and the audit in memory. A user's password is `right`, the code `123456`.
final class People: UserStore, SessionStore, AccountService, SingleSignOnDirectory, AuditReader,
    AuditWriter, SigningSecrets
{
    struct State {
        var users: [User] = []
        var sessions: [[UInt8]: SignedIn] = [:]
        var entries: [AuditEntry] = []
        var records: [AuditRecord] = []
        var attempts: [SignInAttempt] = []
        /// Whether the last look-up of a session was activity.
        var wasActivity: Bool?
        var failure: AccountFailure?
        var asked: [(AuditFilter, AuditPosition?, Int)] = []
    }

    let state = Mutex(State())

    static func id(_ role: Role) -> UserID {
        UserID(
            high: 0x0199_0000_0000_7000,
            low: 1 << 63 | UInt64(100 + (Role.allCases.firstIndex(of: role) ?? 9)))
    }

    /// A token for each role: 43 characters.
    static func token(_ role: Role) -> String {
        token(filled: role == .viewer ? 1 : role == .operator ? 2 : 3)
    }
    static let expired = token(filled: 8)
    static let ofDisabled = token(filled: 9)
    static let withoutTOTP = token(filled: 7)
    static let stale = token(filled: 6)

    static func token(filled byte: UInt8) -> String {
        Base64.encode(Array(repeating: byte, count: 32), alphabet: .url)
    }

    static func user(
        _ role: Role, id: UserID? = nil, email: String? = nil, isDisabled: Bool = false
    ) -> User {
        guard let address = EmailAddress(email ?? "\(role.rawValue)@example.com"),
            let name = UserName(role.rawValue)
        else { preconditionFailure("an address") }
        return User(
            id: id ?? Self.id(role), email: address, name: name, role: role,
            isDisabled: isDisabled, createdAt: Samples.time())
    }

    static func session(_ user: User, _ number: UInt64 = 1) -> Session {
        Session(
            id: SessionID(high: 0x0199_0000_0000_7000, low: user.id.low << 8 | 1 << 63 | number),
            user: user.id, createdAt: Samples.time(), lastActiveAt: Samples.time(1),
            idleEndsAt: Samples.time(1801), endsAt: Samples.time(43_200), address: "192.0.2.7",
            userAgent: "curl")
    }

    init() {
        state.withLock { state in
            for role in Role.allCases {
                let user = Self.user(role)
                state.users.append(user)
                state.sessions[Self.hash(Self.token(role))] = SignedIn(
                    user: user, session: Self.session(user))
            }
            let viewer = Self.user(.viewer)
            state.sessions[Self.hash(Self.withoutTOTP)] = SignedIn(
                user: viewer, session: Self.session(viewer, 2), mustSetUpTOTP: true)
            state.sessions[Self.hash(Self.stale)] = SignedIn(
                user: viewer, session: Self.session(viewer, 3), needsNewToken: true)
        }
    }

    static func hash(_ token: String) -> [UInt8] { SHA256.digest(of: token).bytes }

    // MARK: Users

    func users() throws(StoreFailure) -> [User] { state.withLock { $0.users } }

    func user(_ id: UserID) throws(StoreFailure) -> User? {
        state.withLock { $0.users.first { $0.id == id } }
    }

    func user(email: EmailAddress) throws(StoreFailure) -> User? {
        state.withLock { $0.users.first { $0.email == email } }
    }

    func change(
        _ id: UserID, _ change: UserChange, by requester: Requester
    ) throws(StoreFailure) -> UserChangeResult {
        state.withLock { state in
            guard let index = state.users.firstIndex(where: { $0.id == id }) else {
                return .unknown
            }
            let user = state.users[index]
            let isLess = change.isDisabled == true || (change.role ?? .admin) != .admin
            if user.role == .admin, isLess { return .lastAdmin }
            state.users[index] = User(
                id: id, email: user.email, name: change.name ?? user.name,
                role: change.role ?? user.role, isDisabled: change.isDisabled ?? user.isDisabled,
                createdAt: user.createdAt)
            return .changed(state.users[index])
        }
    }

    func clearFailures(of id: UserID, by requester: Requester) throws(StoreFailure) -> Bool {
        true
    }

    func visit(
        _ email: EmailAddress, role: Role, from origin: RequestOrigin
    ) throws(StoreFailure) -> User? {
        state.withLock { state in
            if let user = state.users.first(where: { $0.email == email }) { return user }
            let user = Self.user(role, id: .new(at: Samples.time()), email: email.text)
            state.users.append(user)
            return user
        }
    }

    // MARK: Sessions

    func session(tokenHash: [UInt8], isActivity: Bool) throws(StoreFailure) -> SignedIn? {
        state.withLock { state in
            state.wasActivity = isActivity
            return state.sessions[tokenHash]
        }
    }

    func sessions(of user: UserID) throws(StoreFailure) -> [Session] {
        state.withLock { $0.sessions.values.map(\.session).filter { $0.user == user } }
    }

    func end(_ id: SessionID, of user: UserID, by requester: Requester) throws(StoreFailure) -> Bool
    {
        state.withLock { state in
            let found = state.sessions.first {
                $0.value.session.id == id && $0.value.user.id == user
            }
            guard let found else { return false }
            state.sessions[found.key] = nil
            return true
        }
    }

    func endAll(
        of user: UserID, except kept: SessionID?, by requester: Requester
    ) throws(StoreFailure) -> Int {
        state.withLock { state in
            let ended = state.sessions.filter { $0.value.user.id == user }
            for hash in ended.keys { state.sessions[hash] = nil }
            return ended.count
        }
    }

    // MARK: Accounts

    private func start(_ user: User) -> StartedSession {
        let token = Self.token(filled: 77)
        let signedIn = SignedIn(user: user, session: Self.session(user, 77))
        state.withLock { $0.sessions[Self.hash(token)] = signedIn }
        return StartedSession(signedIn: signedIn, token: FreshSecret(token))
    }

    func signIn(
        _ attempt: SignInAttempt, completion: @escaping AccountCompletion<StartedSession>
    ) {
        let (user, failure) = state.withLock { state in
            state.attempts.append(attempt)
            return (state.users.first { $0.email.text == attempt.email }, state.failure)
        }
        if let failure { return completion(.failure(failure)) }
        guard let user, !user.isDisabled, attempt.password.bytes == Array("right".utf8) else {
            return completion(.failure(.wrongCredentials))
        }
        completion(.success(start(user)))
    }

    /// Whether a password is not the right one.
    private func refusal(_ password: Password) -> AccountFailure? {
        if let failure = state.withLock({ $0.failure }) { return failure }
        return password.bytes == Array("right".utf8) ? nil : .wrongCredentials
    }

    func choosePassword(
        link: String, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<User>
    ) {
        guard link == "good" else { return completion(.failure(.wrongLink)) }
        guard password.bytes.count >= 15 else {
            return completion(.failure(.badPassword(.tooShort(least: 15))))
        }
        completion(.success(Self.user(.viewer)))
    }

    func changePassword(
        of signedIn: SignedIn, from current: Password, to new: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>
    ) {
        if let refusal = refusal(current) { return completion(.failure(refusal)) }
        completion(.success(FreshSecret(Self.token(filled: 78))))
    }

    func startTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<TOTPSetup>
    ) {
        if let refusal = refusal(password) { return completion(.failure(refusal)) }
        completion(
            .success(
                TOTPSetup(secret: FreshSecret("JBSW"), address: FreshSecret("otpauth://totp/a"))))
    }

    func confirmTOTP(
        of signedIn: SignedIn, code: String, origin: RequestOrigin
    ) throws(AccountFailure) -> TOTPConfirmation {
        guard code == "123456" else { throw .wrongCode }
        return TOTPConfirmation(
            recoveryCodes: [FreshSecret("aaaa-bbbb")], token: FreshSecret(Self.token(filled: 79)))
    }

    func removeTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>
    ) {
        if let refusal = refusal(password) { return completion(.failure(refusal)) }
        completion(.success(FreshSecret(Self.token(filled: 80))))
    }

    func renewRecoveryCodes(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<[FreshSecret]>
    ) {
        if let refusal = refusal(password) { return completion(.failure(refusal)) }
        completion(.success([FreshSecret("cccc-dddd")]))
    }

    func renewToken(of signedIn: SignedIn) throws(AccountFailure) -> FreshSecret? {
        FreshSecret(Self.token(filled: 81))
    }

    func create(
        _ draft: UserDraft, by requester: Requester
    ) throws(AccountFailure) -> PasswordLink {
        let isTaken = state.withLock { $0.users.contains { $0.email == draft.email } }
        if isTaken { throw .emailTaken }
        let user = User(
            id: .new(at: Samples.time()), email: draft.email, name: draft.name, role: draft.role,
            createdAt: Samples.time(), hasPassword: false)
        state.withLock { $0.users.append(user) }
        return PasswordLink(
            user: user, token: FreshSecret("link-token"), expiresAt: Samples.time(86_400))
    }

    func reset(_ id: UserID, by requester: Requester) throws(AccountFailure) -> PasswordLink {
        guard let user = state.withLock({ $0.users.first { $0.id == id } }) else {
            throw .unknownUser
        }
        return PasswordLink(
            user: user, token: FreshSecret("reset-token"), expiresAt: Samples.time(86_400))
    }

    // MARK: The audit

    func entries(
        _ filter: AuditFilter, after position: AuditPosition?, limit: Int
    ) throws(StoreFailure) -> [AuditRecord] {
        state.withLock { state in
            state.asked.append((filter, position, limit))
            let rest = state.records.filter { record in
                position.map { (record.at, record.number) < ($0.at, $0.number) } ?? true
            }
            return Array(rest.prefix(limit))
        }
    }

    func write(_ entry: AuditEntry) throws(StoreFailure) {
        state.withLock { $0.entries.append(entry) }
    }

    func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8] {
        Array(purpose.rawValue.utf8)
    }
}

/// Keys in memory that can be made and revoked.
final class KeyRegister: APIKeyRegister {
    let drafts = Mutex<[APIKeyDraft]>([])
    let result = Mutex<APIKeyCreation?>(nil)

    func list() throws(StoreFailure) -> [APIKey] {
        [
            APIKey(
                id: Keys.id(3), name: "shop", scopes: [.send, .read], createdAt: Samples.time(),
                networks: [IPNetwork("192.0.2.0/24")].compactMap { $0 },
                maker: Submitter(id: .user(People.id(.admin)), name: "admin@example.com"))
        ]
    }

    func create(
        _ draft: APIKeyDraft, hash: [UInt8], by requester: Requester
    ) throws(StoreFailure) -> APIKeyCreation {
        drafts.withLock { $0.append(draft) }
        return result.withLock { $0 }
            ?? .created(
                APIKey(
                    id: Keys.id(9), name: draft.name, scopes: draft.scopes,
                    createdAt: Samples.time(), expiresAt: draft.expiresAt,
                    networks: draft.networks, maker: Submitter(requester.principal)))
    }

    func revoke(_ id: APIKeyID, by requester: Requester) throws(StoreFailure) -> Bool {
        id == Keys.id(3)
    }
}

/// All routes of people, behind sessions and keys in memory.
struct PeopleServer {
    let people = People()
    let register = KeyRegister()
    let server: WebServer
    static let origin = "https://sms.example.com"

    init(
        singleSignOn: SingleSignOnSettings? = nil,
        more: (APIEndpoint) -> [Router.Route] = { _ in [] }
    )
        throws
    {
        let logger = Logger(descriptor: -1)
        let access = PeopleAccess(
            sessions: people, accounts: people,
            singleSignOn: singleSignOn.map { [people] in SingleSignOn($0, directory: people) },
            refusals: RefusalLog(people, logger: logger))
        let endpoint = APIEndpoint(
            authenticator: Authenticator(Keys(), people: access), logger: logger)
        server = try WebServer(
            SessionEndpoints(accounts: people, sessions: people).routes(endpoint)
                + PasswordEndpoints(accounts: people).routes(endpoint)
                + UserEndpoints(users: people, accounts: people, sessions: people).routes(endpoint)
                + KeyEndpoints(register).routes(endpoint)
                + AuditEndpoint(people, signer: CursorSigner(people)).routes(endpoint)
                + more(endpoint))
    }

    /// A request of a page of ours, in a session.
    func send(
        _ method: String, _ target: String, as token: String? = nil, _ body: String? = nil,
        headers: [String: String] = [:]
    ) throws -> Answer {
        var all = ["HTTP_SEC_FETCH_SITE": "same-origin", "SITE_ORIGIN": Self.origin]
        if let token { all["HTTP_COOKIE"] = "__Host-waybill=\(token)" }
        if body != nil { all["CONTENT_TYPE"] = "application/json" }
        all.merge(headers) { $1 }
        return try server.send(
            method, target, headers: all.filter { !$0.value.isEmpty },
            body: Array((body ?? "").utf8))
    }
}
