import Domain
import TestSupport
import Testing

@testable import Providers

@Suite("What Infobip answers to a send")
struct InfobipSendingAnswerTests {
    private static let pending =
        #""status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED","#
        + #""description":"Message sent to next instance"}"#

    /// The results for messages 1, 2, … when Infobip answers so.
    private func results(
        _ count: UInt64, _ status: Int, _ body: String, retryAfterSeconds: Int? = nil
    ) throws -> [String] {
        let messages = try (1...count).map { try OutgoingMessage.sample($0) }
        return try InfobipSending.sample().sendResults(
            of: messages, ProviderResponse(status, body, retryAfterSeconds: retryAfterSeconds)
        ).map(\.summary)
    }

    private func status(_ group: Int, _ name: String, _ id: Int, _ word: String) -> String {
        #""status":{"groupId":\#(group),"groupName":"\#(name)","id":\#(id),"name":"\#(word)","#
            + #""description":"Words","action":"Do this"}"#
    }

    @Test("both versions' documented answers")
    func documented() throws {
        let id = MessageID.sample(1)
        let v2 =
            #"{"bulkId":"b","messages":[{"to":"447700901001","messageId":"\#(id)","#
            + Self.pending + "}]}"
        let v3 =
            #"{"messages":[{"messageId":"\#(id)","# + Self.pending
            + #","destination":"447700901001","details":{"messageCount":1}}]}"#
        #expect(try results(1, 200, v2) == ["accepted \(id)"])
        #expect(try results(1, 200, v3) == ["accepted \(id)"])
    }

    @Test("each message has its own result, whatever the order")
    func order() throws {
        var entries = [
            #"{"messageId":"\#(MessageID.sample(1))","# + Self.pending + "}",
            #"{"messageId":"\#(MessageID.sample(2))","#
                + status(5, "REJECTED", 14, "REJECTED_DESTINATION_BLOCKLISTED") + "}",
            #"{"messageId":"\#(MessageID.sample(3))","#
                + status(5, "REJECTED", 21, "REJECTED_SYSTEM_ERROR") + "}",
            #"{"messageId":"of-somebody-else","# + Self.pending + "}",
        ]
        let expected = [
            "accepted \(MessageID.sample(1))", "refused REJECTED_DESTINATION_BLOCKLISTED",
            "deferred REJECTED_SYSTEM_ERROR", "ambiguous not_in_answer",
        ]
        var generator = SplitMix64(state: 3)
        for _ in 0..<24 {
            entries.shuffle(using: &generator)
            let body = #"{"messages":[\#(entries.joined(separator: ","))]}"#
            #expect(try results(4, 200, body) == expected)
        }
    }

    @Test(
        "every group, and the statuses that are exceptions",
        arguments: [
            (0, "ACCEPTED", 0, "accepted"), (1, "PENDING", 7, "accepted"),
            (3, "DELIVERED", 5, "accepted"), (3, "DELIVERED", 2, "accepted"),
            (2, "UNDELIVERABLE", 9, "refused"), (4, "EXPIRED", 15, "refused"),
            (5, "REJECTED", 6, "refused"), (5, "REJECTED", 20, "refused"),
            (5, "REJECTED", 12, "stopped"), (5, "REJECTED", 17, "stopped"),
            (5, "REJECTED", 21, "deferred"), (5, "REJECTED", 23, "accepted"),
            (5, "REJECTED", 100, "refused"), (4, "EXPIRED", 12, "refused"),
            (1, "PENDING", 23, "accepted"), (9, "NEW", 12, "ambiguous"),
            (5, "rejected", 12, "stopped"),
        ])
    func groups(group: Int, name: String, id: Int, expected: String) throws {
        let entry =
            #"{"messageId":"\#(MessageID.sample(1))","# + status(group, name, id, "WORD") + "}"
        let word = expected == "accepted" ? "\(MessageID.sample(1))" : "WORD"
        #expect(
            try results(1, 200, #"{"messages":[\#(entry)]}"#) == ["\(expected) \(word)"])
    }

    @Test("the provider's text is kept")
    func words() throws {
        let body =
            #"{"messages":[{"messageId":"\#(MessageID.sample(1))","#
            + status(5, "REJECTED", 6, "REJECTED_NETWORK") + "}]}"
        let result = try InfobipSending.sample().sendResults(
            of: [.sample(1)], ProviderResponse(200, body))
        #expect(
            result == [
                .refused(ProviderProblem(code: "REJECTED_NETWORK", text: "Words Do this"))
            ])
        let bare = #"{"messages":[{"messageId":"\#(MessageID.sample(1))","status":{"groupId":5}}]}"#
        #expect(try results(1, 200, bare) == ["refused unknown_status"])
    }

