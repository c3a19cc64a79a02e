import Domain
import Foundation
import Providers
import Security
import Testing

@Suite("Infobip's token in the URL")
struct InfobipURLTokenTests {
    private static let first = "first-secret_0123456789"
    private static let second = "SECOND-secret_0123456789"

    private func webhook(withBasic: Bool = false) throws -> InfobipWebhook {
        let secrets = try [Self.first, Self.second].map { try #require(Secret($0)) }
        let basic = try [(user: "user", password: #require(Secret("password")))]
        return try #require(
            InfobipWebhook(.init(basic: withBasic ? basic : [], urlSecrets: secrets)))
    }

    private func request(_ query: String, _ headers: [String: String] = [:]) -> CallbackRequest {
        CallbackRequest(uri: "/callbacks/infobip" + query, body: [], headers: headers)
    }

    @Test("the token is authenticated alone and among other parameters")
    func authenticated() throws {
        for (query, secret) in [
            ("?token=\(Self.first)", 1), ("?token=\(Self.second)", 2),
            ("?a=b&token=\(Self.second)&c", 2), ("?&token=\(Self.first)", 1),
            ("?mytoken=x&token=\(Self.first)", 1), ("?\u{600}&token=\(Self.first)", 1),
        ] {
            let verification = try webhook().authenticate(request(query))
            #expect(verification == Verification(method: "url token", secret: secret))
            #expect(verification.description == "url token \(secret)")
        }
    }

    @Test(
        "nothing else is",
        arguments: [
            "?token=", "?token", "?token=wrong", "?token=\(first)x", "?token=\(first.dropLast())",
            "?token=\(first.uppercased())", "?token= \(first)", "?token=wrong&token=\(first)",
            "?token=\(first)#", "?token==\(first)",
        ])
    func refused(query: String) throws {
        let reason =
            query == "?token" ? Refusal.Reason.missingCredentials : .wrongCredentials
        #expect(throws: Refusal(reason)) { try webhook().authenticate(request(query)) }
    }

    @Test(
        "a token elsewhere is none",
        arguments: [
            "", "?", "?Token=\(first)", "?x=token=\(first)", "/token=\(first)", "?\(first)",
        ])
    func missing(query: String) throws {
        #expect(throws: Refusal(.missingCredentials)) {
            try webhook().authenticate(request(query))
        }
    }

    @Test("it is a method of its own: any one suffices, and without secrets it is off")
    func methods() throws {
        let wrong = ["Authorization": "Basic eDp5"]
        let both = try webhook(withBasic: true)
        #expect(
            try both.authenticate(request("?token=\(Self.first)", wrong)).method == "url token")
        let right = ["Authorization": "Basic dXNlcjpwYXNzd29yZA=="]
        #expect(try both.authenticate(request("?token=wrong", right)).method == "basic")
        #expect(throws: Refusal(.missingCredentials)) {
            try infobip().authenticate(request("?token=\(Self.first)"))
        }
    }

    @Test(
        "what is archived holds no token",
        arguments: [
            ("/callbacks/infobip", "/callbacks/infobip"), ("/c?", "/c?"), ("/c?a=b&", "/c?a=b&"),
            ("/c?token=s", "/c?token=<redacted>"), ("/c?token=", "/c?token=<redacted>"),
            ("/c?a=%20b&token=s=s&&d=e", "/c?a=%20b&token=<redacted>&&d=e"),
            ("/c?token=s&Token=t&TOKEN=u", "/c?token=<redacted>&Token=<redacted>&TOKEN=<redacted>"),
            ("/c?mytoken=s&token", "/c?mytoken=s&token"),
            ("/c?\u{600}&token=s", "/c?\u{600}&token=<redacted>"),
            ("/token=s?a", "/token=s?a"),
        ])
    func archived(uri: String, expected: String) throws {
        #expect(try webhook().archived(uri: uri) == expected)
        // Also if tokens are not accepted: it may have been a secret before.
        #expect(try infobip().archived(uri: uri) == expected)
    }

    @Test("the URL that is sent with a message is authenticated, and printed nowhere")
    func callbackURL() throws {
        let secret = try #require(Secret(Self.first))
        let url = InfobipWebhook.callbackURL(base: "https://dlr.example.com/", secret: secret)
        #expect(url == "https://dlr.example.com/callbacks/infobip?token=\(Self.first)")
        let uri = url.dropFirst("https://dlr.example.com".count)
        let called = CallbackRequest(uri: String(uri), body: [])
        #expect(try webhook().authenticate(called).method == "url token")
        #expect(
            InfobipWebhook.callbackURL(base: "https://dlr.example.com", secret: nil)
                == "https://dlr.example.com/callbacks/infobip")
        for version in InfobipSending.Version.allCases {
            let sending = try InfobipSending.sample(version, callbackURL: url)
            let path = version == .v2 ? "notifyUrl" : "webhooks.delivery.url"
            let sent = try sending.sendRequest([.sample(1)]).inMessages(path)
            #expect(sent as? [String] == [url])
            var dumped = ""
            dump(sending, to: &dumped)
            for text in ["\(sending)", String(reflecting: sending), dumped] {
                #expect(!text.contains(Self.first))
            }
        }
    }
}
