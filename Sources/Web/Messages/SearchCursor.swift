package import Domain
import FastCGI
private import Security

/// Turns positions in a list into texts that clients carry back, and back again.
///
/// A cursor is signed, so that nobody can make one, and bound to the filter: with another one it
/// would leave out what the client means to see.
package struct SearchCursors: Sendable {
    private let secrets: any SigningSecrets

    private static let version: UInt8 = 1
    /// Version, digest of the filter, time and id.
    private static let headLength = 1 + 8 + 8 + 16
    private static let recentLength = 8 + 4
    private static let codeLength = 32
    /// Longer texts cannot be ours.
    static let mostCharacters = 6000

    package init(_ secrets: any SigningSecrets) {
        self.secrets = secrets
    }

    /// The text for a position in what a filter finds.
    func text(_ position: SearchPosition, in filter: MessageFilter) throws(Problem) -> String {
        var bytes = [Self.version] + Self.digest(of: filter)
        bytes.append(big: UInt64(bitPattern: position.createdAt.microseconds))
        bytes.append(big: position.id.high)
        bytes.append(big: position.id.low)
        for recent in position.recent {
            bytes.append(big: recent.key)
            bytes.append(big: UInt32(clamping: recent.createdAt.microseconds / 1_000_000))
        }
        return Base64.encode(bytes + (try key()).code(for: bytes), alphabet: .url)
    }

    /// The position that a text tells.
    ///
    /// - Throws: 400 `bad_query` for a text that is not one of ours, or belongs to another filter.
    func position(_ text: String, in filter: MessageFilter) throws(Problem) -> SearchPosition {
        guard text.utf8.count <= Self.mostCharacters,
            let all = Base64.decode(Array(text.utf8), alphabet: .url),
            all.count >= Self.headLength + Self.codeLength,
            (all.count - Self.headLength - Self.codeLength) % Self.recentLength == 0
        else { throw Self.refusal }
        let bytes = Array(all.dropLast(Self.codeLength))
        guard (try key()).isValid(Array(all.suffix(Self.codeLength)), for: bytes),
            bytes[0] == Self.version
        else { throw Self.refusal }
        guard Array(bytes[1..<9]) == Self.digest(of: filter) else {
            throw Problem(
                .badRequest, "bad_query",
                "It belongs to other filters. It takes the next of the page before, with the same"
                    + " filters; leave it out to begin anew.", at: "cursor")
        }
        let recent = stride(from: Self.headLength, to: bytes.count, by: Self.recentLength).map {
            SearchPosition.Recent(
                key: bytes.big(at: $0),
                createdAt: Timestamp(
                    microseconds: Int64(bytes.big(at: $0 + 4) & 0xFFFF_FFFF) * 1_000_000))
        }
        return SearchPosition(
            createdAt: Timestamp(microseconds: Int64(bitPattern: bytes.big(at: 9))),
            id: MessageID(high: bytes.big(at: 17), low: bytes.big(at: 25)), recent: recent)
    }

    private static let refusal = Problem(
        .badRequest, "bad_query",
        "It takes the next of the page before, as it is; leave it out to begin anew.", at: "cursor")

    private static func digest(of filter: MessageFilter) -> [UInt8] {
        Array(SHA256.digest(of: filter.canonicalForm).bytes.prefix(8))
    }

    private func key() throws(Problem) -> HMACKey {
        let secret: [UInt8]
        do { secret = try secrets.secret(for: .cursor) } catch { throw Problem(error) }
        guard let key = Secret(secret).flatMap({ try? HMACKey($0) }) else {
            throw Problem(
                .internalServerError, "internal_error",
                "Something went wrong here; the log has it under the request id.")
        }
        return key
    }
}

extension [UInt8] {
    fileprivate mutating func append(big value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate func big(at offset: Int) -> UInt64 {
        self[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