    @Test("an entry without our id is found by its number, if only one message has it")
    func byNumber() throws {
        let sending = try InfobipSending.sample()
        let alone = try OutgoingMessage.sample(1, to: "+447700900101")
        let twins = try [2, 3].map { try OutgoingMessage.sample($0, to: "+447700900102") }
        func entry(_ name: String, _ number: String, _ id: String?) -> String {
            let id = id.map { #""messageId":"\#($0)","# } ?? ""
            return #"{\#(id)"\#(name)":"\#(number)","# + Self.pending + "}"
        }
        let body =
            #"{"messages":["# + entry("to", "447700900101", nil) + ","
            + entry("destination", "+447700900102", "theirs") + "]}"
        let results = sending.sendResults(of: [alone] + twins, ProviderResponse(200, body))
        #expect(
            results.map(\.summary) == [
                "accepted \(alone.id)", "ambiguous not_in_answer", "ambiguous not_in_answer",
            ])
        let settled =
            #"{"messages":["# + entry("to", "447700900102", "\(twins[0].id)") + ","
            + entry("destination", "+447700900102", "theirs") + "]}"
        #expect(
            sending.sendResults(of: twins, ProviderResponse(200, settled)).map(\.summary)
                == ["accepted \(twins[0].id)", "accepted theirs"])
        let doubled =
            #"{"messages":["# + entry("to", "447700900101", "a") + ","
            + entry("to", "447700900101", "b") + "]}"
        #expect(
            sending.sendResults(of: [alone], ProviderResponse(200, doubled)).map(\.summary)
                == ["ambiguous not_in_answer"])
    }

    @Test("a message with two entries is not sent again if one of them says that it was accepted")
    func duplicates() throws {
        let id = MessageID.sample(1)
        let refused = #"{"messageId":"\#(id)","# + status(5, "REJECTED", 21, "X") + "}"
        let accepted = #"{"messageId":"\#(id)","# + Self.pending + "}"
        let strange = #"{"messageId":"\#(id)"}"#
        for list in [[refused, accepted], [accepted, refused], [strange, refused, accepted]] {
            let body = #"{"messages":[\#(list.joined(separator: ","))]}"#
            #expect(try results(1, 200, body) == ["accepted \(id)"])
        }
        #expect(
            try results(1, 200, #"{"messages":[\#(refused),\#(strange)]}"#)
                == ["ambiguous unreadable_answer"])
    }

    @Test(
        "a success that cannot be read is ambiguous",
        arguments: [
            "", "{}", "null", "[]", "<html>", #"{"messages":null}"#, #"{"messages":{}}"#,
            #"{"messages":["#,
        ])
    func unreadable(body: String) throws {
        #expect(
            try results(2, 200, body)
                == ["ambiguous unreadable_answer", "ambiguous unreadable_answer"])
    }

    @Test("entries of any type do no harm")
    func strangeEntries() throws {
        let body =
            #"{"messages":[1,null,"x",[],{},{"messageId":7},{"messageId":"\#(MessageID.sample(1))"}]}"#
        #expect(
            try results(2, 200, body) == ["ambiguous unreadable_answer", "ambiguous not_in_answer"])
    }

    @Test("no answer is ambiguous")
    func noAnswer() throws {
        let results = try InfobipSending.sample().sendResults(
            of: [.sample(1), .sample(2)], nil)
        #expect(results == [.ambiguous(.noAnswer), .ambiguous(.noAnswer)])
    }
}
