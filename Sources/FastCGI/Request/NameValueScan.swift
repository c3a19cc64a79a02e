/// Checks name-value pairs that come in pieces, as a pure state machine.
///
/// libfcgi allocates what a length claims and aborts the process when that fails; here a length is
/// bounded by what all the parameters together may take.
/// Source: FastCGI specification 1.0, section 3.4.
struct NameValueScan: Sendable {
    private enum Step: Sendable {
        /// Exits: value (length complete).
        case nameLength
        /// Exits: content (length complete), name (both are 0).
        case valueLength
        /// In the bytes of name and value. Exits: name (all there).
        case content
    }

    /// The most bytes of a pair.
    private let limit: Int
    private var step = Step.nameLength
    /// The bytes of a length that are still to come, and its value so far.
    private var lengthBytesLeft = 0
    private var length = 0
    /// The bytes of name and value that are still to come.
    private var contentLeft = 0

    init(limit: Int) { self.limit = limit }

    /// Whether the pairs may end here.
    var isBetweenPairs: Bool { step == .nameLength && lengthBytesLeft == 0 }

    /// Takes the next bytes, which may end anywhere; false when a pair is too long.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position < bytes.count {
            if step == .content {
                let count = min(contentLeft, bytes.count - position)
                position += count
                contentLeft -= count
                if contentLeft == 0 { step = .nameLength }
                continue
            }
            let byte = Int(bytes[position])
            position += 1
            if lengthBytesLeft > 0 {
                length = length << 8 | byte
                lengthBytesLeft -= 1
            } else if byte & 0x80 != 0 {
                length = byte & 0x7F
                lengthBytesLeft = 3
            } else {
                length = byte
            }
            if lengthBytesLeft == 0 {
                guard endLength() else { return false }
            }
        }
        return true
    }

    private mutating func endLength() -> Bool {
        // Two lengths of 31 bits do not overflow.
        contentLeft += length
        guard contentLeft <= limit else { return false }
        if step == .nameLength {
            step = .valueLength
        } else {
            step = contentLeft == 0 ? .nameLength : .content
        }
        return true
    }
}
