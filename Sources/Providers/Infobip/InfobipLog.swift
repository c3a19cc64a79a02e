import Domain
import JSON

/// Infobip's logs, as a delivery report.
///
/// An entry of the logs differs from a result of a callback in two members: the recipient is called
/// `destination` in version 3, and there is the message's text (`text` in version 1, `content` in
/// version 3). The text is personal data and is removed here.
/// Source: Infobip's OpenAPI of SMS, "get outbound SMS message logs".
struct InfobipLog {
    /// The same content as the body of a callback.
    private var callback = JSONWriter()
    private(set) var entryCount = 0

    /// Nil for what is not JSON, and for JSON without a list of results.
    init?(_ body: [UInt8]) {
        var log = Self()
        let isLog = body.withUnsafeBytes { bytes -> Bool in
            var reader = JSONReader(ByteView(bytes))
            do throws(JSONFault) {
                let hasResults = try log.readRoot(&reader)
                try reader.finish()
                return hasResults
            } catch {
                return false
            }
        }
        guard isLog else { return nil }
        self = log
    }

    private init() {}

    /// Reads the entries as a callback's results; nil if that is not possible.
    func parse() -> ParsedCallback? {
        callback.bytes.withUnsafeBytes { bytes in
            var parser = InfobipParser(
                ByteView(bytes), limits: JSONReader.Limits(), known: InfobipOutcomes().snapshot())
            do throws(Malformation) {
                try parser.parse()
            } catch {
                return nil
            }
            return ParsedCallback(
                reports: parser.reports, rejects: parser.rejects.filter { $0.cost != .field })
        }
    }

    private mutating func readRoot(_ reader: inout JSONReader) throws(JSONFault) -> Bool {
        var hasResults = false
        guard reader.peek() == UInt8(ascii: "{") else {
            try reader.skipValue()
            return false
        }
        try reader.enterObject()
        while let key = try reader.nextKey() {
            let isList = reader.peek() == UInt8(ascii: "[")
            guard isList, !hasResults, reader.bytes.matches(key, "results") else {
                try reader.skipValue()
                continue
            }
            hasResults = true
            callback.beginObject()
            callback.key("results")
            callback.beginArray()
            try reader.enterArray()
            while try reader.nextElement() { try readEntry(&reader) }
            callback.endArray()
            callback.endObject()
        }
        return hasResults
    }

    private mutating func readEntry(_ reader: inout JSONReader) throws(JSONFault) {
        entryCount += 1
        guard reader.peek() == UInt8(ascii: "{") else { return try copyValue(&reader) }
        try reader.enterObject()
        callback.beginObject()
        while let key = try reader.nextKey() {
            let bytes = reader.bytes
            if bytes.matches(key, "text") || bytes.matches(key, "content") {
                try reader.skipValue()
                continue
            }
            if bytes.matches(key, "destination") {
                callback.key("to")
            } else {
                callback.key(raw: bytes.slice(key.start - 1..<key.end + 1))
            }
            try copyValue(&reader)
        }
        callback.endObject()
    }

    private mutating func copyValue(_ reader: inout JSONReader) throws(JSONFault) {
        _ = reader.peek()
        let start = reader.position
        try reader.skipValue()
        callback.raw(reader.bytes.slice(start..<reader.position))
    }
}
