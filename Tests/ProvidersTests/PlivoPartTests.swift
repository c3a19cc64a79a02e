import Domain
import Security
import Testing

@testable import Providers

@Suite("Parts of Plivo's messages")
struct PlivoPartTests {
    private func report(
        _ rest: String, status: String = "delivered", message: MessageID? = nil
    ) throws -> Report {
        let token = try #require(Secret("token"))
        let webhook = try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
        let parsed = try webhook.parse(
            ReceivedCallback(
                message: message, contentType: "application/x-www-form-urlencoded",
                body: Array("MessageUUID=u-2&Status=\(status)\(rest)".utf8)))
        return try #require(parsed.reports.first)
    }

    @Test(
        "a part is shown by its number and the total, and kept as it came",
        arguments: [
            ("1 of 2", PartNumber(number: 1, total: 2)),
            ("3 of 3", PartNumber(number: 3, total: 3)),
            ("255 of 255", PartNumber(number: 255, total: 255)),
        ])
    func part(text: String, expected: PartNumber?) throws {
        let report = try report("&PartInfo=\(text.replacing(" ", with: "+"))")
        #expect(report.part != nil)
        #expect(report.part == expected)
        #expect(report.attributes == "{\"PartInfo\":\"\(text)\"}")
    }

    @Test(
        "a value that names no part of several is only kept",
        arguments: [
            "1 of 1", "0 of 2", "3 of 2", "-1 of 2", "1 of 256", "1 of", "of 2", "1 2", "1/2",
            "1 of 2 of 3", " 1 of 2", "1 of 99999999999999999999", "one of two",
        ])
    func garbage(text: String) throws {
        let report = try report("&PartInfo=\(text.replacing(" ", with: "+"))")
        #expect(report.part == nil)
        #expect(report.attributes == "{\"PartInfo\":\"\(text)\"}")
    }

    @Test("part information that is empty or comes twice names no part")
    func absent() throws {
        #expect(try report("").part == nil)
        #expect(try report("&PartInfo=").part == nil)
        let twice = try report("&PartInfo=1+of+2&PartInfo=2+of+2")
        #expect(twice.part == nil)
        #expect(twice.attributes == #"{"PartInfo":["1 of 2","2 of 2"]}"#)
    }

    @Test("parts are joined under the whole message's UUID; each keeps its own")
    func parent() throws {
        let part = try report("&ParentMessageUUID=u-1&PartInfo=2+of+2")
        #expect(part.message == MessageKey.derive(provider: .plivo, providerMessageID: "u-1"))
        #expect(part.providerMessageID == "u-1")
        #expect(part.isKeyDerived)
        #expect(
            part.attributes
                == #"{"ParentMessageUUID":"u-1","PartInfo":"2 of 2","MessageUUID":"u-2"}"#)
        let first = try report("&ParentMessageUUID=u-2&PartInfo=1+of+2")
        #expect(first.providerMessageID == "u-2")
        #expect(first.attributes == #"{"ParentMessageUUID":"u-2","PartInfo":"1 of 2"}"#)
    }

    @Test("our id in the path is the message's, and the parent still its name at Plivo")
    func ours() throws {
        let part = try report("&ParentMessageUUID=u-1&PartInfo=2+of+2", message: .sample(1))
        #expect(part.message == .sample(1))
        #expect(part.providerMessageID == "u-1")
        #expect(!part.isKeyDerived)
    }

    @Test(
        "what cannot be a message's name is no parent",
        arguments: [
            "", "&ParentMessageUUID=", "&ParentMessageUUID=a%00",
            "&ParentMessageUUID=\(String(repeating: "x", count: 201))",
            "&ParentMessageUUID=a&ParentMessageUUID=b",
        ])
    func noParent(rest: String) throws {
        let report = try report(rest)
        #expect(report.providerMessageID == "u-2")
        #expect(report.message == MessageKey.derive(provider: .plivo, providerMessageID: "u-2"))
        #expect(report.attributes?.contains("u-2") != true)
    }

    @Test("reports of parts give the message's combined status")
    func folded() throws {
        let reports = try [("delivered", 1), ("failed", 2)].map { status, number in
            let report = try report("&PartInfo=\(number)+of+2", status: status)
            return RecordedReport(
                report: report, receivedAt: Timestamp(microseconds: 0),
                callback: CallbackID(high: 0, low: 0), precedence: report.precedence,
                fingerprint: report.fingerprint)
        }
        let parts = try #require(MessageParts(reports))
        #expect(parts.statuses == [1: .delivered, 2: .failed])
        #expect(parts.status == .partiallyDelivered)
    }
}
