import Domain
import Foundation
import Postgres
import Providers
import Settings
import Store
import Telemetry

/// `waybill replay`: reads archived callbacks again.
enum ReplayCommand {
    static let help = """
        usage: waybill replay --from TIME [--to TIME] [--provider NAME] [--dry-run]

        Runs the archived callbacks of a time span through today's parser, and stores the reports that are not
        in the ledger. Reports that are known change nothing, so that it can be stopped and repeated. What can
        be read now leaves the quarantine. Connects with DATABASE_URL, and reads the providers' settings as
        serve does.

          --from TIME      callbacks received from then on, as in 2026-11-20T00:00:00Z
          --to TIME        and before then; up to now unless given
          --provider NAME  of this provider; of all unless given
          --dry-run        only say how many reports are not in the ledger

        It works beside a running service, in small portions with pauses. Ctrl-C ends it after its portion,
        and it says where to go on.

        Exit status 0; 1 if the database does not answer; 3 with --dry-run if reports are not in the ledger.
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: ["from", "to", "provider"], flags: ["dry-run"])
        guard let from = try FilterArguments.time("from", arguments) else {
            throw CommandFailure(.usage, "--from is missing")
        }
        let until = try FilterArguments.time("to", arguments) ?? .now
        guard from < until else { throw CommandFailure(.usage, "--to must be later than --from") }
        let provider = try FilterArguments.provider(arguments)
        let interruption = Interruption()
        var environment = Environment()
        let (database, webhooks, optOuts) = try environment.receivingDatabase()
        let isDry = arguments.has("dry-run")
        let writer = isDry ? nil : CommandWriter(database, optOuts: optOuts)
        defer { writer?.stop() }
        var run = ArchiveReplay(
            span: from..<until, provider: provider, judge: ReplayJudge(webhooks), writer: writer,
            interruption)
        let pool = ConnectionPool(database, maximumCount: 1)
        defer { pool.close() }
        let logger = Logger(descriptor: -1)
        let reader = ArchiveReader(pool, logger: logger)
        do {
            if !isDry { try run.audit(AuditLog(pool, logger: logger)) }
            while !interruption.isWanted, let portion = try run.next(reader) {
                try run.store(portion)
            }
        } catch {
            throw CommandFailure("\(error); go on with --from \(run.place)")
        }
        Output.line(run.summary)
        return isDry && run.unknown > 0 ? 3 : 0
    }
}

/// The replay of a span of the archive: where it is, and what came of it so far.
struct ArchiveReplay {
    private let span: Range<Timestamp>
    private let provider: Provider?
    private let judge: ReplayJudge
    private let writer: CommandWriter?
    private let interruption: Interruption
    private var bar = ProgressBar(of: "callbacks")
    /// Everything before it is done.
    private(set) var place: Timestamp
    private var position: ArchivePosition?
    /// How much of the span is looked at next: so much that a portion is full, as a rule.
    private var window = Duration.seconds(60)
    private var began = ContinuousClock.now
    private var callbacks = 0
    private var reports = 0
    /// Reports that were not in the ledger.
    private(set) var unknown = 0
    private var released = 0
    private var unreadable = 0
    private var foreign = 0

    private static let portion = 100
    private static let windows = Duration.seconds(1)...Duration.seconds(86_400)

    init(
        span: Range<Timestamp>, provider: Provider?, judge: ReplayJudge, writer: CommandWriter?,
        _ interruption: Interruption
    ) {
        self.span = span
        self.provider = provider
        self.judge = judge
        self.writer = writer
        self.interruption = interruption
        place = span.lowerBound
    }

    /// Writes into the audit what is about to be done.
    func audit(_ audit: AuditLog) throws(StoreFailure) {
        var detail = ["from": span.lowerBound.description, "to": span.upperBound.description]
        detail["provider"] = provider?.name
        try audit.write(
            AuditEntry(
                .replayArchive, of: "archive", by: .commandLine, at: .now, detail: detail))
    }

    /// What was read and judged.
    struct Portion {
        fileprivate var submissions: [Submission] = []
    }

    /// The next callbacks, judged; nil if none is left.
    mutating func next(_ reader: ArchiveReader) throws(StoreFailure) -> Portion? {
        began = .now
        var kept: [KeptCallback] = []
        while kept.isEmpty {
            guard place < span.upperBound, !interruption.isWanted else { return nil }
            let end = min(span.upperBound, place.advanced(by: window))
            kept = try reader.callbacks(
                in: place..<end, of: provider, after: position, limit: Self.portion)
            if let last = kept.last?.callback {
                // The rest of the window comes with the next portion.
                position = ArchivePosition(of: last)
                place = last.receivedAt
                if kept.count == Self.portion { window = max(window / 2, Self.windows.lowerBound) }
            } else {
                position = nil
                place = end
                window = min(window * 2, Self.windows.upperBound)
            }
        }
        var portion = Portion()
        var read: [Report] = []
        callbacks += kept.count
        // What was polled from a provider is archived, too, and is no callback.
        for callback in kept where callback.callback.uri.hasPrefix("/callbacks/") {
            switch judge.verdict(on: callback) {
            case .store(let submission, let outcome):
                read += submission.reports
                released += outcome.released
                // What cannot be read is in quarantine already, or was taken out of it on purpose.
                portion.submissions.append(
                    submission.with(reports: submission.reports, rejects: []))
            case .unreadable: unreadable += 1
            case .refused, .notReceived: foreign += 1
            }
        }
        let known = try reader.known(read)
        reports += read.count
        unknown += Set(read.map { ReportKey($0) }).subtracting(known).count
        return portion
    }

    /// Stores a portion, unless nothing is to be stored, and rests.
    mutating func store(_ portion: Portion) throws(CommandFailure) {
        try writer?.write(portion.submissions.filter(\.hasContent))
        let whole = span.upperBound.since(span.lowerBound)
        bar.show(
            callbacks, share: place.since(span.lowerBound) / whole,
            at: String(place.description.prefix(16)))
        interruption.rest(after: .now - began)
    }

    /// All of it in one line.
    var summary: String {
        let isDry = writer == nil
        var text = "\(callbacks) callbacks read: \(reports) reports, \(unknown) of them "
        text += isDry ? "not in the ledger" : "new"
        text += "; \(released) parts "
        text += isDry ? "would leave the quarantine" : "left the quarantine"
        text += "; \(unreadable) callbacks not readable"
        if foreign > 0 { text += "; \(foreign) of providers that are not configured" }
        if interruption.isWanted { text += "; interrupted, go on with --from \(place)" }
        return text
    }
}
