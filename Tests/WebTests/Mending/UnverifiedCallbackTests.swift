import Domain
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("Callbacks that fail authentication", .blocking)
struct UnverifiedCallbackTests {
    private func server(
        _ webhook: SampleWebhook, _ sink: Sink, perHour: Int, metrics: Metrics = Metrics()
    ) throws -> WebServer {
        let endpoint = CallbackEndpoint(
            webhook, sink: sink,
            unverified: UnverifiedCallbacks(sink, perHour: perHour, metrics: metrics),
            metrics: metrics, logger: Logger(descriptor: -1))
        return try WebServer(endpoint.routes)
    }

    private static let refusing = SampleWebhook(
        bodyLimit: 1 << 20, refusal: Refusal(.wrongCredentials))

    @Test("are kept where that is set, for the quarantine alone, and refused all the same")
    func kept() throws {
        let sink = Sink()
        let server = try server(Self.refusing, sink, perHour: 10)
        let answer = try server.send(
            "POST", "/callbacks/infobip?a=1",
            headers: ["HTTP_AUTHORIZATION": "Basic d3Jvbmc=", "CONTENT_TYPE": "application/json"],
            body: [1, 2, 3])
        #expect(answer.status == 401 && answer.code == "wrong_credentials")
        let submission = try #require(sink.submissions.first)
        #expect(sink.submissions.count == 1)
        #expect(submission.archiving == .never && submission.reports.isEmpty)
        #expect(submission.rejects.map(\.reason) == ["wrong_credentials"])
        #expect(submission.rejects.first?.excerpt == [1, 2, 3])
        #expect(submission.callback.contentType == "application/json")
        #expect(
            submission.credentials?.text
                == ":path: /callbacks/infobip?a=1\nAuthorization: Basic d3Jvbmc=")
    }

    @Test("are kept up to so many an hour and so many bytes each, and counted beyond")
    func bounded() throws {
        let sink = Sink()
        let metrics = Metrics()
        let server = try server(Self.refusing, sink, perHour: 3, metrics: metrics)
        let large = [UInt8](repeating: 1, count: UnverifiedCallbacks.bodyLimit + 1)
        #expect(try server.send("POST", "/callbacks/infobip", body: large).status == 401)
        #expect(sink.submissions.isEmpty)
        for _ in 0..<5 {
            #expect(try server.send("POST", "/callbacks/infobip", body: [1]).status == 401)
        }
        #expect(sink.submissions.count == 3)
        let exposition = metrics.exposition()
        #expect(exposition.contains("waybill_unverified_callbacks_kept_total 3\n"))
        #expect(exposition.contains("waybill_unverified_callbacks_left_out_total 3\n"))
    }

    @Test("Of a callback that can be read no credentials are kept; of one that cannot, they are")
    func onlyWhereNeeded() throws {
        let sink = Sink()
        let headers = ["HTTP_AUTHORIZATION": "Basic c2VjcmV0"]
        let good = try server(SampleWebhook(), sink, perHour: 10)
        #expect(
            try good.send("POST", "/callbacks/infobip", headers: headers, body: [1]).status == 200)
        #expect(sink.submissions.last?.credentials == nil)
        let bad = try server(
            SampleWebhook(malformation: Malformation(.notJSON, at: "byte 1", "It is no JSON.")),
            sink,
            perHour: 10)
        #expect(
            try bad.send("POST", "/callbacks/infobip", headers: headers, body: [1]).status == 400)
        #expect(sink.submissions.last?.credentials?.text.contains("Basic c2VjcmV0") == true)
        #expect(sink.submissions.last?.archiving == .add)
    }
}
