import Domain
import Postgres
import Providers
import Store
import System
import Telemetry

/// Queues the messages of a first start, as `POST /v1/messages` does; the dispatcher sends them
/// through the simulator.
struct DemoSamples {
    private let settings: ConnectionSettings
    /// Those that the simulator knows, one at least.
    private let providers: [Provider]
    private let samples: [DemoSample]

    /// How far ahead those are that wait for their time.
    private static let wait = Duration.seconds(86_400)
    /// How long messages are tried that name no validity.
    private static let patience = Duration.seconds(86_400)

    init(
        _ settings: ConnectionSettings, providers: [Provider],
        samples: [DemoSample] = DemoSample.all
    ) {
        self.settings = settings
        self.providers = providers
        self.samples = samples
    }

    /// Queues all of them, if the database has no message yet.
    ///
    /// - Returns: how many messages were queued.
    /// - Throws: `DemoError` with what the database says; those before are queued then.
    func queue() throws(DemoError) -> Int {
        guard !providers.isEmpty else { return 0 }
        let pool = ConnectionPool(settings, maximumCount: 1)
        defer { pool.close() }
        do {
            let isFirst = try pool.withConnection(isIdempotent: true) {
                connection throws(PostgresError) in
                try connection.execute(FindAnyMessage()).first == nil
            }
            guard isFirst else { return 0 }
            let queue = SendQueue(pool, feed: ChangeFeed(), logger: Logger(descriptor: -1))
            let user = ProcessUser.current
            let requester = Requester(.commandLine(name: user.name, number: user.number))
            var count = 0
            for sample in samples {
                let request = try sendRequest(sample, by: requester, at: .now)
                _ = try queue.accept(request, nil)
                count += request.recipients.count
                guard case .cancelled = sample.fate else { continue }
                for recipient in request.recipients {
                    _ = try queue.cancel(recipient.message, at: .now, by: requester)
                }
            }
            let notifier = PostgresNotifier(settings, channel: .outbox)
            notifier.notify()
            notifier.stop()
            return count
        } catch {
            throw DemoError("cannot queue the first messages: \(error)")
        }
    }

    private func sendRequest(
        _ sample: DemoSample, by requester: Requester, at now: Timestamp
    ) throws(PhoneNumber.Problem) -> SendRequest {
        let id = SendRequestID.new(at: now)
        let provider = sample.bySecond ? providers[providers.count - 1] : providers[0]
        var recipients: [SendRequest.Recipient] = []
        for text in sample.recipients {
            let number = try PhoneNumber(text)
            recipients.append(
                SendRequest.Recipient(
                    message: MessageKey.derive(sendRequest: id, recipient: number),
                    number: number, provider: provider))
        }
        let sendAt: Timestamp? =
            if case .sent = sample.fate { nil } else { now.advanced(by: Self.wait) }
        let patience = sample.validityMinutes.map { Duration.seconds($0 * 60) } ?? Self.patience
        return SendRequest(
            id: id, acceptedAt: now, submitter: Submitter(requester.principal),
            recipients: recipients, sender: sample.sender, text: sample.text, isPinned: true,
            validityMinutes: sample.validityMinutes, sendAt: sendAt,
            giveUpAt: (sendAt ?? now).advanced(by: patience), metadata: sample.metadata)
    }
}

/// A row if the database has a message.
private struct FindAnyMessage: Statement {
    static let name: StaticString = "find_any_message"
    static let sql: StaticString = "select true from message limit 1"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}
