package import Domain
import Security

extension StoredAccounts {
    package func choosePassword(
        link: String, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<User>
    ) {
        hashing(completion) { () throws(AccountFailure) in
            guard let token = OpaqueToken(link) else { throw .wrongLink }
            let linkHash = token.digest.bytes
            let owner = try self.keeping { () throws(StoreFailure) in
                try self.store.credentials(linkHash: linkHash)
            }
            // Before the password is hashed: whoever has no link shall cost nothing.
            guard let owner, !owner.user.isDisabled else { throw .wrongLink }
            try Self.demandGood(password, for: owner.user)
            let hash = try self.hash(password)
            let user = try self.keeping { () throws(StoreFailure) in
                try self.store.choosePassword(
                    linkHash: linkHash, passwordHash: hash, from: origin)
            }
            guard let user else { throw .wrongLink }
            return user
        }
    }

    package func changePassword(
        of signedIn: SignedIn, from current: Password, to new: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>
    ) {
        hashing(completion) { () throws(AccountFailure) in
            try Self.demandGood(new, for: signedIn.user)
            let credentials = try self.prove(signedIn, current, origin)
            let hash = try self.hash(new)
            return try self.withNewToken(signedIn) { token throws(AccountFailure) in
                try self.keeping { () throws(StoreFailure) in
                    try self.store.changePassword(
                        of: credentials, to: hash, token: token,
                        by: Self.requester(signedIn, origin))
                }
            }
        }
    }

    package func create(
        _ draft: UserDraft, by requester: Requester
    ) throws(AccountFailure) -> PasswordLink {
        let token = try crypto { () throws(CryptoFailure) in try OpaqueToken.generate() }
        let made = try keeping { () throws(StoreFailure) in
            try store.create(draft, link: token.digest.bytes, passwordHash: nil, by: requester)
        }
        switch made {
        case .created(let user): return Self.link(token, of: user)
        case .emailTaken: throw .emailTaken
        case .tooMany: throw .tooManyUsers
        }
    }

    package func reset(
        _ id: UserID, by requester: Requester
    ) throws(AccountFailure) -> PasswordLink {
        let token = try crypto { () throws(CryptoFailure) in try OpaqueToken.generate() }
        let user = try keeping { () throws(StoreFailure) in
            try store.reset(id, link: token.digest.bytes, by: requester)
        }
        guard let user else { throw .unknownUser }
        return Self.link(token, of: user)
    }

    private static func link(_ token: OpaqueToken, of user: User) -> PasswordLink {
        PasswordLink(
            user: user, token: FreshSecret(token.revealed),
            expiresAt: user.linkExpiresAt ?? .now)
    }

    package func renewToken(of signedIn: SignedIn) throws(AccountFailure) -> FreshSecret? {
        let token = try crypto { () throws(CryptoFailure) in try OpaqueToken.generate() }
        let change = TokenChange(session: signedIn.session.id, newHash: token.digest.bytes)
        let isRenewed = try keeping { () throws(StoreFailure) in try store.renew(change) }
        return isRenewed ? FreshSecret(token.revealed) : nil
    }

    // MARK: - What several of them do

    static func demandGood(_ password: Password, for user: User) throws(AccountFailure) {
        let draft = UserDraft(email: user.email, name: user.name, role: user.role)
        let problem = PasswordRules.problem(with: password, for: draft, hasTOTP: user.hasTOTP)
        if let problem { throw .badPassword(problem) }
    }

    static func requester(_ signedIn: SignedIn, _ origin: RequestOrigin) -> Requester {
        Requester(
            signedIn.user.principal, requestID: origin.requestID, address: origin.address)
    }

    static func proof(_ signedIn: SignedIn, _ origin: RequestOrigin) -> Proof {
        let email = signedIn.user.email
        return Proof(email: email, typed: email.text, origin: origin)
    }

    /// Asks for the password again; a wrong one counts as a failed sign-in.
    func prove(
        _ signedIn: SignedIn, _ password: Password, _ origin: RequestOrigin
    ) throws(AccountFailure) -> Credentials {
        let proof = Self.proof(signedIn, origin)
        let isCounted = try admit(proof)
        let credentials = try keeping { () throws(StoreFailure) in
            try store.credentials(signedIn.user.id)
        }
        let right = try check(password, of: credentials, proof, isCounted)
        try keeping { () throws(StoreFailure) in try store.forgetFailures(proof.key) }
        return right
    }

    /// Makes a change that gives the session a new token; the change is false if the session or
    /// what it is about was changed in the meantime.
    func withNewToken(
        _ signedIn: SignedIn, _ change: (TokenChange) throws(AccountFailure) -> Bool
    ) throws(AccountFailure) -> FreshSecret {
        let token = try crypto { () throws(CryptoFailure) in try OpaqueToken.generate() }
        guard
            try change(
                TokenChange(session: signedIn.session.id, newHash: token.digest.bytes))
        else { throw .sessionEnded }
        return FreshSecret(token.revealed)
    }
}
