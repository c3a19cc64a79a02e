import JSON

/// Takes the texts of messages out of a provider's answer, which is archived: they are personal
/// data, and no report needs them. All other bytes stay as they came.
enum TextRedactor {
    /// Parts of names under which providers give a message's text, or what else it shows.
    private static let parts = ["text", "content", "body", "media", "subject"]
    private static let names: Set = ["message", "preview"]
    private static let replacement = Array(#""<redacted>""#.utf8)

    /// - Returns: the JSON with each text, whatever its form, replaced; nothing of what is not
    ///   JSON.
    static func redact(_ body: [UInt8]) -> [UInt8] {
        body.withUnsafeBytes { bytes in
            var reader = JSONReader(ByteView(bytes))
            var texts: [Range<Int>] = []
            do throws(JSONFault) {
                try collect(from: &reader, into: &texts)
                try reader.finish()
            } catch {
                return []
            }
            var redacted: [UInt8] = []
            redacted.reserveCapacity(body.count)
            var start = 0
            for text in texts {
                redacted.append(contentsOf: reader.bytes.slice(start..<text.lowerBound))
                redacted.append(contentsOf: replacement)
                start = text.upperBound
            }
            redacted.append(contentsOf: reader.bytes.slice(start..<body.count))
            return redacted
        }
    }

    /// Notes where the texts of one value stand; the reader's depth bounds the recursion.
    private static func collect(
        from reader: inout JSONReader, into texts: inout [Range<Int>]
    ) throws(JSONFault) {
        switch reader.peek() {
        case UInt8(ascii: "{"):
            try reader.enterObject()
            while let key = try reader.nextKey() {
                let first = reader.peek()
                guard holdsText(reader.bytes.text(key).text), first != UInt8(ascii: "n") else {
                    try collect(from: &reader, into: &texts)
                    continue
                }
                let start = reader.position
                try reader.skipValue()
                texts.append(start..<reader.position)
            }
        case UInt8(ascii: "["):
            try reader.enterArray()
            while try reader.nextElement() { try collect(from: &reader, into: &texts) }
        default:
            try reader.skipValue()
        }
    }

    private static func holdsText(_ name: String) -> Bool {
        let name = name.lowercased()
        return names.contains(name) || parts.contains { name.contains($0) }
    }
}
