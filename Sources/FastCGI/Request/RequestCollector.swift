/// One request while it is received, as a pure state machine: bytes in, progress out.
///
/// Every record is examined before libfcgi sees any of them. What a web server sends passes: one
/// FCGI_BEGIN_REQUEST of a responder, parameters to their empty record, input to its empty record,
/// all of one id. Everything else the protocol knows (management records, other roles,
/// multiplexing, FCGI_ABORT_REQUEST, a second request behind the first) ends the connection; nginx
/// sends none of it.
/// Source: FastCGI specification 1.0, sections 3.3, 5 and 6.2.
struct RequestCollector: Sendable {
    enum Progress: Sendable, Equatable {
        case incomplete
        case complete
        /// The head is complete, but the body goes on beyond the limit; it was dropped.
        case tooLarge
        /// The connection must be closed.
        case malformed
    }

    private enum Phase: Sendable {
        /// Exits: parameters.
        case beginning
        /// Exits: input (empty record between two pairs).
        case parameters
        /// Exits: over (empty record).
        case input
        /// No exit.
        case over
    }

    private enum RecordType {
        static let begin: UInt8 = 1
        static let parameters: UInt8 = 4
        static let input: UInt8 = 5
    }

    /// The most bytes of the records of the head; nginx's four header buffers of 8 KiB fit.
    static let headLimit = 256 << 10
    private static let headerBytes = 8

    /// The most bytes of the body.
    private let bodyLimit: Int
    /// The records of the head, without padding: what libfcgi reads.
    private(set) var head: [UInt8]
    /// The content of the input's records.
    private(set) var body: [UInt8] = []

    private var wasTooLarge = false
    private var phase = Phase.beginning
    private var requestID: UInt64 = 0
    private var pairs = NameValueScan(limit: RequestCollector.headLimit)
    /// The record's header, as far as it has come; `headerCount` bytes of it.
    private var header: UInt64 = 0
    private var headerCount = 0
    private var contentLeft = 0
    private var paddingLeft = 0

    /// A collector of one request.
    ///
    /// - Parameters:
    ///   - bodyLimit: In bytes.
    ///   - head: An empty array whose storage is used again.
    init(bodyLimit: Int, head: [UInt8] = []) {
        self.bodyLimit = bodyLimit
        self.head = head
    }

    /// Whether nothing has come yet.
    var isEmpty: Bool { headerCount == 0 && head.isEmpty }

    /// What the exchange gets of the body.
    var input: ExchangeState.Input { wasTooLarge ? .tooLarge : .whole(body) }

    /// Swaps the storage of the head for another; the collector must not be used afterwards.
    mutating func swapHead(_ other: inout [UInt8]) { swap(&head, &other) }

    /// Bytes held.
    var heldBytes: Int { head.count + body.count }

    /// Takes the next bytes, which may end anywhere; not to be called again unless `incomplete`.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var position = 0
        while position < bytes.count {
            // Nothing may follow a request before its answer.
            guard phase != .over else { return .malformed }
            if headerCount < Self.headerBytes {
                if headerCount == 0, bytes.count - position >= Self.headerBytes {
                    header = UInt64(
                        bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                    headerCount = Self.headerBytes
                    position += Self.headerBytes
                } else {
                    header = header << 8 | UInt64(bytes[position])
                    headerCount += 1
                    position += 1
                }
                guard headerCount == Self.headerBytes else { continue }
                if let failure = beginRecord() { return failure }
            } else if contentLeft > 0 {
                let count = min(contentLeft, bytes.count - position)
                let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
                position += count
                contentLeft -= count
                guard take(part) else { return .malformed }
            } else {
                let count = min(paddingLeft, bytes.count - position)
                position += count
                paddingLeft -= count
            }
            if headerCount == Self.headerBytes, contentLeft == 0, paddingLeft == 0 {
                guard endRecord() else { return .malformed }
            }
        }
        return phase == .over ? .complete : .incomplete
    }

    private var recordType: UInt8 { UInt8(truncatingIfNeeded: header >> 48) }
    private var recordLength: Int { Int(header >> 16 & 0xFFFF) }

    /// Checks a record's header; nil when the record may go on.
    private mutating func beginRecord() -> Progress? {
        let version = header >> 56
        let id = header >> 32 & 0xFFFF
        contentLeft = recordLength
        paddingLeft = Int(header >> 8 & 0xFF)
        guard version == 1, id != 0, phase == .beginning || id == requestID else {
            return .malformed
        }
        switch (phase, recordType) {
        case (.beginning, RecordType.begin):
            guard contentLeft == 8 else { return .malformed }
            requestID = id
            appendHeaderToHead()
        case (.parameters, RecordType.parameters):
            guard head.count + Self.headerBytes + contentLeft <= Self.headLimit else {
                return .malformed
            }
            appendHeaderToHead()
        case (.input, RecordType.input):
            guard body.count + contentLeft <= bodyLimit else {
                body = []
                wasTooLarge = true
                return .tooLarge
            }
            makeRoomInBody()
        default:
            return .malformed
        }
        return nil
    }

    /// Small bodies come in one record, and then the size is exact. Larger ones grow by a factor of
    /// four, which copies less than two; pages that are never written to take no memory.
    private mutating func makeRoomInBody() {
        let wanted = body.count + contentLeft
        guard wanted > body.capacity else { return }
        body.reserveCapacity(min(max(wanted, 4 * body.capacity), bodyLimit))
    }

    private mutating func appendHeaderToHead() {
        // The lowest two bytes are the padding's length, which is left out, and a reserved byte.
        let unpadded = (header & ~0xFFFF).bigEndian
        withUnsafeBytes(of: unpadded) { head.append(contentsOf: $0) }
    }

    private mutating func take(_ part: UnsafeRawBufferPointer) -> Bool {
        guard phase != .input else {
            body.append(contentsOf: part)
            return true
        }
        head.append(contentsOf: part)
        return phase != .parameters || pairs.append(part)
    }

    private mutating func endRecord() -> Bool {
        headerCount = 0
        switch phase {
        case .beginning:
            // The role follows the header.
            guard head[Self.headerBytes] == 0, head[Self.headerBytes + 1] == 1 else { return false }
            phase = .parameters
        case .parameters:
            guard recordLength == 0 else { return true }
            guard pairs.isBetweenPairs else { return false }
            phase = .input
        case .input:
            if recordLength == 0 { phase = .over }
        case .over:
            return false
        }
        return true
    }
}
