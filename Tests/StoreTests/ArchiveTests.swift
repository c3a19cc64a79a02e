import Domain
import Foundation
import Postgres
import Providers
import Security
import TestSupport
import Testing

@testable import Store

@Suite("Callbacks read back from the archive", .blocking)
struct ArchiveTests {
    /// A callback as it may come: a body of the fixtures at one of the paths.
    struct Case: CustomTestStringConvertible {
        let fixture: String
        let path: String
        var message: MessageID?
        var sendRequest: SendRequestID?

        var testDescription: String { "\(fixture) at \(path)" }
    }

    private static let message = MessageID.new(at: .noon())
    private static let sendRequest = SendRequestID.new(at: .noon())
    private static let folder = TestDatabase.sourceRoot + "/Tests/Fixtures"

    private static func cases() throws -> [Case] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter {
            $0.contains(".")
        }.flatMap { name in
            guard name.hasSuffix(".form") else {
                return [
                    Case(fixture: name, path: "/callbacks/infobip"),
                    Case(fixture: name, path: "/callbacks/infobip?token=0123456789abcdef&a=%C3%A9"),
                ]
            }
            return [
                Case(fixture: name, path: "/callbacks/plivo"),
                Case(fixture: name, path: "/callbacks/plivo/\(message)", message: message),
                Case(
                    fixture: name, path: "/callbacks/plivo/send-requests/\(sendRequest)",
                    sendRequest: sendRequest),
            ]
        }
    }

    private func webhook(_ name: String) throws -> any WebhookProvider {
        let secret = try #require(Secret("secret"))
        if name.hasSuffix(".form") {
            return try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [secret])))
        }
        return try #require(InfobipWebhook(.init(headerSecrets: [secret])))
    }

    /// The callback as the endpoint makes it.
    private func received(_ sample: Case, _ webhook: any WebhookProvider) throws -> ReceivedCallback
    {
        let isForm = sample.fixture.hasSuffix(".form")
        let path = Self.folder + "/" + sample.fixture
        return ReceivedCallback(
            id: .new(at: .noon()), provider: webhook.provider,
            uri: webhook.archived(uri: sample.path),
            contentType: isForm
                ? "application/x-www-form-urlencoded" : "application/json; charset=utf-8",
            message: sample.message, sendRequest: sample.sendRequest, receivedAt: .noon(),
            body: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    private func read(_ callback: ReceivedCallback, _ database: TestDatabase) throws
        -> ReceivedCallback?
    {
        let archive = CallbackArchive(
            ConnectionPool(try database.owner, maximumCount: 1), logger: .silent)
        return try archive.callback(callback.id, receivedAt: callback.receivedAt)
    }

    @Test("every fixture gives the same reports and rejects as live, whatever its path")
    func fixtures() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder)
        let samples = try Self.cases()
        #expect(samples.contains { $0.fixture.hasSuffix(".json") })
        #expect(samples.contains { $0.sendRequest != nil })
        var live: [(callback: ReceivedCallback, parsed: ParsedCallback)] = []
        for sample in samples {
            let webhook = try webhook(sample.fixture)
            let callback = try received(sample, webhook)
            live.append((callback, try webhook.parse(callback)))
        }
        #expect(
            harness.write(
                live.map {
                    Submission(
                        callback: $0.callback, reports: $0.parsed.reports,
                        rejects: $0.parsed.rejects)
                }
            ).isEmpty)

        for (sample, expected) in zip(samples, live) {
            let archived = try #require(try read(expected.callback, database))
            #expect(archived == expected.callback, "\(sample.testDescription)")
            #expect(!archived.uri.contains("0123456789abcdef"))
            // A parser that has read nothing before.
            let parsed = try webhook(sample.fixture).parse(archived)
            #expect(parsed == expected.parsed, "\(sample.testDescription)")
            #expect(!parsed.reports.isEmpty)
            if let message = sample.message {
                #expect(parsed.reports.map(\.message) == [message])
            }
            #expect(parsed.reports.allSatisfy { $0.sendRequest == sample.sendRequest })
        }
    }

    @Test("a callback that could not be parsed is refused for the same reason again")
    func refused() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder)
        let webhook = try webhook("plivo-sent.form")
        for contentType in [nil, "", "application/json"] {
            let callback = ReceivedCallback(
                id: .new(at: .noon()), provider: .plivo, uri: "/callbacks/plivo",
                contentType: contentType, receivedAt: .noon(), body: Array("Status=sent".utf8))
            let live = #expect(throws: Malformation.self) { try webhook.parse(callback) }
            let answers = Answers()
            answers.submit(
                Submission(callback: callback, reports: [], rejects: [.sample()]),
                to: harness.writer)
            #expect(answers.failures().isEmpty)
            let archived = try #require(try read(callback, database))
            #expect(archived.contentType == contentType)
            let again = #expect(throws: Malformation.self) { try webhook.parse(archived) }
            #expect(again == live)
        }
        harness.stop()
        // Each rejected part refers to its callback.
        #expect(
            try database.run(
                """
                select count(*), count(quarantine.uri) from quarantine
                join callback on callback.id = callback_id
                    and callback.received_at = quarantine.received_at
                """) == "3|0")
    }

    @Test("a callback that the archive refuses keeps its path's ids and content type")
    func unarchived() throws {
        let database = try TestDatabase()
        let harness = WriterHarness(try database.responder)
        let callback = ReceivedCallback(
            id: .new(at: .noon()), provider: .plivo, uri: "/callbacks/plivo/\0",
            contentType: "text/\0", message: Self.message, sendRequest: Self.sendRequest,
            receivedAt: .noon(), body: Array("Status=sent".utf8))
        #expect(
            harness.write([Submission(callback: callback, reports: [], rejects: [.sample()])])
                .isEmpty)
        #expect(try database.run("select count(*) from callback") == "0")
        #expect(
            try database.run(
                """
                select place, uri, content_type, message_id, send_request_id,
                    convert_from(excerpt, 'UTF8')
                from quarantine where callback_id = '\(callback.id)' and uri is not null
                """)
                == "callback|/callbacks/plivo/\u{FFFD}|text/\u{FFFD}|\(Self.message)"
                + "|\(Self.sendRequest)|Status=sent")
        #expect(try database.run("select count(*) from quarantine") == "2")
    }

    @Test("a partition that is made later has the columns, also for rows of the default one")
    func partitions() throws {
        let database = try TestDatabase()
        let later = Timestamp.now.advanced(by: .seconds(9 * 86_400))
        let callback = ReceivedCallback(
            id: .new(at: later), provider: .plivo, uri: "/callbacks/plivo", contentType: "a/b",
            message: Self.message, sendRequest: Self.sendRequest, receivedAt: later, body: [1])
        let connection = try Connection(database.responder)
        try connection.execute(ArchiveCallbacks(callbacks: [callback]))
        #expect(try database.run("select count(*) from callback_default") == "1")
        while try connection.execute(AddArchivePartition(daysAhead: 10)).first == true {}
        #expect(try database.run("select count(*) from callback_default") == "0")
        #expect(try read(callback, database) == callback)
    }
}
