import Domain
import FastCGI
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Web

@Suite("Callback endpoint", .blocking)
struct CallbackEndpointTests {
    private func start(
        _ webhook: SampleWebhook = SampleWebhook(), sink: Sink = Sink(),
        metrics: Metrics = Metrics()
    ) throws -> (server: WebServer, endpoint: CallbackEndpoint) {
        let endpoint = CallbackEndpoint(
            webhook, sink: sink, metrics: metrics, logger: Logger(descriptor: -1))
        return (try WebServer(endpoint.routes), endpoint)
    }

    @Test("A callback is stored byte for byte and answered 200")
    func accepted() throws {
        let sink = Sink()
        let (server, endpoint) = try start(sink: sink)
        let body: [UInt8] = [0, 1, 0xFF, 0x7B]
        let answer = try server.send("POST", "/callbacks/infobip?a=%20b", body: body)
        #expect(answer.status == 200)
        #expect(answer.body == #"{"status":"stored"}"#)
        let submission = try #require(sink.submissions.first)
        #expect(submission.callback.body == body)
        #expect(submission.callback.uri == "/callbacks/infobip?a=%20b")
        #expect(submission.reports.count == 1)
        // A caller who has the answer finds it in the status.
        let snapshot = endpoint.statistics.snapshot(at: .now)
        #expect(snapshot.callbacksAccepted.lastMinute == 1)
        #expect(snapshot.lastVerification == Verification(method: "basic", secret: 2))
    }

    @Test("Nothing is answered before the sink has completed")
    func answerFollowsCompletion() throws {
        let sink = Sink(nil)
        let (server, _) = try start(sink: sink)
        let connection = try server.start("POST", "/callbacks/infobip", body: [1])
        #expect(sink.waitForSubmission())
        #expect(connection.isSilent())
        sink.complete(.success(()))
        #expect(try Answer(connection.readAll()).status == 200)
    }

    @Test(
        "What the sink cannot store is a 503 with Retry-After",
        arguments: [
            (SinkFailure.full, "writer_full"), (.unavailable, "database_unavailable"),
            (.stopping, "stopping"),
        ])
    func sinkFailure(failure: SinkFailure, code: String) throws {
        let metrics = Metrics()
        let (server, endpoint) = try start(sink: Sink(.failure(failure)), metrics: metrics)
        let answer = try server.send("POST", "/callbacks/infobip", body: [1])
        #expect(answer.status == 503)
        #expect(answer.code == code)
        #expect(answer.header("Retry-After") == "5")
        let series =
            "waybill_callbacks_refused_total{provider=\"infobip\",reason=\"\(code)\"} 1\n"
        #expect(endpoint.statistics.snapshot(at: .now).reportsRefused.lastMinute == 1)
        #expect(metrics.exposition().contains(series))
    }

    @Test(
        "Callers that are not authenticated get 401 from Infobip's path and 403 from Plivo's",
        arguments: Refusal.Reason.allCases, Provider.samples)
    func refusal(reason: Refusal.Reason, provider: Provider) throws {
        let sink = Sink()
        let metrics = Metrics()
        let (server, endpoint) = try start(
            SampleWebhook(provider: provider, refusal: Refusal(reason)), sink: sink,
            metrics: metrics)
        let answer = try server.send("POST", "/callbacks/\(provider.name)", body: [1])
        #expect(answer.status == (provider == .plivo ? 403 : 401))
        #expect(answer.code == reason.rawValue)
        #expect((answer.header("WWW-Authenticate") != nil) == (provider == .infobip))
        #expect(sink.submissions.isEmpty)
        let series =
            "waybill_callbacks_refused_total{provider=\"\(provider.name)\","
            + "reason=\"\(reason.rawValue)\"} 1\n"
        let snapshot = endpoint.statistics.snapshot(at: .now)
        #expect(snapshot.callbacksRefused.lastMinute == 1)
        #expect(snapshot.lastCallbackAt == nil)
        let isMissing = reason == .missingCredentials || reason == .missingSignature
        #expect((snapshot.refusingSince == nil) == isMissing)
        #expect(metrics.exposition().contains(series))
    }

