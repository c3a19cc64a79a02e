import Domain
import FastCGI
import Foundation
import Security
import Synchronization
import Telemetry

@testable import Web

/// API keys in memory.
struct Keys: APIKeyStore {
    static let read = "wb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    static let admin = "wb_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
    static let send = "wb_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"
    static let otherSend = "wb_BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    static let revoked = "wb_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"

    /// The key of scope send after a rotation.
    static let rotatedSend = "wb_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"

    /// One of scope admin that has ended, and one that may only be used from elsewhere.
    static let expired = "wb_BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY"
    static let elsewhere = "wb_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"

    var failure: StoreFailure?
    /// When the secrets end; nil for never.
    var end: Timestamp?

    func key(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        if let failure { throw failure }
        let keys: [(text: String, scope: Scope, id: UInt64)] = [
            (Self.read, .read, 1), (Self.admin, .admin, 2), (Self.send, .send, 3),
            (Self.rotatedSend, .send, 3), (Self.otherSend, .send, 4),
            (Self.expired, .admin, 5), (Self.elsewhere, .admin, 6),
        ]
        return keys.first { APIToken($0.text)?.digest.bytes == hash }.map { key in
            APIKey(
                id: Self.id(key.id), name: key.scope.rawValue, scopes: [key.scope],
                createdAt: .now, expiresAt: key.text == Self.expired ? Samples.time() : nil,
                networks: key.text == Self.elsewhere
                    ? [IPNetwork("198.51.100.0/24")].compactMap { $0 } : [],
                secrets: [
                    APIKey.IssuedSecret(createdAt: .now, expiresAt: end, lastUsedAt: nil)
                ])
        }
    }

    func endedKey(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        guard APIToken(Self.revoked)?.digest.bytes == hash else { return nil }
        return APIKey(
            id: Self.id(7), name: "revoked", scopes: [.read], createdAt: .now, revokedAt: .now)
    }

    static func id(_ number: UInt64) -> APIKeyID {
        APIKeyID(high: 0x0199_0000_0000_7000, low: 1 << 63 | number)
    }

    /// An endpoint guarded by these keys, which logs nowhere.
    var endpoint: APIEndpoint {
        APIEndpoint(authenticator: Authenticator(self), logger: Logger(descriptor: -1))
    }
}

/// The same keys in a database that fails and recovers.
final class FlakyKeys: APIKeyStore {
    let isAway = Atomic<Bool>(false)
    /// It answers, but not this query: no connection is free, or a lock takes too long.
    let isBusy = Atomic<Bool>(false)
    let isRevoked = Atomic<Bool>(false)
    private let end: Timestamp?

    /// - Parameter end: when the secrets end; nil for never.
    init(end: Timestamp? = nil) { self.end = end }

    func key(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        if isAway.load(ordering: .relaxed) {
            throw StoreFailure(.unavailable, "away", isAway: true)
        }
        if isBusy.load(ordering: .relaxed) { throw StoreFailure(.unavailable, "busy") }
        return isRevoked.load(ordering: .relaxed) ? nil : try Keys(end: end).key(hash: hash)
    }

    func endedKey(hash: [UInt8]) throws(StoreFailure) -> APIKey? { nil }
}

/// A sink that the test completes.
final class Sink: ReportSink {
    private struct State {
        var submissions: [Submission] = []
        var pending: [@Sendable (Result<Void, SinkFailure>) -> Void] = []
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    /// What to complete with at once; nil keeps it for `complete`.
    private let result: Result<Void, SinkFailure>?

    init(_ result: Result<Void, SinkFailure>? = .success(())) {
        self.result = result
    }

    func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        state.withLock { state in
            state.submissions.append(submission)
            if result == nil { state.pending.append(completion) }
        }
        if let result { completion(result) }
        arrived.signal()
    }

    /// Waits until a submission is there; false after ten seconds.
    func waitForSubmission() -> Bool { arrived.wait(timeout: .now() + 10) == .success }

    func complete(_ result: Result<Void, SinkFailure>) {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for completion in pending { completion(result) }
    }

