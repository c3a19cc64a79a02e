import Security
import Testing

@Suite("Secrets, tokens and keys")
struct SecretTests {
    @Test(
        "constant-time equality is equality",
        arguments: [
            ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "", false),
            ("abc", "abcd", false), ("abcd", "abc", false), ("abcd", "abcx", false),
            ("xbcd", "abcd", false),
        ])
    func equality(a: String, b: String, expected: Bool) {
        #expect(ConstantTime.areEqual(Array(a.utf8), Array(b.utf8)) == expected)
    }

    @Test("equality notices a difference in any place")
    func everyPlace() {
        let bytes = [UInt8](repeating: 7, count: 100)
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(!ConstantTime.areEqual(bytes, other))
        }
    }

    @Test("a secret never shows in text")
    func redaction() throws {
        let secret = try #require(Secret("hunter2"))
        struct Holder { let secret: Secret }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Holder(secret: secret))", dumped] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104"))
        }
        #expect("\(secret)" == "<redacted>")
        let key = try APIToken.generate()
        #expect("\(key)" == "<redacted>")
        #expect(!String(reflecting: key).contains(key.revealed))
    }

    @Test("a secret matches itself only, and is never empty")
    func matching() throws {
        let secret = try #require(Secret("hunter2"))
        #expect(secret.matches(Array("hunter2".utf8)))
        #expect(!secret.matches(Array("hunter3".utf8)))
        #expect(!secret.matches([]))
        #expect(Secret("") == nil)
        #expect(secret.digest == SHA256.digest(of: "hunter2"))
    }

    @Test("an API key is wb_ and 43 characters, different each time, and reads back")
    func generateKey() throws {
        let keys = try (0..<100).map { _ in try APIToken.generate().revealed }
        #expect(Set(keys).count == 100)
        for text in keys {
            #expect(text.utf8.count == 46)
            #expect(text.hasPrefix("wb_"))
            let key = try #require(APIToken(text))
            #expect(key.revealed == text)
            #expect(key.digest == SHA256.digest(of: text))
        }
    }

    @Test("a text that is not written as an API key is refused")
    func refuseKeys() throws {
        let text = try APIToken.generate().revealed
        for wrong in [
            "", "wb_", String(text.dropLast()), text + "A", "xx" + text.dropFirst(2),
            String(text.dropFirst(3)), text.replacing("wb_", with: "WB_"), " " + text,
            "wb_" + String(repeating: "+", count: 43),
        ] {
            #expect(APIToken(wrong) == nil)
        }
    }

    @Test("random bytes come in the number asked for", arguments: [1, 16, 32, 4096])
    func randomBytes(count: Int) throws {
        #expect(try RandomBytes.make(count: count).count == count)
        #expect(try RandomBytes.token(byteCount: 32).utf8.count == 43)
        #expect(try RandomBytes.token() != RandomBytes.token())
    }
}
