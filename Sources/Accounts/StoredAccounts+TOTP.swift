package import Domain
import Security

extension StoredAccounts {
    package func startTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<TOTPSetup>
    ) {
        hashing(completion) { () throws(AccountFailure) in
            let credentials = try self.prove(signedIn, password, origin)
            guard credentials.totpSecret == nil else { throw .wrongTOTPState }
            let secret = try self.crypto { () throws(CryptoFailure) in try TOTP.makeSecret() }
            let isKept = try self.keeping { () throws(StoreFailure) in
                try self.store.proposeTOTP(of: signedIn.user.id, secret: secret)
            }
            guard isKept else { throw .wrongTOTPState }
            let address = TOTP.address(
                secret: secret, account: signedIn.user.email.text, issuer: Self.issuer)
            return TOTPSetup(
                secret: FreshSecret(Base32.encode(secret)), address: FreshSecret(address))
        }
    }

    package func confirmTOTP(
        of signedIn: SignedIn, code: String, origin: RequestOrigin
    ) throws(AccountFailure) -> TOTPConfirmation {
        let proof = Self.proof(signedIn, origin)
        let isCounted = try admit(proof)
        let credentials = try keeping { () throws(StoreFailure) in
            try store.credentials(signedIn.user.id)
        }
        guard let secret = credentials?.totpProposal, credentials?.totpSecret == nil else {
            if isCounted {
                try keeping { () throws(StoreFailure) in try store.withdrawAdmission(proof.key) }
            }
            throw .wrongTOTPState
        }
        guard let step = try step(of: code, secret, after: nil) else {
            throw try fail(.wrongCode, proof, isCounted)
        }
        let codes = try makeRecoveryCodes()
        let token = try withNewToken(signedIn) { token throws(AccountFailure) in
            try keeping { () throws(StoreFailure) in
                try store.confirmTOTP(
                    of: signedIn.user.id, secret: secret, step: step,
                    recoveryCodes: codes.map(\.digest), token: token,
                    by: Self.requester(signedIn, origin))
            }
        }
        try keeping { () throws(StoreFailure) in try store.forgetFailures(proof.key) }
        return TOTPConfirmation(recoveryCodes: codes.map(\.shown), token: token)
    }

    package func removeTOTP(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<FreshSecret>
    ) {
        hashing(completion) { () throws(AccountFailure) in
            guard !self.policy.totpRoles.contains(signedIn.user.role) else { throw .totpDemanded }
            let credentials = try self.prove(signedIn, password, origin)
            guard credentials.totpSecret != nil else { throw .wrongTOTPState }
            // A password that was long enough beside a code may be too short without one.
            let user = credentials.user
            let draft = UserDraft(email: user.email, name: user.name, role: user.role)
            let problem = PasswordRules.problem(with: password, for: draft, hasTOTP: false)
            if case .tooShort = problem {
                throw .badPassword(.tooShort(least: PasswordRules.leastAlone))
            }
            return try self.withNewToken(signedIn) { token throws(AccountFailure) in
                try self.keeping { () throws(StoreFailure) in
                    try self.store.removeTOTP(
                        of: user.id, token: token, by: Self.requester(signedIn, origin))
                }
            }
        }
    }

    package func renewRecoveryCodes(
        of signedIn: SignedIn, password: Password, origin: RequestOrigin,
        completion: @escaping AccountCompletion<[FreshSecret]>
    ) {
        hashing(completion) { () throws(AccountFailure) in
            let credentials = try self.prove(signedIn, password, origin)
            let codes = try self.makeRecoveryCodes()
            let isDone = try self.keeping { () throws(StoreFailure) in
                try self.store.replaceRecoveryCodes(
                    of: credentials.user.id, by: codes.map(\.digest),
                    requester: Self.requester(signedIn, origin))
            }
            guard isDone else { throw .wrongTOTPState }
            return codes.map(\.shown)
        }
    }

    private func makeRecoveryCodes() throws(AccountFailure) -> [(
        shown: FreshSecret, digest: [UInt8]
    )] {
        try crypto { () throws(CryptoFailure) in
            var codes: [(shown: FreshSecret, digest: [UInt8])] = []
            while codes.count < RecoveryCode.count {
                let code = try RecoveryCode.generate()
                guard let digest = RecoveryCode.digest(of: code) else { continue }
                codes.append((FreshSecret(code), digest.bytes))
            }
            return codes
        }
    }
}