    var submissions: [Submission] { state.withLock { $0.submissions } }
}

/// A provider with the results that the test wants.
struct SampleWebhook: WebhookProvider {
    var provider = Provider.infobip
    var traits: ProviderTraits { .of(provider) }
    var bodyLimit = 1024
    var authenticatingHeaders = [HeaderName.authorization]
    var refusal: Refusal?
    var malformation: Malformation?
    var parsed = ParsedCallback(reports: [Samples.report()], rejects: [])

    /// The messages that paths named.
    var messages: [MessageID] { named.all }
    private let named = Named()

    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        if let refusal { throw refusal }
        return Verification(method: "basic", secret: 2)
    }

    func parse(_ callback: ReceivedCallback) throws(Malformation) -> ParsedCallback {
        named.add(callback.message)
        if let malformation { throw malformation }
        return parsed
    }
}

/// The message ids that a webhook got.
private final class Named: Sendable {
    private let messages = Mutex<[MessageID]>([])

    var all: [MessageID] { messages.withLock { $0 } }

    func add(_ message: MessageID?) {
        guard let message else { return }
        messages.withLock { $0.append(message) }
    }
}

/// Messages in memory.
struct Reader: MessageReader {
    var messages: [Message] = []
    var reports: [RecordedReport] = []
    var events: [SendEvent] = []
    var callbacks: [ReceivedCallback] = []
    var failure: StoreFailure?

    func message(_ id: MessageID) throws(StoreFailure) -> Message? {
        if let failure { throw failure }
        return messages.first { $0.id == id }
    }

    func message(
        provider: Provider, providerMessageID: String
    ) throws(StoreFailure) -> Message? {
        if let failure { throw failure }
        return messages.first {
            $0.provider == provider && $0.providerMessageID == providerMessageID
        }
    }

    func reports(of id: MessageID, limit: Int) throws(StoreFailure) -> [RecordedReport] {
        Array(reports.prefix(limit))
    }

    func events(of id: MessageID, limit: Int) throws(StoreFailure) -> [SendEvent] {
        Array(events.prefix(limit))
    }

    func callback(_ id: CallbackID) throws(StoreFailure) -> ReceivedCallback? {
        if let failure { throw failure }
        return callbacks.first { $0.id == id }
    }
}

/// A database, a writer and sending in the state that the test wants.
struct ServiceProbe: DatabaseProbe, WriterProbe, SendingProbe, LiveProbe, ProcessProbe {
    /// Nil throws.
    var seen: [SeenProcess]? = []
    /// Nil throws.
    var sending: [SendingState]? = []
    var asked = Counter()

    var database = DatabaseState(
        latency: .microseconds(1500), migration: 3, expectedMigration: 3, problem: nil,
        durability: DatabaseState.Durability(
            synchronousCommit: "on", synchronousStandbyNames: "", timeline: 2, warning: nil))
    var writer = WriterState(
        queuedReports: 7, capacity: 20_000, commitP50: .milliseconds(2), commitP99: nil,
        awaySince: nil)

    var writeProblem: String?

    var liveState = LiveState(
        streams: 2, limit: 10, sent: 5, dropped: 1, resets: 0, lag: .milliseconds(21))

    func databaseState() -> DatabaseState { database }
    func writerState() -> WriterState { writer }

    func sendingStates() throws(StoreFailure) -> [SendingState] {
        asked.add()
        guard let sending else { throw StoreFailure(.unavailable, "away") }
        return sending
    }

    func processes() throws(StoreFailure) -> [SeenProcess] {
        guard let seen else { throw StoreFailure(.unavailable, "away") }
        return seen
    }
}