    @Test(
        "An authenticated callback that cannot be read is refused, archived and quarantined",
        arguments: Malformation.Code.allCases)
    func malformation(code: Malformation.Code) throws {
        let sink = Sink()
        let (server, _) = try start(
            SampleWebhook(
                malformation: Malformation(code, at: "byte 17", "Something else was expected.")),
            sink: sink)
        let answer = try server.send("POST", "/callbacks/infobip", body: [7, 8])
        let expected =
            switch code {
            case .unsupportedMediaType: 415
            case .tooManyResults: 413
            default: 400
            }
        #expect(answer.status == expected)
        #expect(answer.code == code.rawValue)
        #expect(answer.json["place"] as? String == "byte 17")
        #expect(answer.json["detail"] as? String == "Something else was expected.")
        let submission = try #require(sink.submissions.first)
        #expect(submission.reports.isEmpty)
        #expect(submission.callback.body == [7, 8])
        #expect(submission.rejects.map(\.excerpt) == [[7, 8]])
        #expect(submission.rejects.map(\.reason) == [code.rawValue])
    }

    @Test("A callback that can neither be read nor stored is a 503, so that it is repeated")
    func malformationWithoutQuarantine() throws {
        let (server, _) = try start(
            SampleWebhook(malformation: Malformation(.notJSON, at: "byte 0", "JSON was expected.")),
            sink: Sink(.failure(.unavailable)))
        #expect(try server.send("POST", "/callbacks/infobip", body: [1]).status == 503)
    }

