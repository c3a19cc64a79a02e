import Domain

/// What the egress proxy answered: the receiver's answer, or why there is none.
package struct EgressAnswer: Sendable, Equatable {
    package let status: Int
    /// Whether the receiver was connected, with TLS.
    package let wasConnected: Bool
    /// Whether the receiver itself answered.
    package let isReceivers: Bool
    /// What it asked for by `Retry-After`.
    package let retryAfter: Duration?
    /// The beginning of the body.
    package let body: String

    /// The most bytes of the body that are kept.
    package static let bodyLimit = 4096
    /// The most bytes of the head.
    static let headLimit = 64 << 10

    /// Reads an answer as far as it has come; nil if its head is not whole, or is none.
    ///
    /// - Parameter bytes: from its beginning.
    package init?(_ bytes: [UInt8]) {
        guard let end = Self.headEnd(bytes) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: true)
        guard let first = lines.first, first.hasPrefix("HTTP/1."),
            let code = first.split(separator: " ").dropFirst().first, let status = Int(code),
            (100...999).contains(status)
        else { return nil }
        self.status = status
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            fields[parts[0].lowercased()] = String(parts[1].trimming(while: { $0 == " " }))
        }
        // Times to connect and to the answer's head; "-" for what did not happen.
        let times = (fields["waybill-egress"] ?? "").split(separator: " ")
        wasConnected = times.count == 2 && times[0] != "-"
        isReceivers = times.count == 2 && times[1] != "-"
        retryAfter = fields["retry-after"].flatMap { RetryWish.duration($0, at: .now) }
        body = String(decoding: bytes[end...].prefix(Self.bodyLimit), as: UTF8.self)
            .replacing("\0", with: "\u{FFFD}")
    }

    /// Whether so much has come that nothing more is read.
    static func isEnough(_ bytes: [UInt8]) -> Bool {
        guard let end = headEnd(bytes) else { return bytes.count > headLimit }
        return bytes.count - end >= bodyLimit
    }

    /// Where the body begins.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (3..<min(bytes.count, headLimit)).first {
            bytes[$0] == 10 && bytes[$0 - 1] == 13 && bytes[$0 - 2] == 10 && bytes[$0 - 3] == 13
        }.map { $0 + 1 }
    }
}

extension StringProtocol {
    fileprivate func trimming(while isBlank: (Character) -> Bool) -> SubSequence {
        var part = self[...]
        while let first = part.first, isBlank(first) { part = part.dropFirst() }
        while let last = part.last, isBlank(last) { part = part.dropLast() }
        return part
    }
}
