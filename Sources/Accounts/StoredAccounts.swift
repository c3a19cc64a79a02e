package import Domain
package import Telemetry
import Security

/// The accounts over a store: decides who may sign in, and what a password or a code is worth.
/// Any thread.
package final class StoredAccounts: AccountService {
    let store: any CredentialStore
    let policy: SessionPolicy
    private let queue: HashingQueue
    private let answers: LateAnswers
    private let counts: SignInCounts
    private let logger: Logger

    /// How many hashes run at once: with 64 MiB each they are what the responder may use besides
    /// its own bound.
    package static let hashesAtOnce = 2
    /// How many may wait: what two threads do in a second.
    private static let waiting = 32
    private static let patience = Duration.seconds(5)
    private static let retryAfter = Duration.seconds(2)
    /// A failed sign-in is answered this long after it came, or later: longer than any hash takes
    /// on an idle machine.
    private static let failureTime = Duration.milliseconds(250)
    static let issuer = "Waybill"

    /// Starts its threads; `stop` ends them.
    ///
    /// - Parameters:
    ///   - store: where they are kept.
    ///   - policy: of sessions.
    ///   - metrics: gets the number of sign-ins.
    ///   - logger: gets failures.
    package init(
        _ store: any CredentialStore, policy: SessionPolicy, metrics: Metrics, logger: Logger
    ) {
        self.store = store
        self.policy = policy
        counts = SignInCounts(metrics)
        self.logger = logger
        queue = HashingQueue(
            width: Self.hashesAtOnce, limit: Self.waiting, patience: Self.patience)
        answers = LateAnswers(limit: 10 * Self.waiting)
    }

    /// Ends the threads; what waits is refused.
    package func stop() {
        queue.stop()
        answers.stop()
    }

    /// Runs a body on a thread that may hash, and completes with what comes of it.
    ///
    /// A failure that could tell what exists completes late, with all others of its kind.
    func hashing<Value: Sendable>(
        _ completion: @escaping AccountCompletion<Value>,
        _ body: @escaping @Sendable () throws(AccountFailure) -> Value
    ) {
        let due = ContinuousClock.now + Self.failureTime
        queue.submit {
            do throws(AccountFailure) {
                completion(.success(try body()))
            } catch {
                let failure = error
                switch failure {
                case .wrongCredentials, .wrongCode, .codeRequired:
                    self.answers.give(at: due) { completion(.failure(failure)) }
                default: completion(.failure(failure))
                }
            }
        } refuse: {
            completion(.failure(.busy(retryAfter: Self.retryAfter)))
        }
    }

    /// A query's failure as an account's.
    func keeping<Value>(
        _ body: () throws(StoreFailure) -> Value
    ) throws(AccountFailure) -> Value {
        do throws(StoreFailure) {
            return try body()
        } catch {
            throw .store(error)
        }
    }

    /// A failure of libcrypto or libcrypt, which nobody outside can change.
    func crypto<Value>(
        _ body: () throws(CryptoFailure) -> Value
    ) throws(AccountFailure) -> Value {
        do throws(CryptoFailure) {
            return try body()
        } catch {
            logger.log(.error, "cryptography failed", limitKey: "", ["error": "\(error)"])
            throw .store(StoreFailure(.failed, error.description))
        }
    }
}

// MARK: - Signing in

extension StoredAccounts {
    package func signIn(
        _ attempt: SignInAttempt, completion: @escaping AccountCompletion<StartedSession>
    ) {
        let counted: AccountCompletion<StartedSession> = { [counts] result in
            counts.note(result)
            completion(result)
        }
        hashing(counted) { () throws(AccountFailure) in try self.start(attempt) }
    }

    private func start(_ attempt: SignInAttempt) throws(AccountFailure) -> StartedSession {
        let email = EmailAddress(attempt.email)
        let proof = Proof(email: email, typed: attempt.email, origin: attempt.origin)
        let isCounted = try admit(proof)
        let credentials = try keeping { () throws(StoreFailure) in
            try email.flatMap { email throws(StoreFailure) in try store.credentials(email: email) }
        }
        let right = try check(attempt.password, of: credentials, proof, isCounted)
        let factor = try factor(attempt.code, of: right, proof, isCounted)
        let token = try crypto { () throws(CryptoFailure) in try OpaqueToken.generate() }
        let newHash = try upgrade(attempt.password, of: right)
        let draft = SessionDraft(
            credentials: right, factor: factor, tokenHash: token.digest.bytes, newHash: newHash,
            origin: attempt.origin, userAgent: attempt.userAgent)
        switch try keeping({ () throws(StoreFailure) in try store.begin(draft) }) {
        case .begun(let signedIn):
            return StartedSession(signedIn: signedIn, token: FreshSecret(token.revealed))
        case .codeUsed: throw try fail(.wrongCode, proof, isCounted)
        case .changed: throw try fail(.wrongPassword, proof, isCounted)
        }
    }

