/// A header that a receiver asks for.
package enum WebhookHeader {
    /// Why a header cannot be sent, in one sentence; nil if it can.
    package static func problem(_ name: String, _ value: String) -> String? {
        let lower = name.lowercased()
        guard (1...100).contains(name.utf8.count),
            name.utf8.allSatisfy({ isNameByte($0) })
        else { return "Its name takes 1 to 100 letters, digits and hyphens." }
        guard !reserved.contains(lower), !prefixes.contains(where: lower.hasPrefix) else {
            return "Waybill sets this header itself."
        }
        guard value.utf8.count <= WebhookDraft.headerBytes,
            value.utf8.allSatisfy({ (0x20...0x7E) ~= $0 }), value.first != " ", value.last != " "
        else {
            return "Its value takes up to \(WebhookDraft.headerBytes) printable ASCII characters,"
                + " without blanks at its ends."
        }
        return nil
    }

    private static let reserved: Set<String> = [
        "host", "connection", "content-length", "content-type", "content-encoding", "expect",
        "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent", "date",
    ]
    private static let prefixes = ["webhook-", "waybill-", "proxy-"]

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D: true
        default: false
        }
    }
}
