import Domain
import Security
import Testing

@testable import Providers

@Suite("Message keys")
struct MessageKeyTests {
    static let ours = "01890a5d-ac96-774b-bcce-b302099a8057"

    @Test("a foreign name gives the version 8 UUID of its digest")
    func derived() {
        for provider in [Provider.infobip, .plivo] {
            for name in ["msg-b2d4-0001", "", "é🚚", String(repeating: "x", count: 5000)] {
                let digest = SHA256.digest(of: "\(provider.name)\n\(name)")
                let key = MessageKey.derive(provider: provider, providerMessageID: name)
                #expect(key == MessageID.derived(fromDigest: digest.bytes))
                #expect(key.version == 8)
            }
        }
        #expect(
            MessageKey.derive(provider: .infobip, providerMessageID: "msg-b2d4-0001")
                != MessageKey.derive(provider: .plivo, providerMessageID: "msg-b2d4-0001"))
    }

    @Test(
        "the keys are the same in every version; made with Python's hashlib",
        arguments: [
            (Provider.infobip, "msg-b2d4-0001", "90fa8bae-82a4-88ab-bc1b-b63436217626"),
            (.plivo, "msg-b2d4-0001", "8041678b-284f-829d-b376-19db61a1c97e"),
            (
                .infobip, "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa",
                "6705ade8-26b7-8537-ac68-3ebbbe368fb7"
            ),
            (
                .plivo, "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa",
                "fc4d2e4f-0a71-8ee8-89d4-8ad598747f4d"
            ),
            (.infobip, "é🚚", "0b597161-63f8-8a92-acd1-653e4b119290"),
        ])
    func vectors(provider: Provider, name: String, key: String) {
        #expect(
            MessageKey.derive(provider: provider, providerMessageID: name).description == key)
    }

    @Test("no two providers have a key in common, a future one included")
    func providers() {
        let names = [Provider.infobip, .plivo].map(\.name) + ["twilio"]
        let keys = names.map { provider in
            Array("msg-b2d4-0001".utf8).withUnsafeBytes {
                MessageKey.derive(ofProviderNamed: provider, $0)
            }
        }
        #expect(Set(keys).count == names.count)
        #expect(keys.last?.description == "54f833d8-fde8-8ebf-9571-e8da5792c033")
        for (provider, key) in zip([Provider.infobip, .plivo], keys) {
            #expect(
                MessageKey.derive(provider: provider, providerMessageID: "msg-b2d4-0001") == key)
        }
    }

    @Test("our own ids come back from Infobip as they are, in either case")
    func identity() {
        let key = MessageKey.derive(provider: .infobip, providerMessageID: Self.ours)
        #expect(key.description == Self.ours)
        #expect(
            MessageKey.derive(provider: .infobip, providerMessageID: Self.ours.uppercased()) == key)
        let new = MessageID.new(at: Timestamp(microseconds: 1_763_629_501_250_000))
        #expect(
            MessageKey.derive(provider: .infobip, providerMessageID: new.description) == new)
    }

    @Test(
        "a name that is only similar to one of ours is derived",
        arguments: [
            "01890a5dac96774bbcceb302099a8057", "01890A5D-AC96-474B-BCCE-B302099A8057",
            "01890a5d-ac96-474b-bcce-b302099a8057", "01890a5d-ac96-774b-7cce-b302099a8057",
            "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a80577",
            "01890a5d-ac96-774b-bcce-b302099a805g", " 1890a5d-ac96-774b-bcce-b302099a8057",
        ])
    func resembling(name: String) {
        let key = MessageKey.derive(provider: .infobip, providerMessageID: name)
        #expect(key.version == 8)
    }

    @Test("Plivo's ids are Plivo's, whatever their version")
    func plivo() {
        let key = MessageKey.derive(provider: .plivo, providerMessageID: Self.ours)
        #expect(key.version == 8)
    }

    @Test(
        "a message's key follows from its send request and recipient, and is of its millisecond"
    )
    func sendRequest() throws {
        let sendRequest = try #require(SendRequestID(Self.ours))
        func key(_ sendRequest: SendRequestID, _ number: String) throws -> MessageID {
            MessageKey.derive(sendRequest: sendRequest, recipient: try PhoneNumber(number))
        }
        let first = try key(sendRequest, "+447700900456")
        // Made with Python's hashlib and uuid.
        #expect(first.description == "01890a5d-ac96-7920-ad0d-7a59bad93700")
        #expect(
            try key(sendRequest, "+447700900457").description
                == "01890a5d-ac96-7399-874b-284fcf876a9f")
        #expect(try key(sendRequest, "0044 7700 900456") == first)
        #expect(first.version == 7 && first.low >> 62 == 0b10)
        #expect(first.high >> 16 == sendRequest.high >> 16)
        #expect(
            MessageKey.derive(provider: .infobip, providerMessageID: first.description) == first)
        let sibling = SendRequestID(high: sendRequest.high, low: sendRequest.low ^ 1)
        let later = SendRequestID(high: sendRequest.high + 1 << 16, low: sendRequest.low)
        #expect(try key(sibling, "+447700900456") != first)
        #expect(try key(later, "+447700900456") > first)
    }

    @Test("no two of a send request's thousand recipients have one key")
    func distinct() throws {
        let sendRequest = SendRequestID.new(at: Timestamp(microseconds: 1_763_629_501_250_000))
        let keys = try (0..<1000).map {
            MessageKey.derive(
                sendRequest: sendRequest, recipient: try PhoneNumber("+44770090\(1000 + $0)"))
        }
        #expect(Set(keys).count == 1000)
    }

    @Test("a report's key is the one that is looked up")
    func reports() throws {
        for name in [Self.ours, "msg-1", #"m\u0073g-1"#, "ä"] {
            let parsed = try parse(#"{"results":[{"messageId":"\#(name)","status":{}}]}"#)
            let report = try #require(parsed.reports.first)
            #expect(
                report.message
                    == MessageKey.derive(
                        provider: .infobip, providerMessageID: report.providerMessageID))
        }
    }
}
