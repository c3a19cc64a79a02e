/// The records that a stream needs, made without libfcgi.
///
/// Source: FastCGI specification 1.0, sections 3.3 and 5.5.
enum StreamRecord {
    /// The most content of a record that is a multiple of eight, so that none needs padding.
    static let mostContent = 65_528

    private static let version: UInt8 = 1
    private static let endRequest: UInt8 = 3
    private static let output: UInt8 = 6
    private static let errors: UInt8 = 7
    private static let headerBytes = 8

    /// Output bytes as one or more records; no bytes give none, because that would end the stream.
    static func output(_ bytes: [UInt8], requestID: UInt16) -> [UInt8] {
        let count = (bytes.count + mostContent - 1) / mostContent
        var records = [UInt8]()
        records.reserveCapacity(bytes.count + count * headerBytes)
        for start in stride(from: 0, to: bytes.count, by: mostContent) {
            appendOutput(
                bytes[start..<min(start + mostContent, bytes.count)], to: &records,
                requestID: requestID)
        }
        return records
    }

    /// One record of output; at least one byte and no more than `mostContent`.
    static func appendOutput(
        _ part: ArraySlice<UInt8>, to records: inout [UInt8], requestID: UInt16
    ) {
        appendHeader(to: &records, output, requestID, part.count)
        records.append(contentsOf: part)
    }

    /// A record that says nothing: the end of the error output, which nginx does not log.
    static func appendBeat(to records: inout [UInt8], requestID: UInt16) {
        appendHeader(to: &records, errors, requestID, 0)
    }

    /// A header of no version of the protocol.
    static let unreadable = [UInt8](repeating: 0xFF, count: headerBytes)

    /// The end of the output and of the request, with exit status 0 and FCGI_REQUEST_COMPLETE.
    static func end(requestID: UInt16) -> [UInt8] {
        var records = [UInt8]()
        records.reserveCapacity(3 * headerBytes)
        appendHeader(to: &records, output, requestID, 0)
        appendHeader(to: &records, endRequest, requestID, 8)
        records.append(contentsOf: repeatElement(0, count: 8))
        return records
    }

    private static func appendHeader(
        to records: inout [UInt8], _ kind: UInt8, _ requestID: UInt16, _ count: Int
    ) {
        records.append(contentsOf: [
            version, kind, UInt8(requestID >> 8), UInt8(requestID & 0xFF), UInt8(count >> 8),
            UInt8(count & 0xFF), 0, 0,
        ])
    }
}

/// What a stream's peer has not taken yet.
///
/// The chunks are shared between all streams that wait for the same broadcast, so a thousand slow
/// readers hold it once.
struct StreamOutbox: Sendable {
    private var chunks: [[UInt8]] = []
    private var first = 0
    private var offset = 0
    /// Bytes not taken.
    private(set) var pending = 0

    mutating func append(_ chunk: [UInt8]) {
        guard !chunk.isEmpty else { return }
        chunks.append(chunk)
        pending += chunk.count
    }

    /// Gives bytes to `write` until all are taken or it takes fewer than it was given.
    ///
    /// - Parameter write: Returns how many bytes it took; negative for a broken peer.
    /// - Returns: False when the peer is broken.
    mutating func flush(_ write: (UnsafeRawBufferPointer) -> Int) -> Bool {
        while pending > 0 {
            let chunk = chunks[first]
            let left = chunk.count - offset
            let taken = chunk.withUnsafeBytes {
                write(UnsafeRawBufferPointer(rebasing: $0[offset...]))
            }
            guard taken >= 0 else { return false }
            pending -= taken
            guard taken == left else {
                offset += taken
                return true
            }
            offset = 0
            first += 1
            if first == chunks.count || first >= 64 {
                chunks.removeFirst(first)
                first = 0
            }
        }
        return true
    }
}
