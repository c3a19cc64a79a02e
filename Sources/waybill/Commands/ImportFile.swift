import Foundation
import JSON
import Web

/// A file of records with named fields: CSV with a header, JSON lines, or a JSON array of objects.
struct ImportFile {
    struct Record {
        /// For people: `line 7`, or `entry 7` of a JSON array.
        let place: String
        /// By column; a field that is null or empty is absent.
        let fields: [String: String]
        /// Why the record cannot be read; nil if it can.
        let problem: String?
    }

    let records: [Record]
    /// Those that any record has, in the order of their first appearance.
    let columns: [String]

    private static let byteLimit = 16 << 20

    /// Reads a file.
    ///
    /// - Parameter path: of at most 16 MiB of UTF-8.
    /// - Throws: `CommandFailure` if it cannot be read, or is none of these.
    init(path: String) throws(CommandFailure) {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure("cannot read \(path)")
        }
        var data = Data()
        do {
            while data.count <= Self.byteLimit,
                let part = try file.read(upToCount: 1 << 20), !part.isEmpty
            {
                data += part
            }
        } catch {
            throw CommandFailure("cannot read \(path)")
        }
        guard data.count <= Self.byteLimit else {
            throw CommandFailure("\(path) has more than \(Self.byteLimit >> 20) MiB")
        }
        try self.init(Array(data), named: path)
    }

    /// The same from bytes.
    init(_ bytes: [UInt8], named name: String) throws(CommandFailure) {
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("\(name) is not UTF-8")
        }
        if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
        guard let first = text.first(where: { !$0.isWhitespace }) else {
            throw CommandFailure("\(name) is empty")
        }
        switch first {
        case "[": records = try Self.array(text, name)
        case "{": records = Self.lines(text)
        default: records = try Self.csv(text, name)
        }
        var columns: [String] = []
        for record in records {
            for column in record.fields.keys.sorted() where !columns.contains(column) {
                columns.append(column)
            }
        }
        self.columns = columns
    }

    private static func csv(_ text: String, _ name: String) throws(CommandFailure) -> [Record] {
        let records: [CSVRecords.Record]
        do throws(Problem) {
            records = try CSVRecords(text).records
        } catch {
            throw CommandFailure("\(name), \(error.place ?? ""): \(error.detail)")
        }
        let header = records[0].fields.map { $0.trimmingCharacters(in: .whitespaces) }
        guard Set(header).count == header.count else {
            throw CommandFailure("\(name): the header names a column twice")
        }
        return records.dropFirst().map { record in
            let place = "line \(record.line)"
            guard record.fields.count == header.count else {
                return Record(
                    place: place, fields: [:],
                    problem: "\(record.fields.count) fields, and the header names \(header.count)")
            }
            let named = zip(header, record.fields).filter { !$0.1.isEmpty }
            return Record(
                place: place, fields: Dictionary(named) { first, _ in first }, problem: nil)
        }
    }

    private static func lines(_ text: String) -> [Record] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.element.allSatisfy(\.isWhitespace) }
            .map { index, line in
                let place = "line \(index + 1)"
                do throws(JSONFault) {
                    return record(try JSONValue(strict: Array(line.utf8)), place)
                } catch {
                    let problem = error.explanation(JSONReader.Limits())
                    return Record(place: place, fields: [:], problem: problem)
                }
            }
    }

    private static func array(_ text: String, _ name: String) throws(CommandFailure) -> [Record] {
        do throws(JSONFault) {
            return try JSONValue(strict: Array(text.utf8)).elements.enumerated().map {
                record($0.element, "entry \($0.offset + 1)")
            }
        } catch {
            throw CommandFailure(
                "\(name), byte \(error.offset): \(error.explanation(JSONReader.Limits()))")
        }
    }

    private static func record(_ value: JSONValue, _ place: String) -> Record {
        guard case .object(let members) = value else {
            return Record(place: place, fields: [:], problem: "it is no JSON object")
        }
        let named = members.compactMap { member in member.value.text.map { (member.name, $0) } }
        return Record(
            place: place, fields: Dictionary(named) { first, _ in first }, problem: nil)
    }
}
