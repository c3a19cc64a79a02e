import FastCGI

/// The records of a CSV text, each with the line that it begins in.
///
/// Fields are separated by commas; one in quotation marks may hold commas, line breaks and doubled
/// quotation marks. Lines end in LF or CRLF; empty ones are passed over. Source: RFC 4180.
package struct CSVRecords {
    /// One record.
    package struct Record: Equatable, Sendable {
        /// From 1.
        package let line: Int
        package let fields: [String]

        package init(line: Int, fields: [String]) {
            self.line = line
            self.fields = fields
        }
    }

    package let records: [Record]

    /// - Throws: 400 `bad_csv` with the line, for a quotation mark where none may be, and for one that nothing closes.
    package init(_ text: String) throws(Problem) {
        var records: [Record] = []
        var reader = Reader(text)
        while let record = try reader.next() { records.append(record) }
        self.records = records
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0
        private var line = 1

        init(_ text: String) {
            bytes = Array(text.utf8)
        }

        private static func problem(_ line: Int, _ detail: String) -> Problem {
            Problem(.badRequest, "bad_csv", detail, at: "line \(line)")
        }

        mutating func next() throws(Problem) -> Record? {
            skipEmptyLines()
            guard position < bytes.count else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard position < bytes.count else { break }
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: ",") { continue }
                // Behind a field stands a comma or the end of the line.
                if byte == UInt8(ascii: "\r") { position += 1 }
                line += 1
                break
            }
            return Record(line: start, fields: fields)
        }

        private mutating func skipEmptyLines() {
            while position < bytes.count {
                if bytes[position] == UInt8(ascii: "\n") {
                    position += 1
                } else if isCRLF(at: position) {
                    position += 2
                } else {
                    return
                }
                line += 1
            }
        }

        private func isCRLF(at position: Int) -> Bool {
            bytes[position] == UInt8(ascii: "\r") && position + 1 < bytes.count
                && bytes[position + 1] == UInt8(ascii: "\n")
        }

        private func endsField(at position: Int) -> Bool {
            position >= bytes.count || bytes[position] == UInt8(ascii: ",")
                || bytes[position] == UInt8(ascii: "\n") || isCRLF(at: position)
        }

        private mutating func field() throws(Problem) -> String {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                return try plainField()
            }
            let start = line
            position += 1
            var field: [UInt8] = []
            while true {
                guard position < bytes.count else {
                    throw Self.problem(start, "A quotation mark is not closed.")
                }
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    field.append(byte)
                    continue
                }
                if position < bytes.count, bytes[position] == byte {
                    field.append(byte)
                    position += 1
                } else if endsField(at: position) {
                    return String(decoding: field, as: UTF8.self)
                } else {
                    throw Self.problem(line, "Text follows a closing quotation mark.")
                }
            }
        }

        private mutating func plainField() throws(Problem) -> String {
            let start = position
            while !endsField(at: position) {
                guard bytes[position] != UInt8(ascii: "\"") else {
                    throw Self.problem(line, "A quotation mark stands in a field without them.")
                }
                position += 1
            }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
    }
}
