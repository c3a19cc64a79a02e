import JSON
import Security

/// The headers that authenticate Plivo: signature V3. Source: providers.md, B.3.
struct PlivoSigner: Sendable {
    private let key: HMACKey?

    /// - Parameter token: of the account; nil signs nothing.
    init(_ token: Secret?) {
        key = token.flatMap { try? HMACKey($0) }
    }

    /// The headers of a callback.
    ///
    /// - Parameters:
    ///   - url: as the account gave it; for GET followed by the fields.
    ///   - body: the form of a POST, empty for GET.
    ///   - nonce: a text that was not used before.
    /// - Returns: names and values; none without a token.
    func headers(url: String, body: [UInt8], nonce: String) -> [(name: String, value: String)] {
        guard let signature = signature(url: url, body: body, nonce: nonce) else { return [] }
        return [
            ("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-Ma-V3", signature),
            ("X-Plivo-Signature-V3-Nonce", nonce),
        ]
    }

    /// Nil without a token.
    func signature(url: String, body: [UInt8], nonce: String) -> String? {
        guard let key else { return nil }
        let text = Self.text(url: url, form: FormReader(lenient: body), nonce: nonce)
        return Base64.encode(key.code(for: text))
    }

    /// The signed text: the URL with its query sorted, the form sorted, and the nonce.
    private static func text(url: String, form: FormReader, nonce: String) -> [UInt8] {
        let whole = url.prefix { $0 != "#" }
        let base = whole.prefix { $0 != "?" }
        let query = FormReader(lenient: Array(whole.dropFirst(base.count + 1).utf8))
        var text = Array(base.utf8)
        if !query.pairs.isEmpty || !form.pairs.isEmpty { text.append(UInt8(ascii: "?")) }
        for (index, pair) in query.sorted.enumerated() {
            if index > 0 { text.append(UInt8(ascii: "&")) }
            text += query.decoded[pair.name] + [UInt8(ascii: "=")] + query.decoded[pair.value]
        }
        if !query.pairs.isEmpty, !form.pairs.isEmpty { text.append(UInt8(ascii: ".")) }
        for pair in form.sorted { text += form.decoded[pair.name] + form.decoded[pair.value] }
        return text + ".\(nonce)".utf8
    }
}
