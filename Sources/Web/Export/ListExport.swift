import Domain
package import FastCGI
package import Telemetry

/// Answers with a whole list as CSV, page by page, as fast as the client reads.
///
/// As `MessageExport` for lists that are read by pages: each export has a thread of its own and holds
/// nothing in the database between two pages; it is cut off, so that the client sees it, when the
/// database fails in the middle.
package struct ListExport: Sendable {
    private let answers: LongAnswers
    private let logger: Logger

    /// How many rows a page has.
    static let pageRows = 500

    /// - Parameters:
    ///   - answers: bounds the exports at a time, those of messages among them.
    ///   - logger: gets a line for each export.
    package init(answers: LongAnswers, logger: Logger) {
        self.answers = answers
        self.logger = logger
    }

    /// Answers an exchange with an export, later and on another thread.
    ///
    /// - Parameters:
    ///   - exchange: nobody else answers it.
    ///   - request: the same request.
    ///   - name: of the list, for the file.
    ///   - columns: the header line.
    ///   - page: writes the rows of the next page, at most `pageRows`; called until it writes none.
    /// - Throws: 503 `too_many_exports`.
    func begin(
        _ exchange: Exchange, _ request: APIRequest, name: String, columns: [String],
        page:
            @escaping @Sendable () -> (
                (inout CSVWriter) throws(StoreFailure) -> Int
            )
    ) throws(Problem) {
        let headers = Self.headers(name, at: .now)
        do {
            if exchange.method == "HEAD" {
                try answers.open(exchange, headers: headers).end()
                return
            }
            let requestID = request.requestID
            try answers.run(exchange) { exchange in
                run(exchange, requestID, headers, columns, page())
            }
        } catch {
            if let problem = Problem(export: error, answers.limits) { throw problem }
        }
    }

    private func run(
        _ exchange: Exchange, _ requestID: String?, _ headers: [HeaderField], _ columns: [String],
        _ page: (inout CSVWriter) throws(StoreFailure) -> Int
    ) {
        var csv = CSVWriter()
        for column in columns { csv.word(column) }
        csv.endRow()
        var rows = 0
        do {
            var count = try page(&csv)
            var answer = try answers.open(exchange, headers: headers)
            while count > 0 {
                rows += count
                try answer.write(csv.bytes)
                csv.removeAll()
                count = try page(&csv)
            }
            if !csv.bytes.isEmpty { try answer.write(csv.bytes) }
            try answer.end()
            logger.log(
                .info, "export ended", requestID: requestID, ["rows": .integer(Int64(rows))])
        } catch let failure as StoreFailure {
            // Before the first page nothing was sent, so the client gets a proper problem.
            if rows == 0 { exchange.respond(Problem(failure).response(requestID: requestID)) }
            logger.log(
                .error, "export cut off", requestID: requestID,
                ["rows": .integer(Int64(rows)), "problem": "\(failure)"])
        } catch {
            logger.log(
                .info, "export cut off", requestID: requestID,
                ["rows": .integer(Int64(rows)), "problem": "\(error)"])
        }
    }

    private static func headers(_ name: String, at now: Timestamp) -> [HeaderField] {
        let stamp = now.description.prefix(19).filter { $0 != ":" && $0 != "-" }
        return [
            .csv,
            HeaderField(
                name: "Content-Disposition",
                value: "attachment; filename=\"waybill-\(name)-\(stamp)Z.csv\""),
        ].compactMap { $0 }
    }
}
