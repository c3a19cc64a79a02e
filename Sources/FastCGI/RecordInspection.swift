internal import Glibc

/// A look at what a connection has sent, before libfcgi reads it.
///
/// libfcgi 2.4.2 trusts its peer: FCGI_GET_VALUES with four names overruns a buffer on its stack,
/// and a name or value of gigabytes aborts the process. nginx sends neither, so records of that
/// kind end the connection here. Only what has arrived is looked at: a peer that means harm and has
/// passed the socket's mode can still hold such a record back until libfcgi reads.
/// Source: FastCGI specification 1.0, sections 3.3, 3.4 and 4.
enum RecordInspection {
    /// The bytes that are looked at; nginx's parameters fit.
    private static let window = 4096

    /// Whether the bytes that wait on a socket look like requests of a web server.
    static func admits(_ descriptor: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: window, alignment: 1) { buffer in
            let count = recv(
                descriptor, buffer.baseAddress, buffer.count, Int32(MSG_PEEK | MSG_DONTWAIT))
            // Nothing there or an error: reading it tells.
            guard count > 0 else { return true }
            return admits(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The same for bytes at hand; they may end anywhere.
    static func admits(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position + 8 <= bytes.count {
            let type = bytes[position + 1]
            let id = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let length = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            let padding = Int(bytes[position + 6])
            // Management records have the id 0; nginx sends none.
            guard bytes[position] == 1, id != 0, position > 0 || type == RecordType.begin else {
                return false
            }
            let content = position + 8
            switch type {
            case RecordType.begin:
                guard length == 8 else { return false }
            case RecordType.parameters:
                let end = min(content + length, bytes.count)
                let visible = UnsafeRawBufferPointer(rebasing: bytes[content..<end])
                guard hasSoundLengths(visible) else { return false }
            case RecordType.input, RecordType.abort:
                break
            default:
                return false
            }
            position = content + length + padding
        }
        return position > 0 || bytes.isEmpty || bytes[0] == 1
    }

    /// Whether no name or value claims 16 MiB or more. A pair may go on in the next record, so what
    /// lies beyond the bytes is not judged.
    private static func hasSoundLengths(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position < bytes.count {
            var total = 0
            for _ in 0..<2 {
                guard position < bytes.count else { return true }
                if bytes[position] & 0x80 == 0 {
                    total += Int(bytes[position])
                    position += 1
                } else {
                    guard bytes[position] == 0x80 else { return false }
                    guard position + 4 <= bytes.count else { return true }
                    total += Int(bytes[position + 1]) << 16 | Int(bytes[position + 2]) << 8
                    total += Int(bytes[position + 3])
                    position += 4
                }
            }
            position += total
        }
        return true
    }

    private enum RecordType {
        static let begin: UInt8 = 1
        static let abort: UInt8 = 2
        static let parameters: UInt8 = 4
        static let input: UInt8 = 5
    }
}