    @Test("A body over the limit is a 413, and nothing of it is stored")
    func bodyTooLarge() throws {
        let sink = Sink()
        let (server, _) = try start(SampleWebhook(bodyLimit: 10), sink: sink)
        let body = [UInt8](repeating: 0x20, count: 11)
        let answer = try server.send("POST", "/callbacks/infobip", body: body)
        #expect(answer.status == 413)
        #expect(answer.code == "body_too_large")
        #expect(sink.submissions.isEmpty)
        #expect(
            try server.send("POST", "/callbacks/infobip", body: Array(body.dropLast())).status
                == 200)
    }

    @Test("A body that is shorter or longer than announced is a 400", arguments: [1, 3])
    func wrongLength(length: Int) throws {
        let sink = Sink()
        let (server, _) = try start(sink: sink)
        let answer = try server.send("POST", "/callbacks/infobip", body: [1, 2], length: length)
        #expect(answer.status == 400)
        #expect(answer.code == "incomplete_body")
        #expect(sink.submissions.isEmpty)
    }

    @Test("Every reason of a refusal is a series of the metrics from the start")
    func metricsFromTheStart() throws {
        let metrics = Metrics()
        _ = try start(metrics: metrics)
        let text = metrics.exposition()
        let reasons =
            Refusal.Reason.allCases.map(\.rawValue) + Malformation.Code.allCases.map(\.rawValue)
            + [
                "body_too_large", "incomplete_body", "writer_full", "database_unavailable",
                "stopping",
            ]
        for reason in reasons { #expect(text.contains("reason=\"\(reason)\"} 0\n")) }
    }

    @Test("Plivo's path may end in our message's id, and in nothing else")
    func messageInPath() throws {
        let sink = Sink()
        let webhook = SampleWebhook(provider: .plivo)
        let (server, _) = try start(webhook, sink: sink)
        let path = "/callbacks/plivo/\(Samples.id)"
        #expect(try server.send("POST", path, body: [1]).status == 200)
        #expect(sink.submissions.map(\.callback.uri) == [path])
        let capitals = "/callbacks/plivo/\("\(Samples.id)".uppercased())"
        #expect(try server.send("POST", capitals, body: [1]).status == 200)
        // The signature covers the path as called.
        #expect(sink.submissions.map(\.callback.uri) == [path, capitals])
        #expect(webhook.messages == [Samples.id, Samples.id])
        for wrong in ["nonsense", "nonsense/", "\(Samples.id)/x", "/\(Samples.id)"] {
            let answer = try server.send("POST", "/callbacks/plivo/" + wrong, body: [1])
            #expect(answer.status == 404)
            #expect(answer.code == "not_found")
        }
        #expect(sink.submissions.count == 2)
    }

    @Test("Plivo's path may end in a send request's id, and in nothing else after `calls`")
    func sendRequestInPath() throws {
        let sink = Sink()
        let webhook = SendRequestWebhook()
        let endpoint = CallbackEndpoint(
            webhook, sink: sink, metrics: Metrics(), logger: Logger(descriptor: -1))
        let server = try WebServer(endpoint.routes)
        let sendRequest = SendRequestID(high: 0x0193_4A6B_ABCD_7000, low: 1 << 63)
        let path = "/callbacks/plivo/send-requests/\(sendRequest)"
        let capitals = "/callbacks/plivo/send-requests/\("\(sendRequest)".uppercased())"
        for path in [path, capitals] {
            #expect(try server.send("POST", path, body: [1]).status == 200)
        }
        #expect(webhook.sendRequests.withLock { $0 } == [sendRequest, sendRequest])
        #expect(sink.submissions.map(\.callback.uri) == [path, capitals])
        for wrong in ["nonsense", "\(sendRequest)0", "\(sendRequest)/x"] {
            let answer = try server.send(
                "POST", "/callbacks/plivo/send-requests/\(wrong)", body: [1])
            #expect(answer.status == 404)
            #expect(answer.code == "not_found")
        }
        #expect(try server.send("POST", "/callbacks/plivo/send-requests", body: [1]).status == 404)
        #expect(try server.send("POST", "/callbacks/plivo/send-requests/", body: [1]).status == 404)
        #expect(sink.submissions.count == 2)
        #expect(try server.send("GET", path).header("Allow") == "POST")
    }

    @Test(
        "A slash at the end of a callback's path changes nothing",
        arguments: [
            (Provider.infobip, "/callbacks/infobip/"), (.plivo, "/callbacks/plivo/"),
            (.plivo, "/callbacks/plivo/\(Samples.id)/"),
            (.plivo, "/callbacks/plivo/send-requests/01934a6b-abcd-7000-8000-000000000000/"),
        ])
    func slash(provider: Provider, path: String) throws {
        let sink = Sink()
        let webhook = SampleWebhook(provider: provider)
        let (server, _) = try start(webhook, sink: sink)
        #expect(try server.send("POST", path + "?a=1", body: [1]).status == 200)
        // The signature covers the path as called.
        #expect(sink.submissions.map(\.callback.uri) == [path + "?a=1"])
        let named = path.contains("\(Samples.id)")
        #expect(webhook.messages == (named ? [Samples.id] : []))
        #expect(try server.send("GET", path).header("Allow") == "POST")
        #expect(try server.send("POST", path + "/", body: [1]).status == 404)
    }

    @Test("A body in an encoding is kept, and refused with 415", arguments: Provider.samples)
    func encoded(provider: Provider) throws {
        let sink = Sink()
        let (server, _) = try start(SampleWebhook(provider: provider), sink: sink)
        let path = "/callbacks/\(provider.name)"
        for encoding in ["gzip", "deflate, gzip", "identity, br"] {
            let answer = try server.send(
                "POST", path, headers: ["HTTP_CONTENT_ENCODING": encoding], body: [31, 139])
            #expect(answer.status == 415)
            #expect(answer.code == "unsupported_media_type")
            #expect(answer.json["place"] as? String == "Content-Encoding")
            #expect(answer.header("Accept-Encoding") == "identity")
        }
        #expect(sink.submissions.count == 3)
        #expect(
            sink.submissions.allSatisfy { $0.callback.body == [31, 139] && $0.reports.isEmpty })
        for encoding in ["", "identity", " Identity, identity"] {
            let answer = try server.send(
                "POST", path, headers: ["HTTP_CONTENT_ENCODING": encoding], body: [1])
            #expect(answer.status == 200)
        }
    }

    @Test("A caller that is not authenticated is refused for that first, whatever the encoding")
    func encodedStranger() throws {
        let sink = Sink()
        let (server, _) = try start(SampleWebhook(refusal: Refusal(.wrongCredentials)), sink: sink)
        let answer = try server.send(
            "POST", "/callbacks/infobip", headers: ["HTTP_CONTENT_ENCODING": "gzip"], body: [1])
        #expect(answer.status == 401)
        #expect(sink.submissions.isEmpty)
    }

    private static func reject(_ reason: String, _ cost: Reject.Cost) -> Reject {
        Reject(reason: reason, place: "p", detail: "d", excerpt: [1], cost: cost)
    }

    @Test("Oddities and other events are kept and counted, and are no refusals")
    func notes() throws {
        let sink = Sink()
        let metrics = Metrics()
        let all = [
            Self.reject("bad_time", .field), Self.reject("bad_time", .field),
            Self.reject("click", .nothing), Self.reject("missing_field", .report),
        ]
        let (server, endpoint) = try start(
            SampleWebhook(parsed: ParsedCallback(reports: [Samples.report()], rejects: all)),
            sink: sink, metrics: metrics)
        #expect(try server.send("POST", "/callbacks/infobip", body: [1]).status == 200)
        #expect(sink.submissions.map(\.rejects) == [all])
        let text = metrics.exposition()
        for (name, count) in [
            ("waybill_reports_quarantined_total", 1), ("waybill_reports_with_oddities_total", 2),
            ("waybill_other_events_total", 1), ("waybill_reports_accepted_total", 1),
        ] {
            #expect(text.contains("\(name){provider=\"infobip\"} \(count)\n"), "\(name)")
        }
        #expect(endpoint.statistics.snapshot(at: .now).reportsRefused.lastMinute == 1)
    }

    @Test("A flood of notes is bounded, and never drops one about a lost report")
    func flood() {
        let budget = NoteBudget()
        let start = Timestamp(microseconds: 1_800_000_000_000_000)
        let odd = Array(repeating: Self.reject("bad_time", .field), count: 100)
        let lost = Array(repeating: Self.reject("missing_field", .report), count: 100)
        let clicks = Array(repeating: Self.reject("click", .nothing), count: 100)
        var kept: [Reject.Cost: Int] = [:]
        for _ in 0..<50 {
            for reject in budget.admit(odd + lost + clicks, at: start) {
                kept[reject.cost, default: 0] += 1
            }
        }
        #expect(
            kept == [.field: NoteBudget.perMinute, .nothing: NoteBudget.perMinute, .report: 5000])
        let later = start.advanced(by: .seconds(60))
        #expect(budget.admit(odd, at: later) == odd)
        #expect(budget.admit(lost, at: later) == lost)
    }

    @Test("The secret in a provider's URL is not archived, even with an unreadable body")
    func archivedURI() throws {
        for malformation in [nil, Malformation(.notJSON, at: "byte 0", "JSON was expected.")] {
            let sink = Sink()
            let endpoint = CallbackEndpoint(
                SendRequestWebhook(malformation: malformation), sink: sink, metrics: Metrics(),
                logger: Logger(descriptor: -1))
            let server = try WebServer(endpoint.routes)
            _ = try server.send("POST", "/callbacks/plivo?secret=1", body: [1])
            #expect(sink.submissions.map(\.callback.uri) == ["/callbacks/plivo?secret=0"])
        }
    }

    @Test("Infobip carries the id in the body, so its path takes none")
    func noMessageInPath() throws {
        let (server, _) = try start()
        #expect(
            try server.send("POST", "/callbacks/infobip/\(Samples.id)", body: [1]).status == 404)
        #expect(try server.send("GET", "/callbacks/infobip").header("Allow") == "POST")
    }
}

/// A provider that records the send requests named in paths, and keeps one secret in its URL.
private final class SendRequestWebhook: WebhookProvider {
    let traits = ProviderTraits.plivo
    let bodyLimit = 1024
    let authenticatingHeaders: [HeaderName] = []
    let sendRequests = Mutex<[SendRequestID]>([])
    private let malformation: Malformation?

    init(malformation: Malformation? = nil) {
        self.malformation = malformation
    }

    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        if let sendRequest = request.sendRequest {
            sendRequests.withLock { $0.append(sendRequest) }
        }
        return Verification(method: "v3", secret: 1)
    }

    func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback {
        #expect(callback.message == nil)
        if let malformation { throw malformation }
        return ParsedCallback(reports: [Samples.report()], rejects: [])
    }

    func archived(uri: String) -> String { uri.replacing("secret=1", with: "secret=0") }
}
