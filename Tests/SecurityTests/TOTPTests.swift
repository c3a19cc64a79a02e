import Security
import Testing

@Suite("Codes of authenticator apps")
struct TOTPTests {
    /// RFC 6238, appendix B; RFC 4226, appendix D.
    private static let secret = Array("12345678901234567890".utf8)

    @Test(
        "are those of RFC 6238, of which the last six digits count",
        arguments: [
            (59 as Int64, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"),
            (1_234_567_890, "005924"), (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ])
    func vectors(seconds: Int64, code: String) throws {
        let totp = try TOTP(secret: Self.secret)
        #expect(totp.code(step: TOTP.step(atUnixSeconds: seconds)) == code)
        #expect(totp.step(of: code, atUnixSeconds: seconds) == seconds / 30)
    }

    @Test("are those of RFC 4226 for its counters")
    func counters() throws {
        let totp = try TOTP(secret: Self.secret)
        #expect(
            (0..<10).map { totp.code(step: $0) } == [
                "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
                "399871", "520489",
            ])
    }

    @Test("are taken one step early and one late, and no further off")
    func drift() throws {
        let totp = try TOTP(secret: Self.secret)
        let now: Int64 = 1_800_000_015
        let step = TOTP.step(atUnixSeconds: now)
        for offset: Int64 in -3...3 {
            let found = totp.step(of: totp.code(step: step + offset), atUnixSeconds: now)
            #expect(found == (abs(offset) <= 1 ? step + offset : nil))
        }
    }

    @Test("are taken once: neither again nor one from before")
    func once() throws {
        let totp = try TOTP(secret: Self.secret)
        let now: Int64 = 1_800_000_015
        let step = TOTP.step(atUnixSeconds: now)
        let codes = (-1...1).map { totp.code(step: step + $0) }
        let after = codes.map { totp.step(of: $0, atUnixSeconds: now, after: step) }
        #expect(after == [nil, nil, step + 1])
        #expect(totp.step(of: codes[2], atUnixSeconds: now, after: step + 1) == nil)
    }

    @Test(
        "nothing else is taken",
        arguments: ["", "1", "05047", "0050471", "050471x", "０５０４７１", "-50471", "050 47"])
    func others(text: String) throws {
        let totp = try TOTP(secret: Self.secret)
        #expect(totp.step(of: text, atUnixSeconds: 1_111_111_111) == nil)
        #expect(totp.step(of: "050 471", atUnixSeconds: 1_111_111_111) != nil)
    }

    @Test("the app's address names issuer, account and secret, escaped")
    func address() {
        #expect(
            TOTP.address(secret: Self.secret, account: "ann+x@example.com", issuer: "Way bill")
                == "otpauth://totp/Way%20bill:ann%2Bx%40example.com"
                + "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Way%20bill"
                + "&algorithm=SHA1&digits=6&period=30")
    }

    @Test("a new secret has 20 random bytes")
    func secrets() throws {
        let secrets = try [TOTP.makeSecret(), TOTP.makeSecret()]
        #expect(secrets[0].count == 20 && secrets[0] != secrets[1])
        #expect(throws: CryptoFailure.self) { try TOTP(secret: []) }
    }
}

@Suite("Base32, recovery codes and tokens")
struct OpaqueTokenTests {
    @Test(
        "Base32 is that of RFC 4648 without padding",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
        ])
    func vectors(text: String, encoded: String) {
        #expect(Base32.encode(Array(text.utf8)) == encoded)
        #expect(Base32.decode(encoded.utf8) == Array(text.utf8))
        #expect(Base32.decode(encoded.lowercased().utf8) == Array(text.utf8))
    }

    @Test("Base32 reads nothing else", arguments: ["M", "MZ1", "MY======", "MZXW6Y", "M Y", "MZ"])
    func others(text: String) {
        #expect(Base32.decode(text.utf8) == nil)
    }

    @Test("a recovery code has 80 random bits in groups of four, and is read as people type it")
    func recoveryCodes() throws {
        let codes = try (0..<100).map { _ in try RecoveryCode.generate() }
        #expect(Set(codes).count == 100)
        for code in codes {
            #expect(code.wholeMatch(of: /([A-Z2-7]{4}-){3}[A-Z2-7]{4}/) != nil)
        }
        let digest = try #require(RecoveryCode.digest(of: codes[0]))
        #expect(RecoveryCode.digest(of: codes[0].lowercased()) == digest)
        #expect(RecoveryCode.digest(of: codes[0].replacing("-", with: " ")) == digest)
        #expect(RecoveryCode.digest(of: codes[1]) != digest)
        for text in [
            "", "123456", codes[0] + "A", String(codes[0].dropLast()), "AAAA-AAAA-AAAA-AAA1",
        ] {
            #expect(RecoveryCode.digest(of: text) == nil)
        }
    }

    @Test("a token has 256 random bits, reads back, and is not printed")
    func tokens() throws {
        let token = try OpaqueToken.generate()
        #expect(token.revealed.wholeMatch(of: /[A-Za-z0-9_-]{43}/) != nil)
        let read = try #require(OpaqueToken(token.revealed))
        #expect(read.digest == token.digest)
        #expect(try OpaqueToken.generate().revealed != token.revealed)
        #expect(!"\(token) \(String(reflecting: token))".contains(token.revealed))
        for text in [
            "", "x", token.revealed + "A", String(token.revealed.dropLast()), token.revealed + "=",
        ] {
            #expect(OpaqueToken(text) == nil)
        }
    }
}
