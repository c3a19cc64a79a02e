import Domain
import Providers
import Security
import Testing

@Suite("Infobip's authentication")
struct InfobipAuthenticationTests {
    static let hmacSecret = "ib-dev-hmac-secret-0001"
    static let emptyResults = #"{"results":[]}"#

    @Test(
        "Basic is authenticated with the right pair, in the order of the setting",
        arguments: [
            ("Basic", "new", "n:e:w", 1), ("basic", "old", "old password", 2),
            ("BASIC", "émile", "pässword", 3), ("Basic ", "old", "old password", 2),
        ])
    func basic(scheme: String, user: String, password: String, secret: Int) throws {
        let value = "\(scheme) " + Base64.encode(Array("\(user):\(password)".utf8))
        #expect(
            try webhook().authenticate(request(["Authorization": value]))
                == Verification(method: "basic", secret: secret))
    }

    @Test(
        "Basic is refused in every other form",
        arguments: [
            "", "Basic", "Basic ", "Basic bmV3", "Bearer bmV3Om46ZTp3", "Basicbmv3Om46ZTp3",
            "Basic bmV3Om46ZTp4", "Basic bmV3Om46ZTp", "Basic bmV3Om46ZTp3=", "Basic bmV3Om46ZTp3 ",
            "Basic bmV3Om46ZTp3\n", "Basic bmV3Om46ZTp3bmV3Om46ZTp3", "bmV3Om46ZTp3",
            "Basic \u{0}bmV3Om46ZTp3", "Basic OTp", "Basic Og==",
        ])
    func wrongBasic(value: String) throws {
        #expect(Base64.encode(Array("new:n:e:w".utf8)) == "bmV3Om46ZTp3")
        #expect(throws: Refusal(.wrongCredentials)) {
            try webhook().authenticate(request(["Authorization": value]))
        }
    }

    @Test("a header secret is taken as it stands")
    func header() throws {
        for (value, secret) in [("first header secret", 1), ("second", 2)] {
            #expect(
                try webhook().authenticate(request(["x-webhook-secret": value]))
                    == Verification(method: "header", secret: secret))
        }
        for wrong in ["", "first header secre", "first header secret ", "Second", "third"] {
            #expect(throws: Refusal(.wrongCredentials)) {
                try webhook().authenticate(request(["X-Webhook-Secret": wrong]))
            }
        }
    }

    @Test(
        "credentials in a header whose line came twice are authenticated, and a wrong pair is not")
    func linesTwice() throws {
        let basic = "Basic " + Base64.encode(Array("new:n:e:w".utf8))
        let signature = Self.vectors[0].hex
        let body = Array(Self.emptyResults.utf8)
        for (name, value) in [
            ("Authorization", "\(basic), \(basic)"), ("Authorization", "Basic eDp5, \(basic)"),
            ("X-Webhook-Secret", "second, second"),
            ("X-Hub-Signature", "\(signature), \(signature)"),
        ] {
            #expect(throws: Never.self) {
                try webhook().authenticate(CallbackRequest(body: body, headers: [name: value]))
            }
        }
        for (name, value) in [
            ("Authorization", "Basic eDp5, Basic eDp5"), ("X-Webhook-Secret", "secon, d"),
            ("X-Webhook-Secret", "a, b, second"),
        ] {
            #expect(throws: Refusal(.wrongCredentials)) {
                try webhook().authenticate(CallbackRequest(body: body, headers: [name: value]))
            }
        }
    }

    /// The vectors of Infobip's HMAC: a body, and its code in both spellings.
    static let vectors: [(fixture: String?, hex: String, base64: String)] = [
        (
            nil, "3732465628bb0461ee28343fa6712e111f4ad628028a03a8e38abe3328f4d781",
            "NzJGVii7BGHuKDQ/pnEuER9K1igCigOo44q+Myj014E="
        ),
        (
            "infobip-delivered.json",
            "eb268ecb3fbd9911b9dc118dcf8449ade2a1b731a23fd6e014c8d847309a502b",
            "6yaOyz+9mRG53BGNz4RJreKhtzGiP9bgFMjYRzCaUCs="
        ),
    ]

    @Test("an HMAC is authenticated in every spelling", arguments: vectors.indices)
    func hmac(index: Int) throws {
        let vector = Self.vectors[index]
        let body = try vector.fixture.map { try Fixture.bytes($0) } ?? Array(Self.emptyResults.utf8)
        for value in [
            vector.hex, vector.hex.uppercased(), vector.base64, "sha256=" + vector.hex,
            "SHA256=" + vector.hex, "Sha256=" + vector.hex.uppercased(),
            "sha256=" + vector.base64,
        ] {
            #expect(
                try webhook().authenticate(request(["X-Hub-Signature": value], body))
                    == Verification(method: "hmac", secret: 2))
        }
        for wrong in [
            "", "sha256=", "sha1=" + vector.hex, "sha512=" + vector.hex, " " + vector.hex,
            vector.hex + " ", String(vector.hex.dropLast()), vector.hex + "00",
            "sha256=sha256=" + vector.hex, String(vector.base64.dropLast()),
        ] {
            #expect(throws: Refusal(.wrongSignature)) {
                try webhook().authenticate(request(["X-Hub-Signature": wrong], body))
            }
        }
    }

    @Test("one changed byte of the body or the signature is refused")
    func mutations() throws {
        let webhook = try webhook()
        let body = try Fixture.bytes("infobip-delivered.json")
        for index in body.indices {
            var changed = body
            changed[index] ^= 1
            #expect(throws: Refusal(.wrongSignature)) {
                try webhook.authenticate(
                    request(["X-Hub-Signature": Self.vectors[1].hex], changed))
            }
        }
        for index in Self.vectors[1].hex.utf8.indices {
            var hex = Array(Self.vectors[1].hex.utf8)
            hex[
                Self.vectors[1].hex.utf8.distance(
                    from: Self.vectors[1].hex.utf8.startIndex, to: index)] ^= 1
            #expect(throws: Refusal(.wrongSignature)) {
                try webhook.authenticate(
                    request(["X-Hub-Signature": String(decoding: hex, as: UTF8.self)], body))
            }
        }
    }

    @Test(
        "the algorithm is the setting's, whatever the request says",
        arguments: [
            HMACKey.Algorithm.md5, .sha1, .sha224, .sha384, .sha512,
        ])
    func pinned(algorithm: HMACKey.Algorithm) throws {
        let secret = try #require(Secret("s"))
        let body = Array("{}".utf8)
        let pinned = try HMACKey(secret, algorithm: algorithm)
        let other = try HMACKey(secret, algorithm: .sha256)
        let webhook = try #require(InfobipWebhook(.init(hmacKeys: [pinned])))
        let right = Hexadecimal.encode(pinned.code(for: body))
        let prefixed = "\(algorithm.rawValue.uppercased())=\(right)"
        for value in [right, prefixed, Base64.encode(pinned.code(for: body))] {
            #expect(
                try webhook.authenticate(request(["X-Hub-Signature": value], body)).method
                    == "hmac")
        }
        let wrong = Hexadecimal.encode(other.code(for: body))
        for value in [wrong, "sha256=" + wrong] {
            #expect(throws: Refusal(.wrongSignature)) {
                try webhook.authenticate(request(["X-Hub-Signature": value], body))
            }
        }
    }

    @Test("any enabled method suffices, and a disabled one does not count")
    func methods() throws {
        let signed = request([
            "Authorization": "Basic d3Jvbmc6d3Jvbmc=", "X-Hub-Signature": Self.vectors[0].hex,
        ])
        #expect(try webhook().authenticate(signed).method == "hmac")
        let wrongs = request(["Authorization": "Basic eDp5", "X-Hub-Signature": "00"])
        #expect(throws: Refusal(.wrongCredentials)) { try webhook().authenticate(wrongs) }
        #expect(throws: Refusal(.missingCredentials)) { try webhook().authenticate(request([:])) }
        let password = try #require(Secret("p"))
        let basicOnly = try #require(InfobipWebhook(.init(basic: [("u", password)])))
        #expect(throws: Refusal(.missingCredentials)) {
            try basicOnly.authenticate(request(["X-Hub-Signature": Self.vectors[0].hex]))
        }
        #expect(InfobipWebhook(.init()) == nil)
    }

    private func request(
        _ headers: [String: String], _ body: [UInt8] = Array(emptyResults.utf8)
    ) -> CallbackRequest {
        CallbackRequest(body: body, headers: headers)
    }

    private func webhook() throws -> InfobipWebhook {
        func secret(_ text: String) throws -> Secret { try #require(Secret(text)) }
        return try #require(
            try InfobipWebhook(
                .init(
                    basic: [
                        ("new", secret("n:e:w")), ("old", secret("old password")),
                        ("émile", secret("pässword")),
                    ],
                    headerSecrets: [secret("first header secret"), secret("second")],
                    hmacKeys: [
                        HMACKey(secret("another")), HMACKey(secret(Self.hmacSecret)),
                    ])))
    }
}
