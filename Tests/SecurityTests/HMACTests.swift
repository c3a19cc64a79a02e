import Security
import Testing

@Suite("HMAC")
struct HMACTests {
    @Test(
        "agrees with the published vectors of every algorithm",
        arguments: [
            (HMACKey.Algorithm.md5, "750c783e6ab0b503eaa86e310a5db738"),
            (.sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (.sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
            (.sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                .sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
                    + "8e2240ca5e69e2c78b3239ecfab21649"
            ),
            (
                .sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a"
                    + "6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
            ),
        ])
    func vectors(algorithm: HMACKey.Algorithm, expected: String) throws {
        let key = try HMACKey(#require(Secret("Jefe")), algorithm: algorithm)
        let code = key.code(for: Array("what do ya want for nothing?".utf8))
        #expect(Hexadecimal.encode(code) == expected)
        #expect(code.count == algorithm.byteCount)
    }

    @Test("authenticates an empty message and one with a key longer than a block")
    func extremes() throws {
        let short = try HMACKey(#require(Secret("key")))
        #expect(
            Hexadecimal.encode(short.code(for: []))
                == "5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0")
        // RFC 4231, test case 6.
        let long = try HMACKey(#require(Secret([UInt8](repeating: 0xAA, count: 131))))
        let text = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            Hexadecimal.encode(long.code(for: Array(text.utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("is valid for its own bytes and for no others")
    func validity() throws {
        let key = try HMACKey(#require(Secret("key")))
        let body = Array("body".utf8)
        let code = key.code(for: body)
        #expect(key.isValid(code, for: body))
        #expect(!key.isValid(Array(code.dropLast()), for: body))
        #expect(!key.isValid([], for: body))
        for index in code.indices {
            var other = code
            other[index] ^= 1
            #expect(!key.isValid(other, for: body))
        }
    }
}

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "agrees with the published vectors",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func vectors(text: String, expected: String) throws {
        let digest = SHA256.digest(of: text)
        #expect(Hexadecimal.encode(digest.bytes) == expected)
        #expect(SHA256.digest(of: Array(text.utf8)) == digest)
    }

    @Test("differs for different texts")
    func differs() {
        #expect(SHA256.digest(of: "a") != SHA256.digest(of: "b"))
    }
}