    private func upgrade(
        _ password: Password, of credentials: Credentials
    ) throws(AccountFailure) -> String? {
        guard credentials.passwordHash.flatMap(PasswordHash.init)?.isOutdated == true else {
            return nil
        }
        return try hash(password)
    }

    /// What a proof is about: whose failures it counts among.
    struct Proof {
        let key: [UInt8]
        /// For the audit: the address, or nothing that was typed, since people mistake the fields.
        let email: String
        let origin: RequestOrigin

        init(email: EmailAddress?, typed: String, origin: RequestOrigin) {
            key = SHA256.digest(of: email?.key ?? typed.lowercased()).bytes
            self.email = email?.text ?? "not an address"
            self.origin = origin
        }
    }

    /// Whether the admission counted as a failure.
    func admit(_ proof: Proof) throws(AccountFailure) -> Bool {
        let admission = try keeping { () throws(StoreFailure) in
            try store.admit(proof.key, email: proof.email, from: proof.origin)
        }
        switch admission {
        case .admitted(let isCounted): return isCounted
        case .delayed(let time): throw .throttled(until: time)
        }
    }

    /// Counts a failure, and returns the error that its caller throws.
    func fail(
        _ refusal: SignInRefusal, _ proof: Proof, _ isCounted: Bool
    ) throws(AccountFailure) -> AccountFailure {
        try keeping { () throws(StoreFailure) in
            try store.countFailure(
                proof.key, email: proof.email, refusal, isCounted: isCounted, from: proof.origin)
        }
        return refusal == .wrongCode ? .wrongCode : .wrongCredentials
    }

    /// Checks a password; where there is none to compare with, takes as long for nothing.
    func check(
        _ password: Password, of credentials: Credentials?, _ proof: Proof, _ isCounted: Bool
    ) throws(AccountFailure) -> Credentials {
        let refusal: SignInRefusal?
        var hash = PasswordHash.decoy
        if let credentials {
            let own = credentials.passwordHash.flatMap(PasswordHash.init)
            if let own { hash = own }
            refusal = credentials.user.isDisabled ? .disabled : own == nil ? .noPassword : nil
        } else {
            refusal = .unknownAddress
        }
        let isRight = try crypto { () throws(CryptoFailure) in try hash.matches(password.bytes) }
        guard let credentials, refusal == nil, isRight else {
            throw try fail(refusal ?? .wrongPassword, proof, isCounted)
        }
        return credentials
    }

    private func factor(
        _ code: String?, of credentials: Credentials, _ proof: Proof, _ isCounted: Bool
    ) throws(AccountFailure) -> SecondFactor {
        guard let secret = credentials.totpSecret else { return .none }
        guard let code, !code.isEmpty else {
            if isCounted {
                try keeping { () throws(StoreFailure) in try store.withdrawAdmission(proof.key) }
            }
            throw .codeRequired
        }
        let step = try step(of: code, secret, after: credentials.totpLastStep)
        if let step { return .totp(step: step) }
        guard let digest = RecoveryCode.digest(of: code) else {
            throw try fail(.wrongCode, proof, isCounted)
        }
        return .recoveryCode(hash: digest.bytes)
    }

    func step(
        of code: String, _ secret: [UInt8], after last: Int64?
    ) throws(AccountFailure) -> Int64? {
        let totp = try crypto { () throws(CryptoFailure) in try TOTP(secret: secret) }
        return totp.step(
            of: code, atUnixSeconds: Timestamp.now.microseconds / 1_000_000, after: last)
    }

    func hash(_ password: Password) throws(AccountFailure) -> String {
        try crypto { () throws(CryptoFailure) in try PasswordHash.make(password.bytes).stored }
    }
}
