/// The secret in the query of a callback's URL: `?token=…`.
///
/// Infobip calls a message's own URL without credentials, so the URL itself must hold the secret.
/// The name and the secrets use only characters that no URL escapes, and are compared as they are.
enum InfobipURLToken {
    static let name = "token"
    private static let prefix = "token="
    /// Replaces a token in a stored URI.
    private static let redacted = "<redacted>"

    /// The first token's bytes; nil if there is none.
    static func value(in uri: String) -> [UInt8]? {
        pairs(of: uri)?.pairs.first { $0.starts(with: prefix.utf8) }
            .map { Array($0.dropFirst(prefix.utf8.count)) }
    }

    /// The URI without the values of its tokens; a name in capitals counts, too.
    static func redact(_ uri: String) -> String {
        guard let (path, pairs) = pairs(of: uri),
            pairs.contains(where: { HeaderText.hasPrefix($0, prefix) })
        else { return uri }
        let kept = pairs.map { pair in
            HeaderText.hasPrefix(pair, prefix)
                ? String(decoding: pair.prefix(prefix.utf8.count), as: UTF8.self) + redacted
                : String(decoding: pair, as: UTF8.self)
        }
        return path + "?" + kept.joined(separator: "&")
    }

    /// Splits by bytes, because a combined character could hide a token.
    private static func pairs(
        of uri: String
    ) -> (path: String, pairs: [Substring.UTF8View])? {
        guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let query = uri.utf8[mark...].dropFirst()
        let pairs = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        return (String(decoding: uri.utf8[..<mark], as: UTF8.self), pairs)
    }
}