/// Values that are easy to read in expected documents.
enum Samples {
    static let id = MessageID(high: 0x0123_4567_89ab_8def, low: 0x8123_4567_89ab_cdef)
    static let callback = CallbackID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001)

    /// Noon of a day, moved by seconds.
    static func time(_ seconds: Int64 = 0) -> Timestamp {
        Timestamp(microseconds: (1_795_000_000 + seconds) * 1_000_000)
    }

    static func report(
        _ status: Status = .delivered, at done: Timestamp? = time(), name: String = "msg-1"
    ) -> Report {
        Report(
            message: id, provider: .infobip, providerMessageID: name, status: status,
            outcome: Outcome(
                provider: .infobip, statusGroupID: 3, statusGroup: "DELIVERED", statusID: 5,
                statusName: "DELIVERED_TO_HANDSET", statusDescription: "To \"handset\"",
                errorGroupID: 0, errorGroup: "OK", isPermanent: false),
            recipient: "+447700900123", sender: "Shop", sentAt: time(-2), doneAt: done,
            segments: 2, price: Report.Price(amount: "0.0100", currency: "EUR"),
            bulkID: "bulk-1", callbackData: "order=1", network: "23415",
            attributes: #"{"platform":{"entityId":"a"}}"#)
    }

    static func recorded(_ report: Report) -> RecordedReport {
        RecordedReport(
            report: report, receivedAt: time(1), callback: callback,
            precedence: report.precedence, fingerprint: report.fingerprint)
    }

    static let sendRequest = SendRequestID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0002)

    static let submitter = Submitter(id: .key(Keys.id(3)), name: "shop")

    /// A message of ours.
    static func ours(
        _ decisive: RecordedReport?, status: Status, problem: SendEvent? = nil,
        parts: MessageParts? = nil
    ) -> Message {
        Message(
            id: id, provider: .infobip, providerMessageID: nil, status: status, isOurs: true,
            recipient: "+447700900123", sender: "Shop", createdAt: time(1), updatedAt: time(1),
            decisive: decisive,
            sending: SendDetails(
                sendRequest: sendRequest, submitter: submitter, segments: 3, encoding: .gsm7,
                validityMinutes: 60, sendAt: time(9), callbackData: "cart=7", metadata: #"{"a":1}"#,
                attempts: 2,
                lastProblem: problem),
            parts: parts)
    }

    static func event(
        _ kind: SendEvent.Kind, _ status: Status?, _ code: String? = nil
    ) -> SendEvent {
        SendEvent(
            message: id, kind: kind, at: time(2), provider: .infobip, attempt: 2, status: status,
            problem: code.map { ProviderProblem(code: $0, text: "in \"words\"") })
    }

    static func message(_ decisive: RecordedReport?, status: Status = .delivered) -> Message {
        Message(
            id: id, provider: .infobip, providerMessageID: "msg-1", status: status, isOurs: false,
            recipient: "+447700900123", sender: "Shop", createdAt: time(1), updatedAt: time(1),
            decisive: decisive)
    }
}

/// A search that finds what the test wants, and keeps what it was asked.
final class Search: MessageSearch {
    struct Asked {
        let filter: MessageFilter
        let limit: Int
        let position: SearchPosition?
    }

    private let page: MessagePage
    private let asked = Mutex<[Asked]>([])

    init(_ page: MessagePage = MessagePage(messages: [], next: nil, searchedBackTo: nil)) {
        self.page = page
    }

    var all: [Asked] { asked.withLock { $0 } }

    func page(
        of filter: MessageFilter, limit: Int, after position: SearchPosition?,
        within _: Duration
    ) throws(StoreFailure) -> MessagePage {
        asked.withLock {
            $0.append(Asked(filter: filter, limit: limit, position: position))
        }
        return page
    }

    func walk(_: MessageFilter) -> any MessageWalk { NoWalk() }

    private final class NoWalk: MessageWalk {
        func next() -> MessageBatch? { nil }
    }
}

/// A secret for each purpose.
struct Secrets: SigningSecrets {
    var first: UInt8 = 7

    func secret(for purpose: SigningPurpose) -> [UInt8] {
        [first] + Array(repeating: purpose == .cursor ? 1 : 2, count: 31)
    }
}

extension MessageEndpoints {
    /// The routes over messages in memory.
    init(
        _ reader: some MessageReader, providers: [ProviderTraits], search: Search = Search()
    ) {
        self.init(
            reader,
            list: MessageList(
                reader, search: search, cursors: SearchCursors(Secrets()), export: nil,
                providers: providers))
    }
}
