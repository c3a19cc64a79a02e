package import Domain
package import FastCGI
package import Telemetry

/// Answers with all messages that a filter finds, as CSV, as fast as the client reads.
///
/// Each export has a thread of its own, and holds nothing in the database between two batches. It
/// ends when its client goes away, and is cut off, so that the client sees it, when the database
/// fails in the middle, or the caller may not read any more.
package struct MessageExport: Sendable {
    private let answers: LongAnswers
    private let search: any MessageSearch
    private let admission: any StreamAdmission
    private let lookInterval: Duration
    private let logger: Logger

    /// The largest `limit` of an export.
    static let mostRows = 1_000_000_000

    /// What an export answers with, for the documentation.
    static let content = RouteDescription.Content(
        "text/csv",
        .text().described(
            "RFC 4180, with a header line. An answer without a proper end is cut off."),
        example: MessageTable.columns.joined(separator: ",") + "\r\n")

    /// Bytes of rows that are written at once.
    private static let pieceBytes = 48 << 10

    /// - Parameters:
    ///   - answers: bounds the exports at a time.
    ///   - search: with database connections of its own, so that exports take none from the API.
    ///   - admission: tells whether those who read may still.
    ///   - lookInterval: how often it is asked.
    ///   - logger: gets a line for each export.
    package init(
        answers: LongAnswers, search: any MessageSearch, admission: any StreamAdmission,
        lookInterval: Duration = .seconds(5), logger: Logger
    ) {
        self.lookInterval = lookInterval
        self.answers = answers
        self.search = search
        self.admission = admission
        self.logger = logger
    }

    /// Answers an exchange with an export, later and on another thread.
    ///
    /// - Parameters:
    ///   - exchange: nobody else answers it.
    ///   - request: the same request.
    ///   - caller: who it is for, and so whether numbers and texts are seen.
    ///   - filter: what is exported.
    ///   - limit: the most rows; nil for all.
    /// - Throws: 503 `too_many_exports`.
    func begin(
        _ exchange: Exchange, _ request: APIRequest, _ caller: APICaller,
        _ filter: MessageFilter, limit: Int?
    ) throws(Problem) {
        let headers = Self.headers(at: .now)
        do {
            if exchange.method == "HEAD" {
                try answers.open(exchange, headers: headers).end()
                return
            }
            try answers.run(exchange) { exchange in
                let export = Export(
                    exchange: exchange, requestID: request.requestID, headers: headers,
                    filter: filter, limit: limit, principal: caller.principal,
                    credential: caller.credential(request), address: request.address)
                run(export)
            }
        } catch {
            if let problem = Problem(export: error, answers.limits) { throw problem }
        }
    }

    private struct Export: Sendable {
        let exchange: Exchange
        let requestID: String?
        let headers: [HeaderField]
        let filter: MessageFilter
        let limit: Int?
        let principal: Principal
        /// Nil where only the next request can show whether the caller may still read.
        let credential: StreamCredential?
        let address: String?
    }

    /// Why an export ended before its end.
    private enum Interruption: CustomStringConvertible {
        case store(StoreFailure)
        case peer(FastCGIError)
        /// The key or the user was taken the right to read.
        case revoked

        /// A client may go away whenever it likes.
        var level: Logger.Level {
            switch self {
            case .store: .error
            case .peer(let error): error.code == .peerFailed ? .info : .warning
            case .revoked: .warning
            }
        }

        var description: String {
            switch self {
            case .store(let failure): "\(failure)"
            case .peer(let error): "\(error)"
            case .revoked: "whoever asked for it may not read any more"
            }
        }
    }

    private func run(_ export: Export) {
        let begin = ContinuousClock.now
        var rows = 0
        let interruption = write(export, &rows)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        guard let interruption else {
            logger.log(
                .info, "export ended", requestID: export.requestID,
                [
                    "principal": "\(export.principal.id.uuid)", "rows": .integer(Int64(rows)),
                    "seconds": .number(seconds),
                ])
            return
        }
        logger.log(
            interruption.level, "export cut off", requestID: export.requestID,
            [
                "principal": "\(export.principal.id.uuid)", "rows": .integer(Int64(rows)),
                "seconds": .number(seconds), "problem": "\(interruption)",
            ])
    }

    private func write(_ export: Export, _ rows: inout Int) -> Interruption? {
        let walk = search.walk(export.filter)
        let first: MessageBatch?
        do {
            first = try walk.next()
        } catch {
            // Nothing was sent yet, so the client gets a proper problem.
            export.exchange.respond(Problem(error).response(requestID: export.requestID))
            return .store(error)
        }
        do throws(FastCGIError) {
            return try writeRows(export, walk, from: first, &rows)
        } catch {
            return .peer(error)
        }
    }

    /// Answers with all rows; without an end, so that the answer is cut off, if the database fails or the
    /// caller may not read any more.
    ///
    /// - Returns: what cut it off.
    private func writeRows(
        _ export: Export, _ walk: any MessageWalk, from first: MessageBatch?, _ rows: inout Int
    ) throws(FastCGIError) -> Interruption? {
        var nextLook = ContinuousClock.now + lookInterval
        var batch = first
        var answer = try answers.open(export.exchange, headers: export.headers)
        var table = MessageTable(
            seesDetails: export.principal.seesDetails, capacity: Self.pieceBytes + 4096)
        table.header()
        while let found = batch, rows < export.limit ?? .max {
            for message in found.messages.prefix((export.limit ?? .max) - rows) {
                table.row(message)
                rows += 1
                if table.csv.bytes.count >= Self.pieceBytes { try flush(&table, &answer) }
            }
            // Also a few rows are passed on soon: what is rare takes long to be found.
            try flush(&table, &answer)
            if .now >= nextLook {
                guard mayRead(export) else { return .revoked }
                nextLook = .now + lookInterval
            }
            do { batch = try walk.next() } catch { return .store(error) }
        }
        try flush(&table, &answer)
        try answer.end()
        return nil
    }

    /// Whether the caller may still read; yes if nobody can tell.
    private func mayRead(_ export: Export) -> Bool {
        guard let credential = export.credential,
            let rights = try? admission.rights(of: [credential])
        else { return true }
        return rights[credential]?.admit(role: export.principal.role, from: export.address) ?? false
    }

    private func flush(
        _ table: inout MessageTable, _ answer: inout LongAnswer
    ) throws(FastCGIError) {
        guard !table.csv.bytes.isEmpty else { return try answer.keepAlive() }
        try answer.write(table.csv.bytes)
        table.removeAll()
    }

    /// The file's name has the moment, so that a folder of exports sorts by it.
    private static func headers(at now: Timestamp) -> [HeaderField] {
        let stamp = now.description.prefix(19).filter { $0 != ":" && $0 != "-" }
        return [
            .csv,
            HeaderField(
                name: "Content-Disposition",
                value: "attachment; filename=\"waybill-messages-\(stamp)Z.csv\""),
        ].compactMap { $0 }
    }
}

extension Problem {
    /// Why an export cannot begin; nil where the client of a HEAD request has gone.
    init?(export error: FastCGIError, _ limits: LongAnswers.Limits) {
        switch error.code {
        case .tooManyStreams:
            self = .unavailable(
                "too_many_exports",
                "\(limits.maxAnswers) exports are being answered, which is the most at a time; try"
                    + " again when one of them has ended.")
        case .draining: self = .unavailable("stopping", "The service is restarting; try again.")
        case .system:
            self = .unavailable(
                "overloaded", "There is more to do than can be done in time; send it again.")
        default: return nil
        }
    }
}

extension HeaderField {
    /// Source: RFC 7111 and RFC 4180, section 3.
    static let csv = HeaderField("Content-Type", "text/csv; charset=utf-8; header=present")
}
