import Domain
import Testing

@testable import Providers

@Suite("How Infobip refuses a send")
struct InfobipSendingRefusalTests {
    private static let v2 =
        #"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request"}}}"#
    private static let v3 =
        #"{"errorCode":"E400","description":"Bad request","action":"","violations":[],"#
        + #""resources":[]}"#

    private func results(
        _ count: UInt64, _ status: Int, _ body: String, retryAfterSeconds: Int? = nil
    ) throws -> [SendResult] {
        let messages = try (1...count).map { try OutgoingMessage.sample($0) }
        return try InfobipSending.sample().sendResults(
            of: messages, ProviderResponse(status, body, retryAfterSeconds: retryAfterSeconds))
    }

    @Test(
        "each HTTP status means the same with both forms of body and with none",
        arguments: [
            (301, "stopped"), (400, "refused"), (401, "stopped"), (402, "stopped"),
            (403, "stopped"), (404, "stopped"), (405, "stopped"), (408, "deferred"),
            (409, "refused"), (413, "refused"), (415, "stopped"), (422, "refused"),
            (429, "deferred"), (500, "ambiguous"), (501, "ambiguous"), (502, "deferred"),
            (503, "deferred"), (504, "ambiguous"), (599, "ambiguous"), (0, "ambiguous"),
        ])
    func statuses(status: Int, expected: String) throws {
        for (body, code) in [
            (Self.v2, "BAD_REQUEST"), (Self.v3, "E400"), ("", "\(status)"),
            ("<html>Bad Gateway</html>", "\(status)"), ("{}", "\(status)"), ("[1]", "\(status)"),
        ] {
            let result = try results(1, status, body).map(\.summary)
            #expect(result == ["\(expected) \(code)"])
            // Only what is about the messages differs where there are several.
            let several = expected == "refused" ? "refusedTogether" : expected
            let both = try results(2, status, body).map(\.summary)
            #expect(both == Array(repeating: "\(several) \(code)", count: 2))
        }
    }

    @Test("Retry-After is honoured, and a page without a text is not quoted")
    func deferral() throws {
        #expect(
            try results(1, 429, Self.v3, retryAfterSeconds: 17)
                == [.deferred(ProviderProblem(code: "E400", text: "Bad request"), afterSeconds: 17)]
        )
        #expect(
            try results(1, 503, "<html>secret page</html>") == [
                .deferred(
                    ProviderProblem(code: "503", text: "HTTP 503 without an explanation."),
                    afterSeconds: nil)
            ])
    }

    @Test("where the error names messages, those are refused and the others may go again at once")
    func named() throws {
        let v2 =
            #"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad request","#
            + #""validationErrors":{"messages[1].destinations[0].to":["must not be empty","too odd"],"#
            + #""messages[1].text":["is odd"],"bulkId":["is odd"]}}}}"#
        let whole =
            "Bad request; messages[1].destinations[0].to: must not be empty, too odd; "
            + "messages[1].text: is odd; bulkId: is odd"
        let others = SendResult.refusedTogether(ProviderProblem(code: "BAD_REQUEST", text: whole))
        let fault =
            "messages[1].destinations[0].to: must not be empty, too odd; messages[1].text: is odd"
        #expect(
            try results(3, 400, v2) == [
                others, .refused(ProviderProblem(code: "BAD_REQUEST", text: fault)), others,
            ])
        let v3 =
            #"{"errorCode":"E400","description":"Bad","action":"a","resources":[],"violations":["#
            + #"{"property":"request.messages[0].content","violation":"is empty"},7]}"#
        #expect(
            try results(2, 400, v3).map(\.summary) == ["refused E400", "refusedTogether E400"])
    }

    @Test(
        "invalid places name no message",
        arguments: [
            "messages[7].text", "messages[-1]", "messages[]", "messages", "destinations[0]",
            "messages[99999999999999999999]", "messages[x]",
        ])
    func unnamed(property: String) throws {
        let body =
            #"{"errorCode":"E400","description":"Bad","violations":[{"property":"\#(property)","#
            + #""violation":"v"}]}"#
        #expect(
            try results(2, 400, body).map(\.summary)
                == ["refusedTogether E400", "refusedTogether E400"])
    }

    @Test("a policy exception and a long text are read too")
    func others() throws {
        let long = String(repeating: "x", count: 2000)
        let body =
            #"{"requestError":{"policyException":{"messageId":"POL0001","text":"\#(long)"}}}"#
        #expect(
            try results(1, 403, body)
                == [.stopped(ProviderProblem(code: "POL0001", text: String(long.prefix(500))))])
    }
}
