/// How a provider names messages, and which spellings are one name.
package enum MessageNames: UInt8, Sendable {
    /// The sender chooses the name, and we give our own id. A UUID of version 7 can be one of ours,
    /// and in capitals it is the same; the case of any other name is its sender's business.
    case ours
    /// The provider names every message by a UUID of its own; in capitals it is the same.
    case itsUUIDs
    /// The provider's own names, as they are.
    case itsOwn
}

extension Provider {
    /// The one spelling of a message's name at the provider.
    package func canonical(_ messageName: String) -> String {
        var name = messageName
        let hasCapitals = name.withUTF8 { bytes in
            bytes.count == 36 && bytes.contains { $0 &- UInt8(ascii: "A") < 6 }
        }
        guard hasCapitals else { return name }
        // What is read as a message's id here is any UUID.
        guard let id = name.withUTF8({ MessageID(utf8InAnyCase: UnsafeRawBufferPointer($0)) })
        else {
            return name
        }
        switch messageNames {
        case .itsUUIDs: return id.description
        case .ours: return id.isOurs ? id.description : name
        case .itsOwn: return name
        }
    }
}

extension MessageID {
    /// Whether it has the form of an id that we gave: version 7, and the variant of RFC 9562.
    package var isOurs: Bool { version == 7 && low >> 62 == 0b10 }
}

extension MessageID {
    /// Reads the canonical form from bytes, in either case; a third of the time that the generic
    /// initialiser takes for a report.
    package init?(utf8InAnyCase bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for position in 0..<36 {
            let byte = bytes[position]
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            let digit: UInt8
            if byte &- UInt8(ascii: "0") < 10 {
                digit = byte &- UInt8(ascii: "0")
            } else if letter < 6 {
                digit = letter &+ 10
            } else {
                return nil
            }
            if position < 18 {
                high = high << 4 | UInt64(digit)
            } else {
                low = low << 4 | UInt64(digit)
            }
        }
        self.init(high: high, low: low)
    }
}
