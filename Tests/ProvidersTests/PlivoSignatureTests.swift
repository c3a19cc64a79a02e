import Domain
import JSON
import Security
import Testing

@testable import Providers

@Suite("Plivo signatures")
struct PlivoSignatureTests {
    static let token = "ZGV2LW9ubHktcGxpdm8tdG9rZW4tMDAwMQ"
    static let body =
        "From=12025550123&To=447700900456&Status=delivered"
        + "&MessageUUID=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa&PowerpackUUID="
    static let fields =
        "From12025550123MessageUUID5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"
        + "PowerpackUUIDStatusdeliveredTo447700900456"

    /// One of the vectors that Plivo's own SDKs accept.
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        var base = "https://dlr.example.com"
        let uri: String
        let nonce: String
        var body = ""
        var text: String?
        let signature: String

        var testDescription: String { name }
    }

    static let vectors = [
        Vector(
            name: "P1", uri: "/plivo/status", nonce: "31627761595286130198", body: body,
            text: "https://dlr.example.com/plivo/status?\(fields).31627761595286130198",
            signature: "gexWqu6JQ21GYsvlAdxn3AtQ9dR5u4RU11yGmST3b/0="),
        Vector(
            name: "P2", base: "https://dlr.example.com:8443",
            uri: "/plivo/status?tenant=acme&ref=ord%2F1001", nonce: "48207719053312640017",
            body: body,
            text: "https://dlr.example.com:8443/plivo/status?ref=ord/1001&tenant=acme."
                + "\(fields).48207719053312640017",
            signature: "meGWUbJGZui6EhhnKYzKg6fnwn874S6tnxMQK7VCQE4="),
        Vector(
            name: "P3",
            uri: "/plivo/status?tenant=acme&Status=sent"
                + "&MessageUUID=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"
                + "&MessageTime=2026-11-20+09%3A15%3A01.128412",
            nonce: "90011223344556677889",
            text: "https://dlr.example.com/plivo/status?MessageTime=2026-11-20 09:15:01.128412"
                + "&MessageUUID=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa&Status=sent&tenant=acme"
                + ".90011223344556677889",
            signature: "qJvohp5E8PWNHqnogcF2MqMUt6Hh79Owna7nob8wZ+I="),
        Vector(
            name: "P4", uri: "/plivo/in?b=2&a=1&b=10", nonce: "55500011122233344455",
            body: "From=12025550123&Text=Zo%C3%AB+%F0%9F%9A%9A&Media=z&Media=a&Media=m",
            text: "https://dlr.example.com/plivo/in?a=1&b=10&b=2."
                + "From12025550123MediaaMediamMediazTextZoë 🚚.55500011122233344455",
            signature: "g9X/XqzXEEaqqqjeey9UbSfuAGBsHZhFaHv9PYFDEic="),
        Vector(
            name: "P8", uri: "/plivo/status", nonce: "31627761595286130201",
            text: "https://dlr.example.com/plivo/status.31627761595286130201",
            signature: "BhbW4yP3INqq3Lhh4y7qWJjpxNSTeIZ6Ityz2vuu+zY="),
    ]

    @Test("V3 signs the text of the vectors", arguments: vectors)
    func signedText(vector: Vector) throws {
        let form = try #require(FormReader(Array(vector.body.utf8)))
        let signed = try #require(
            PlivoSignature.v3(uri: vector.uri, form: form, nonce: vector.nonce))
        let text = vector.base + String(decoding: signed, as: UTF8.self)
        #expect(text == vector.text)
        let key = try HMACKey(#require(Secret(Self.token)))
        #expect(Base64.encode(key.code(for: Array(text.utf8))) == vector.signature)
    }

    @Test("V3 callbacks of the vectors are authenticated", arguments: vectors)
    func authenticated(vector: Vector) throws {
        let webhook = try webhook(base: vector.base)
        let verification = try webhook.authenticate(
            request(vector.uri, vector.body, vector.nonce, vector.signature))
        #expect(verification == Verification(method: "v3", secret: 1))
    }

    @Test(
        "V3 callbacks of the fixtures are authenticated",
        arguments: [
            (
                "plivo-delivered.form", "31627761595286130198",
                "WEAvj1KKtpPUhOIQxzd0DUqqInduNxwHFK0CVs4OHR0="
            ),
            (
                "plivo-failed.form", "31627761595286130199",
                "pUycMuvDDZiswAVMbK+siRbSCjZXF8juQXqRhuEfBH8="
            ),
            (
                "plivo-sent.form", "31627761595286130200",
                "9DO6oGkKKI2XtQ8J6vbQnTWrxYgsZLQTOwRKmQ/SGgs="
            ),
        ])
    func fixtures(name: String, nonce: String, signature: String) throws {
        let body = String(decoding: try Fixture.bytes(name), as: UTF8.self)
        let verification = try webhook().authenticate(
            request("/plivo/status?tenant=acme", body, nonce, signature))
        #expect(verification == Verification(method: "v3", secret: 1))
    }

    @Test("headers whose lines came twice are authenticated, also the nonce's")
    func linesTwice() throws {
        let vector = Self.vectors[0]
        for (signature, nonce) in [
            ("\(vector.signature), \(vector.signature)", vector.nonce),
            ("x, \(vector.signature)", vector.nonce),
            (vector.signature, "\(vector.nonce), \(vector.nonce)"),
            ("\(vector.signature),x", "1, \(vector.nonce)"),
        ] {
            let verification = try webhook().authenticate(
                request(vector.uri, vector.body, nonce, signature))
            #expect(verification == Verification(method: "v3", secret: 1))
        }
        for nonce in ["1, 2", "1, 2, \(vector.nonce)", ",", ""] {
            #expect(throws: Refusal(.wrongSignature)) {
                try webhook().authenticate(
                    request(vector.uri, vector.body, nonce, vector.signature))
            }
        }
    }

    @Test("any of several signatures, tokens and base URLs suffices, also in the Ma header")
    func several() throws {
        let both = "oeVl7v2Hv28UjpBABQVsrhJdaE0fNDOVGvpLQnAcylY=, " + Self.vectors[0].signature
        let other = "ZGV2LW9ubHktcGxpdm8tdG9rZW4tMDAwMg"
        for (tokens, secret) in [
            ([Self.token], 1), ([other], 1), (["x", Self.token], 2), ([other, Self.token], 1),
        ] {
            for header in ["X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"] {
                let request = CallbackRequest(
                    uri: "/plivo/status", body: Array(Self.body.utf8),
                    headers: [
                        header: both, "X-Plivo-Signature-V3-Nonce": Self.vectors[0].nonce,
                    ])
                let webhook = try webhook(
                    bases: ["https://old.example.com", "https://dlr.example.com/"], tokens: tokens)
                #expect(try webhook.authenticate(request).secret == secret)
            }
        }
    }

    @Test("a wrong plain signature does not affect a right one of the main account")
    func mainAccount() throws {
        let request = CallbackRequest(
            uri: "/plivo/status", body: Array(Self.body.utf8),
            headers: [
                "X-Plivo-Signature-V3": "oeVl7v2Hv28UjpBABQVsrhJdaE0fNDOVGvpLQnAcylY=",
                "X-Plivo-Signature-Ma-V3": Self.vectors[0].signature,
                "X-Plivo-Signature-V3-Nonce": Self.vectors[0].nonce,
            ])
        #expect(try webhook().authenticate(request).method == "v3")
    }

    @Test("a path in the base URL is signed too")
    func prefix() throws {
        let webhook = try webhook(base: "https://dlr.example.com/plivo")
        let vector = Self.vectors[0]
        #expect(
            try webhook.authenticate(request("/status", Self.body, vector.nonce, vector.signature))
                .method == "v3")
    }

    @Test("one changed byte in anything that is signed is refused")
    func mutations() throws {
        let webhook = try webhook(base: Self.vectors[1].base)
        let parts = [
            Self.vectors[1].uri, Self.vectors[1].body, Self.vectors[1].nonce,
            Self.vectors[1].signature,
        ]
        for part in parts.indices {
            for index in parts[part].utf8.indices {
                var bytes = Array(parts[part].utf8)
                bytes[parts[part].utf8.distance(from: parts[part].utf8.startIndex, to: index)] ^= 1
                var changed = parts
                changed[part] = String(decoding: bytes, as: UTF8.self)
                let refused = request(changed[0], changed[1], changed[2], changed[3])
                #expect(throws: Refusal(.wrongSignature)) { try webhook.authenticate(refused) }
            }
        }
        for more in ["&x=", "&MessageUUID=1", "&", "&&"] {
            let changed = request(parts[0], parts[1] + more, parts[2], parts[3])
            let isEmptyPair = more.allSatisfy { $0 == "&" }
            if !isEmptyPair {
                #expect(throws: Refusal(.wrongSignature)) { try webhook.authenticate(changed) }
            }
        }
    }

    @Test("V2 signs the path alone, and needs to be allowed")
    func v2() throws {
        let headers = [
            "X-Plivo-Signature-V2": "n3Fq9HOuzkd0XgTf/gZVoPhm7iwUouaF/IMMQg2R75k=",
            "X-Plivo-Signature-V2-Nonce": "31627761595286130198",
        ]
        let request = CallbackRequest(
            uri: "/plivo/status?tenant=acme", body: Array(Self.body.utf8), headers: headers)
        let base = "https://dlr.example.com:8443"
        #expect(
            try webhook(base: base, allowsV2: true).authenticate(request)
                == Verification(method: "v2", secret: 1))
        #expect(throws: Refusal(.schemeNotAllowed)) {
            try webhook(base: base).authenticate(request)
        }
        let other = CallbackRequest(uri: "/plivo/statuz", body: [], headers: headers)
        #expect(throws: Refusal(.wrongSignature)) {
            try webhook(base: base, allowsV2: true).authenticate(other)
        }
        // With any V3 header, V2 is not tried.
        let mixed = CallbackRequest(
            uri: "/plivo/status?tenant=acme", body: Array(Self.body.utf8),
            headers: headers.merging([
                "X-Plivo-Signature-V3": Self.vectors[0].signature,
                "X-Plivo-Signature-V3-Nonce": "1",
            ]) { a, _ in a })
        #expect(throws: Refusal(.wrongSignature)) {
            try webhook(base: base, allowsV2: true).authenticate(mixed)
        }
    }

    @Test(
        "V2, which leaves the recipient unprotected, is never authenticated at a send request's URL"
    )
    func v2OfSendRequest() throws {
        let uri = "/callbacks/plivo/send-requests/\(SendRequestID.sample)"
        let base = "https://dlr.example.com"
        let key = try HMACKey(#require(Secret(Self.token)))
        let text = Array(base.utf8) + PlivoSignature.v2(uri: uri, nonce: "1")
        func request(sendRequest: SendRequestID?) -> CallbackRequest {
            CallbackRequest(
                uri: uri, sendRequest: sendRequest, body: Array(Self.body.utf8),
                headers: [
                    "X-Plivo-Signature-V2": Base64.encode(key.code(for: text)),
                    "X-Plivo-Signature-V2-Nonce": "1",
                ])
        }
        let webhook = try webhook(base: base, allowsV2: true)
        #expect(try webhook.authenticate(request(sendRequest: nil)).method == "v2")
        #expect(throws: Refusal(.schemeNotAllowed)) {
            try webhook.authenticate(request(sendRequest: .sample))
        }
    }

    @Test("V3 is authenticated at a send request's URL, and covers the recipient")
    func v3OfSendRequest() throws {
        let uri = "/callbacks/plivo/send-requests/\(SendRequestID.sample)"
        let token = try #require(Secret(Self.token))
        let signature = try #require(
            PlivoWebhook.signatureV3(
                baseURL: "https://dlr.example.com", uri: uri, body: Array(Self.body.utf8),
                nonce: "1", token: token))
        func request(_ body: String) -> CallbackRequest {
            CallbackRequest(
                uri: uri, sendRequest: .sample, body: Array(body.utf8),
                headers: ["X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": "1"])
        }
        #expect(try webhook().authenticate(request(Self.body)).method == "v3")
        let other = Self.body.replacing("To=447700900456", with: "To=447700900457")
        #expect(throws: Refusal(.wrongSignature)) { try webhook().authenticate(request(other)) }
    }

    @Test(
        "V2 agrees with the vectors of Plivo's SDKs",
        arguments: [
            ("", "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc="),
            ("/", "do1CXv+k99A6+B+eTcyqbxWlezFIxJ/1vz72787r37g="),
        ])
    func v2Vectors(uri: String, signature: String) throws {
        let key = try HMACKey(#require(Secret("my_auth_token")))
        let text = Array("https://answer.url".utf8) + PlivoSignature.v2(uri: uri, nonce: "12345")
        #expect(Base64.encode(key.code(for: text)) == signature)
    }

    @Test(
        "missing headers are reported",
        arguments: [
            [:],
            ["X-Plivo-Signature-V3": "gexWqu6JQ21GYsvlAdxn3AtQ9dR5u4RU11yGmST3b/0="],
            ["X-Plivo-Signature-V3-Nonce": "1"],
            ["X-Plivo-Signature": "x"],
        ])
    func missing(headers: [String: String]) throws {
        let request = CallbackRequest(uri: "/plivo/status", body: [], headers: headers)
        #expect(throws: Refusal(.missingSignature)) { try webhook().authenticate(request) }
    }

    @Test("texts that are not signatures are wrong", arguments: ["", ",", "x", "AAAA", "===="])
    func garbage(signature: String) throws {
        let request = request("/plivo/status", Self.body, "1", signature)
        #expect(throws: Refusal(.wrongSignature)) { try webhook().authenticate(request) }
    }

    @Test("without a token or a base URL there is no webhook")
    func unconfigured() throws {
        let token = try #require(Secret("t"))
        #expect(PlivoWebhook(.init(baseURLs: [], tokens: [token])) == nil)
        #expect(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [])) == nil)
    }

    private func request(
        _ uri: String, _ body: String, _ nonce: String, _ signature: String
    ) -> CallbackRequest {
        CallbackRequest(
            uri: uri, body: Array(body.utf8),
            headers: [
                "X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": nonce,
            ])
    }

    private func webhook(
        base: String = "https://dlr.example.com", allowsV2: Bool = false
    ) throws -> PlivoWebhook {
        try webhook(bases: [base], tokens: [Self.token], allowsV2: allowsV2)
    }

    private func webhook(
        bases: [String], tokens: [String], allowsV2: Bool = false
    ) throws -> PlivoWebhook {
        try #require(
            PlivoWebhook(
                .init(
                    baseURLs: bases, tokens: tokens.compactMap { Secret($0) }, allowsV2: allowsV2)))
    }
}
