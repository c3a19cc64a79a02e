/// What authenticates a callback besides its body: the URI as it was called, and some headers.
///
/// Kept with what goes to quarantine, so that a replay can authenticate the callback again. It may hold
/// passwords: never logged, never shown.
package struct CallbackCredentials: Sendable, Equatable, CustomStringConvertible {
    private let uri: String
    /// By the names that FastCGI has for them: another spelling is no other header.
    private let headers: [String: (name: String, value: String)]

    /// The most bytes that are kept; nginx reads no more of a request's head.
    private static let limit = 32 << 10
    /// HTTP/2's name for path and query; no header has it.
    private static let uriName = ":path"

    /// Those of a request; nil if they are too long, or no lines.
    ///
    /// - Parameters:
    ///   - request: the request, as long as its headers can be read.
    ///   - names: the headers that its provider authenticates with.
    package init?(_ request: CallbackRequest, _ names: [HeaderName]) {
        var headers: [String: (name: String, value: String)] = [:]
        for name in names {
            headers[name.parameter] = request.header(name).map { (name.description, $0) }
        }
        self.uri = request.uri
        self.headers = headers
        guard text.utf8.count <= Self.limit,
            ([uri] + headers.values.map(\.value)).allSatisfy({
                !$0.utf8.contains(where: Self.endsLine)
            })
        else { return nil }
    }

    /// Reads what `text` wrote; nil for anything else.
    package init?(text: String) {
        var uri: String?
        var headers: [String: (name: String, value: String)] = [:]
        for line in text.split(separator: "\n") {
            guard let end = line.firstRange(of: ": ") else { return nil }
            let name = String(line[..<end.lowerBound])
            let value = String(line[end.upperBound...])
            if name == Self.uriName {
                uri = value
            } else if let name = HeaderName(name) {
                headers[name.parameter] = (name.description, value)
            } else {
                return nil
            }
        }
        guard let uri else { return nil }
        self.uri = uri
        self.headers = headers
    }

    /// A line for each.
    package var text: String {
        let lines = headers.values.map { "\($0.name): \($0.value)" }.sorted()
        return (["\(Self.uriName): \(uri)"] + lines).joined(separator: "\n")
    }

    /// The request as its provider's `authenticate` takes it.
    package func request(of callback: ReceivedCallback) -> CallbackRequest {
        CallbackRequest(
            uri: uri, sendRequest: callback.sendRequest, body: callback.body,
            header: { [headers] in headers[$0.parameter]?.value })
    }

    package var description: String { "<redacted>" }

    package static func == (a: Self, b: Self) -> Bool { a.text == b.text }

    private static func endsLine(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == 0
    }
}
