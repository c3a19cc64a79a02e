import Domain
import Security
import Testing

@testable import Webhooks

@Suite("Signatures of webhooks")
struct SigningTests {
    /// Source: the example of Standard Webhooks' own libraries.
    @Test("v1 is what other implementations make of the same secret, id, time and body")
    func known() throws {
        let bytes = try #require(Base64.decode(Array("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8)))
        let key = try WebhookKey(shared: bytes)
        #expect(key.receiverText == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(
            key.signature(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
                body: Array(#"{"test": 2432232314}"#.utf8))
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    /// Source: RFC 8032, section 7.1, tests 1 and 2.
    @Test(
        "Ed25519 is that of the RFC",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                    + "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                    + "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ])
    func ed25519(secret: String, publicKey: String, message: String, signature: String) throws {
        func bytes(_ text: String) throws -> [UInt8] {
            try #require(text.isEmpty ? [] : Hexadecimal.decode(Array(text.utf8)))
        }
        let key = try #require(try Ed25519Key(bytes(secret)))
        #expect(try key.publicKey == bytes(publicKey))
        let made = try key.signature(of: bytes(message))
        #expect(try made == bytes(signature))
        #expect(try Ed25519Key.isValid(made, of: bytes(message), by: key.publicKey))
        #expect(!Ed25519Key.isValid(made, of: [1, 2, 3], by: key.publicKey))
    }

    @Test("v1a is checked by the public key that the receiver is given")
    func pair() throws {
        let key = try WebhookKey(private: [UInt8](repeating: 7, count: 32))
        let entry = key.signature(id: "a", timestamp: 5, body: [1, 2])
        #expect(entry.hasPrefix("v1a,"))
        let publicKey = try #require(Base64.decode(Array(key.receiverText.dropFirst(5).utf8)))
        #expect(key.receiverText.hasPrefix("whpk_"))
        let signature = try #require(Base64.decode(Array(entry.dropFirst(4).utf8)))
        #expect(Ed25519Key.isValid(signature, of: Array("a.5.".utf8) + [1, 2], by: publicKey))
    }
}
