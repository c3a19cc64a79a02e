import Domain

/// What happened to a message as lines of text, the earliest first.
struct MessageTimeline {
    /// A line, with a value that identifies it among all lines of the message.
    struct Row: Equatable {
        let at: Timestamp
        let key: String
        let columns: [String]
    }

    let rows: [Row]

    static let header = line(["TIME", "WHAT", "PROVIDER", "STATUS", "DETAIL"])

    /// - Parameters:
    ///   - message: the message.
    ///   - reports: in any order.
    ///   - events: the earliest first, all there are.
    init(_ message: Message, _ reports: [RecordedReport], _ events: [SendEvent]) {
        var rows = events.enumerated().map { position, event in
            Row(
                at: event.at, key: "event \(position)",
                columns: [
                    event.kind.rawValue, event.provider?.name ?? "",
                    event.status?.rawValue ?? "", Self.detail(event),
                ])
        }
        rows += reports.map { recorded in
            Row(
                at: recorded.receivedAt,
                key: "report \(recorded.fingerprint) \(recorded.report.source.rawValue)",
                columns: [
                    recorded.report.source == .poll ? "asked" : "report",
                    recorded.report.provider.name, recorded.report.status.rawValue,
                    Self.detail(recorded.report),
                ])
        }
        if message.isOurs {
            rows.append(
                Row(at: message.createdAt, key: "queued", columns: ["queued", "", "queued", ""]))
        }
        // At the same moment, our own events come before the provider's reports.
        self.rows = rows.enumerated().sorted { a, b in
            (a.element.at, a.element.key, a.offset) < (b.element.at, b.element.key, b.offset)
        }.map(\.element)
    }

    /// One row as it is printed.
    static func line(_ row: Row) -> String { line([row.at.description] + row.columns) }

    private static func line(_ columns: [String]) -> String {
        let widths = [28, 14, 10, 20]
        var text = ""
        for (index, column) in columns.enumerated() {
            text += column
            if index < widths.count {
                text += String(repeating: " ", count: max(1, widths[index] - column.count))
            }
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func detail(_ event: SendEvent) -> String {
        var parts: [String] = []
        if let attempt = event.attempt { parts.append("attempt \(attempt)") }
        if let problem = event.problem { parts.append("\(problem.code) \(problem.text)") }
        return printable(parts.joined(separator: ", "))
    }

    private static func detail(_ report: Report) -> String {
        var parts: [String] = []
        if let part = report.part { parts.append("part \(part.number) of \(part.total)") }
        let outcome = report.outcome
        parts += [outcome.statusName, outcome.statusDescription].compactMap { $0 }
        if let code = outcome.errorCode {
            parts.append(
                "error "
                    + [code, outcome.errorName, outcome.errorDescription]
                    .compactMap { $0 }.joined(separator: " "))
        }
        if let done = report.doneAt { parts.append("at \(done)") }
        if let price = report.price {
            parts.append([price.amount, price.currency].compactMap { $0 }.joined(separator: " "))
        }
        return printable(parts.joined(separator: ", "))
    }

    /// A provider's text must not move the terminal's cursor.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
