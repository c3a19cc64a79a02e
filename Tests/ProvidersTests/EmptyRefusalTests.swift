import Domain
import Testing

@testable import Providers

@Suite("Refusals without a body")
struct EmptyRefusalTests {
    private static func providers() throws -> [any SendingProvider] {
        [try InfobipSending.sample(), try PlivoSending.sample()]
    }

    @Test("A 401 stops the sending, and has a code to show, also without a text")
    func unauthorized() throws {
        for provider in try Self.providers() {
            // Foundation hands out no body of an answer with a challenge.
            let results = provider.sendResults(
                of: [try .ofCall(1), try .ofCall(2)], ProviderResponse(status: 401, body: []))
            let problem = ProviderProblem(code: "401", text: "HTTP 401 without an explanation.")
            #expect(results == [.stopped(problem), .stopped(problem)])
        }
    }

    @Test("A look-up's 401 says nothing about any message")
    func lookUp() throws {
        for provider in try Self.providers() {
            let message = MessageLookUp(
                id: .sample(1), providerMessageID: nil,
                recipient: try PhoneNumber("+447700900001"),
                sentAt: Timestamp(microseconds: 1_750_000_000_000_000))
            #expect(throws: ProviderProblem.self) {
                try provider.lookUpResult(
                    of: [message], ProviderResponse(status: 401, body: []))
            }
        }
    }
}
