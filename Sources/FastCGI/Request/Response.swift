/// An answer: a status, headers that cannot inject, and a body.
///
/// A Content-Length is added unless the headers bring one or the status forbids it; the answer to
/// a HEAD therefore brings its own and an empty body.
package struct Response: Sendable {
    /// The status, 200...599.
    package var status: HTTPStatus
    /// The headers, in order.
    package var headers: [HeaderField]
    /// The body; dropped when the status allows none.
    package var body: [UInt8]

    /// An answer of these parts.
    package init(_ status: HTTPStatus, headers: [HeaderField] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The bytes from `Status:` to the empty line.
    ///
    /// Source: RFC 3875, section 6.
    func head() -> [UInt8] {
        var head = [UInt8]()
        head.reserveCapacity(96 + 64 * headers.count)
        Self.appendHead(to: &head, status: status, headers: headers)
        if status.allowsBody, !headers.contains(where: { $0.isNamed("content-length") }) {
            head.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        head.append(contentsOf: "\r\n".utf8)
        return head
    }

    /// Status and headers without the empty line that ends them.
    static func appendHead(to bytes: inout [UInt8], status: HTTPStatus, headers: [HeaderField]) {
        bytes.append(contentsOf: "Status: \(status.code) \(status.reason)\r\n".utf8)
        for header in headers { append(header, to: &bytes) }
    }

    static func append(_ header: HeaderField, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: header.name.utf8)
        bytes.append(contentsOf: ": ".utf8)
        bytes.append(contentsOf: header.value.utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }
}

/// A response rendered once and sent often: head and body are one run of bytes.
///
/// The answers of the hot path are `static let` of this type; giving one costs one copy into
/// libfcgi's buffer and one write.
package struct PreparedResponse: Sendable {
    /// The status, for logs and metrics.
    package let status: HTTPStatus
    /// Head and body.
    let bytes: [UInt8]

    /// Renders a response.
    package init(_ response: Response) {
        status = response.status
        bytes = response.status.allowsBody ? response.head() + response.body : response.head()
    }

    private init(status: HTTPStatus, bytes: [UInt8]) {
        self.status = status
        self.bytes = bytes
    }

    /// The same with a header more, behind the status. One copy of the bytes.
    ///
    /// - Parameters:
    ///   - name: of the header.
    ///   - value: such as an identifier's; all but visible ASCII is left out.
    /// - Returns: the longer response.
    package func adding(_ name: StaticString, _ value: String) -> PreparedResponse {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        var longer = [UInt8]()
        longer.reserveCapacity(bytes.count + name.utf8CodeUnitCount + value.utf8.count + 4)
        longer.append(contentsOf: bytes[..<end])
        name.withUTF8Buffer { longer.append(contentsOf: $0) }
        longer.append(UInt8(ascii: ":"))
        longer.append(UInt8(ascii: " "))
        for byte in value.utf8 where byte > 0x20 && byte < 0x7F { longer.append(byte) }
        longer.append(UInt8(ascii: "\r"))
        longer.append(UInt8(ascii: "\n"))
        longer.append(contentsOf: bytes[end...])
        return PreparedResponse(status: status, bytes: longer)
    }

    /// The answer to a request that waited too long.
    static let overloaded = PreparedResponse(
        Response(
            .serviceUnavailable, headers: [.plainText, .noStore, .retryAfter],
            body: Array("too much to do\n".utf8)))

    /// The answer of an exchange that was dropped without one.
    static let dropped = PreparedResponse(
        Response(
            .internalServerError, headers: [.plainText, .noStore],
            body: Array("internal error\n".utf8)))
}
