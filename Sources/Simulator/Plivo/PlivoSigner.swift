import Foundation
import Security

/// The headers by which Plivo proves itself: signature V3. Source: providers.md, B.3.
struct PlivoSigner: Sendable {
    private let key: HMACKey?

    /// - Parameter token: of the account; nil signs nothing.
    init(_ token: Secret?) {
        key = token.flatMap { try? HMACKey($0) }
    }

    /// The headers of a callback.
    ///
    /// - Parameters:
    ///   - url: as the account told it; for GET with the fields behind it.
    ///   - form: the fields of a POST, none for GET.
    ///   - nonce: any text that was not used before.
    /// - Returns: names and values; none without a token.
    func headers(
        url: String, form: [(name: String, value: String)], nonce: String
    ) -> [(name: String, value: String)] {
        guard let signature = signature(url: url, form: form, nonce: nonce) else { return [] }
        return [
            ("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-Ma-V3", signature),
            ("X-Plivo-Signature-V3-Nonce", nonce),
        ]
    }

    /// Nil without a token.
    func signature(
        url: String, form: [(name: String, value: String)], nonce: String
    ) -> String? {
        guard let key else { return nil }
        return Base64.encode(
            key.code(for: Array(Self.text(url: url, form: form, nonce: nonce).utf8)))
    }

    private static func text(
        url: String, form: [(name: String, value: String)], nonce: String
    ) -> String {
        let whole = url.prefix { $0 != "#" }
        let base = whole.prefix { $0 != "?" }
        let query = PlivoForm.decode(whole.dropFirst(base.count + 1))
        var text = String(base)
        if !query.isEmpty || !form.isEmpty { text += "?" }
        text += sorted(query).map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        if !query.isEmpty, !form.isEmpty { text += "." }
        text += sorted(form).map { $0.name + $0.value }.joined()
        return text + "." + nonce
    }

    /// By name and value, as code points order.
    private static func sorted(
        _ pairs: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        pairs.sorted { a, b in
            a.name == b.name
                ? a.value.unicodeScalars.lexicographicallyPrecedes(b.value.unicodeScalars)
                : a.name.unicodeScalars.lexicographicallyPrecedes(b.name.unicodeScalars)
        }
    }
}

/// `application/x-www-form-urlencoded`.
enum PlivoForm {
    static func encode(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
    }

    static func decode(_ text: some StringProtocol) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (unescaped(parts[0]), parts.count > 1 ? unescaped(parts[1]) : "")
        }
    }

    private static func escaped(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
            default: false
            }
        }
        guard !plain else { return text }
        return (text.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")
            .replacingOccurrences(of: " ", with: "+")
    }

    private static func unescaped(_ text: some StringProtocol) -> String {
        text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? String(text)
    }

    private static let allowed = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~ ")
}
