/// A FastCGI record as a web server writes and reads it.
///
/// Source: FastCGI specification 1.0, section 3.3.
struct Record: Equatable {
    enum Kind: UInt8 {
        case begin = 1
        case end = 3
        case parameters = 4
        case input = 5
        case output = 6
        case getValues = 9
        case getValuesResult = 10
    }

    var kind: UInt8
    var requestID: UInt16
    var content: [UInt8]

    init(_ kind: Kind, _ content: [UInt8] = [], requestID: UInt16 = 1) {
        self.kind = kind.rawValue
        self.requestID = requestID
        self.content = content
    }

    init(kind: UInt8, requestID: UInt16, content: [UInt8]) {
        self.kind = kind
        self.requestID = requestID
        self.content = content
    }

    var bytes: [UInt8] {
        [
            1, kind, UInt8(requestID >> 8), UInt8(requestID & 0xFF), UInt8(content.count >> 8),
            UInt8(content.count & 0xFF), 0, 0,
        ] + content
    }

    static func begin(role: UInt8 = 1, keep: Bool, requestID: UInt16 = 1) -> Record {
        Record(.begin, [0, role, keep ? 1 : 0, 0, 0, 0, 0, 0], requestID: requestID)
    }

    static func parameters(_ pairs: [(String, String)], requestID: UInt16 = 1) -> Record {
        var content = [UInt8]()
        for (name, value) in pairs {
            content += length(name.utf8.count) + length(value.utf8.count)
            content += Array(name.utf8) + Array(value.utf8)
        }
        return Record(.parameters, content, requestID: requestID)
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count > 127 else { return [UInt8(count)] }
        return [
            UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF),
            UInt8(count & 0xFF),
        ]
    }
}

/// A request as nginx sends it: all its records in one run of bytes.
struct TestRequest {
    var method = "POST"
    var uri = "/callback"
    var body: [UInt8] = []
    /// What CONTENT_LENGTH says; the body's length unless set.
    var declaredLength: String?
    /// Whether there is a CONTENT_LENGTH; nginx has none for a chunked body that it passes on as it
    /// comes.
    var tellsLength = true
    var keep = true
    var role: UInt8 = 1
    var extra: [(String, String)] = []
    var requestID: UInt16 = 1

    var parameters: [(String, String)] {
        let length = declaredLength ?? (body.isEmpty ? "" : String(body.count))
        return [
            ("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("DOCUMENT_URI", uri),
            ("CONTENT_TYPE", body.isEmpty ? "" : "application/json"),
        ] + (tellsLength ? [("CONTENT_LENGTH", length)] : []) + [
            ("REQUEST_ID", "0123456789abcdef"), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("REMOTE_ADDR", "192.0.2.7"), ("HTTP_HOST", "waybill.example"),
            ("HTTP_USER_AGENT", "test"),
        ] + extra
    }

    /// Everything but the records of the body.
    var head: [UInt8] {
        Record.begin(role: role, keep: keep, requestID: requestID).bytes
            + Record.parameters(parameters, requestID: requestID).bytes
            + Record(.parameters, requestID: requestID).bytes
    }

    var bytes: [UInt8] {
        var bytes = head
        for start in stride(from: 0, to: body.count, by: 65_535) {
            let part = Array(body[start..<min(start + 65_535, body.count)])
            bytes += Record(.input, part, requestID: requestID).bytes
        }
        return bytes + Record(.input, requestID: requestID).bytes
    }
}
