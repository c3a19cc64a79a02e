package import Domain
import FastCGI
import JSON

/// Numbers to be put out, as somebody wrote them: a request's members, or a CSV file. All problems
/// are collected.
package struct OptOutDraft {
    /// One number.
    private struct Line {
        let place: String
        let number: String
        let sender: String?
        let note: String?
    }

    private var lines: [Line] = []
    private(set) var problems = FieldProblems()

    /// The most numbers of one request or file.
    package static let limit = 10_000
    private static let noteLimit = 500
    private static let senderLimit = 100

    /// From a request's body: `to`, one number or several, `from` and `note`.
    init(_ members: [JSONValue.Member]) {
        let body = JSONValue.object(members)
        for name in members.map(\.name).sorted() where !["to", "from", "note"].contains(name) {
            problems.add(
                String(name.prefix(100)), "unknown_member",
                "There is no member of this name; known: to, from, note.")
        }
        let sender = text("from", body["from"])
        let note = text("note", body["note"])
        switch body["to"] {
        case .string(let number)?:
            lines = [Line(place: "to", number: number, sender: sender, note: note)]
        case .array(let numbers)? where (1...Self.limit).contains(numbers.count):
            for (index, value) in numbers.enumerated() {
                guard case .string(let number) = value else {
                    problems.add("to[\(index)]", "wrong_type", "It takes a number as a string.")
                    continue
                }
                lines.append(
                    Line(
                        place: "to[\(index)]", number: number, sender: sender, note: note))
            }
        case nil: problems.add("to", "missing", "Name one number or several.")
        default:
            problems.add(
                "to", "wrong_type",
                "It takes a number as a string, or an array of 1 to \(Self.limit) of them.")
        }
    }

    /// From a CSV text with a header line: `to`, and as far as they are there `from` and `detail` or
    /// `note`: they are out from now on, whenever that began elsewhere. An export can be imported as it is. Without a header line, each line's
    /// first field is a number.
    ///
    /// - Parameter csv: the file.
    /// - Throws: 400 `bad_csv` if it is none.
    package init(csv: String) throws(Problem) {
        let records = try CSVRecords(csv).records
        guard let first = records.first else {
            throw Problem(.badRequest, "bad_csv", "There is no line in it.", at: "line 1")
        }
        let names = first.fields.map { $0.lowercased().filter { $0 != "\u{FEFF}" && $0 != " " } }
        let isHeader = names.contains { ["to", "number", "phone", "recipient"].contains($0) }
        func column(_ known: String...) -> Int? {
            isHeader ? names.firstIndex { known.contains($0) } : nil
        }
        let number = column("to", "number", "phone", "recipient") ?? 0
        let (sender, note) = (column("from"), column("detail", "note"))
        let rows = isHeader ? records.dropFirst() : records[...]
        guard !rows.isEmpty else {
            throw Problem(.badRequest, "bad_csv", "There is no number in it.", at: "line 2")
        }
        guard rows.count <= Self.limit else {
            throw Problem(
                .contentTooLarge, "too_many_numbers",
                "It has \(rows.count) lines; at most \(Self.limit) are imported at once.")
        }
        for row in rows {
            func field(_ index: Int?) -> String? {
                guard let index, index < row.fields.count else { return nil }
                // An export puts an apostrophe before what a spreadsheet takes for a formula.
                let text = row.fields[index]
                let plain = text.hasPrefix("'") ? String(text.dropFirst()) : text
                return plain.isEmpty ? nil : plain
            }
            lines.append(
                Line(
                    place: "line \(row.line)", number: field(number) ?? "", sender: field(sender),
                    note: field(note)))
        }
    }

    /// An entry for each number.
    ///
    /// - Parameter requester: the operator.
    /// - Returns: at least one.
    /// - Throws: all problems in one.
    package consuming func entries(by requester: Requester) throws(Problem) -> [OptOutEntry] {
        var entries: [OptOutEntry] = []
        for line in lines {
            do throws(PhoneNumber.Problem) {
                let number = try PhoneNumber(line.number)
                if (line.note?.unicodeScalars.count ?? 0) > Self.noteLimit {
                    problems.add(
                        line.place, "too_long",
                        "A note has at most \(Self.noteLimit) characters.")
                }
                if (line.sender?.unicodeScalars.count ?? 0) > Self.senderLimit {
                    problems.add(
                        line.place, "too_long",
                        "A sender has at most \(Self.senderLimit) characters.")
                }
                entries.append(
                    OptOutEntry(
                        of: number, sender: sender(line), isOut: true,
                        note: line.note.map { String($0.unicodeScalars.prefix(Self.noteLimit)) },
                        by: requester))
            } catch {
                problems.add(line.place, error.code, error.explanation)
            }
        }
        guard problems.count == 0 else {
            throw Problem(
                .unprocessableContent, "invalid_fields",
                problems.count == 1
                    ? "One number or field is wrong; nothing was changed."
                    : "\(problems.count) numbers or fields are wrong; nothing was changed.",
                fields: problems)
        }
        return entries
    }

    /// A number in its one spelling, anything else as it is.
    private func sender(_ line: Line) -> String? {
        guard let sender = line.sender else { return nil }
        return sender.utf8.count > 8 ? (try? PhoneNumber(sender).description) ?? sender : sender
    }

    private mutating func text(_ name: String, _ value: JSONValue?) -> String? {
        switch value {
        case nil, .null?: return nil
        case .string(let text)? where !text.utf8.contains(0) && !text.isEmpty: return text
        default:
            problems.add(name, "wrong_type", "It takes a text that is not empty.")
            return nil
        }
    }
}
