package import Domain

/// Events of a stream as text. Source: HTML Living Standard, section 9.2, "Server-sent events".
package enum EventText {
    /// One event.
    ///
    /// - Parameters:
    ///   - name: nil for an event without a name, which a browser hands to `onmessage`.
    ///   - id: what a client that comes back has got; nil leaves it as it was.
    ///   - data: JSON; its line breaks are kept.
    /// - Returns: its lines, with the empty one that ends it.
    package static func event(
        _ name: String?, id: ChangeSequence? = nil, _ data: [UInt8]
    ) -> [UInt8] {
        var text = [UInt8]()
        text.reserveCapacity(data.count + 64)
        if let name { text.append(contentsOf: "event: \(name)\n".utf8) }
        if let id { text.append(contentsOf: "id: \(id.rawValue)\n".utf8) }
        text.append(contentsOf: "data: ".utf8)
        let lineFeed = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        if data.contains(where: { $0 == lineFeed || $0 == carriageReturn }) {
            // Outside of strings, JSON may hold line breaks; each would end the field.
            for byte in data where byte != carriageReturn {
                text.append(byte)
                if byte == lineFeed { text.append(contentsOf: "data: ".utf8) }
            }
        } else {
            text.append(contentsOf: data)
        }
        text.append(lineFeed)
        text.append(lineFeed)
        return text
    }

    /// How long a client waits before it comes back.
    package static func retry(after pause: Duration) -> [UInt8] {
        Array("retry: \(Int64(pause / .milliseconds(1)))\n\n".utf8)
    }

    /// A place as a client sends it back; nil if it is none of ours.
    package static func sequence(_ text: String) -> ChangeSequence? {
        guard (1...16).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text).map(ChangeSequence.init(rawValue:))
    }
}
