import Testing

@testable import Domain

@Suite("What a replay authenticates with")
struct CallbackCredentialsTests {
    private func request(
        _ headers: [String: String], uri: String = "/callbacks/x?token=a&b=%C3%A9"
    ) -> CallbackRequest {
        CallbackRequest(uri: uri, body: [1]) { headers[$0.parameter] }
    }

    private let callback = ReceivedCallback(
        id: .new(at: .now), provider: .infobip, uri: "/callbacks/x", contentType: nil,
        sendRequest: .new(at: .now), receivedAt: .now, body: [1, 2])

    @Test("is the URI and the headers that the provider reads, in a text and back")
    func roundTrip() throws {
        let name = try #require(HeaderName("X-Secret"))
        let other = try #require(HeaderName("x-SECRET"))
        let given = request([
            "HTTP_AUTHORIZATION": "Basic abc: def", "HTTP_X_SECRET": "", "HTTP_COOKIE": "no",
        ])
        let credentials = try #require(CallbackCredentials(given, [.authorization, name]))
        #expect(
            credentials.text
                == ":path: /callbacks/x?token=a&b=%C3%A9\nAuthorization: Basic abc: def\nX-Secret: "
        )
        let read = try #require(CallbackCredentials(text: credentials.text))
        #expect(read == credentials)
        let again = read.request(of: callback)
        #expect(again.uri == given.uri && again.body == [1, 2])
        #expect(again.sendRequest == callback.sendRequest)
        #expect(again.header(.authorization) == "Basic abc: def")
        // Another spelling in the settings is no other header.
        #expect(again.header(other)?.isEmpty == true)
        let cookie = try #require(HeaderName("Cookie"))
        #expect(again.header(cookie) == nil)
        #expect("\(credentials)" == "<redacted>")
    }

    @Test("is nothing that could be read as other lines, nor too much of it")
    func refuses() {
        for value in ["a\nX-Secret: b", "a\r", "\0", String(repeating: "a", count: 40_000)] {
            #expect(
                CallbackCredentials(request(["HTTP_AUTHORIZATION": value]), [.authorization])
                    == nil)
        }
        #expect(CallbackCredentials(request([:], uri: "/a\nb"), []) == nil)
        for text in ["", "Authorization: a", ":path: /a\nno header", ":path: /a\nä: b"] {
            #expect(CallbackCredentials(text: text) == nil, "\(text)")
        }
    }
}
