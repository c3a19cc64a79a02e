import Foundation
import Security

/// Signs as the providers do, written after providers.md and not after the code under test.
enum Signing {
    /// HMAC-SHA256 of the raw body.
    static func hmac(_ body: [UInt8], _ secret: String) throws -> [UInt8] {
        guard let secret = Secret(secret) else { throw ConnectionFailure("no secret") }
        return try HMACKey(secret).code(for: body)
    }

    static func basic(_ user: String, _ password: String) -> (name: String, value: String) {
        ("Authorization", "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())
    }

    /// Plivo's V3: URL, sorted query, sorted form, nonce.
    static func plivoV3(
        url: String, form: String, nonce: String, token: String
    ) throws -> String {
        let parts = url.split(separator: "?", maxSplits: 1)
        let query = parts.count == 2 ? sortedPairs(String(parts[1])) : []
        let fields = sortedPairs(form)
        var text = String(parts[0])
        if !query.isEmpty || !fields.isEmpty { text += "?" }
        text += query.map { "\($0)=\($1)" }.joined(separator: "&")
        if !query.isEmpty, !fields.isEmpty { text += "." }
        text += fields.map { $0 + $1 }.joined()
        text += "." + nonce
        return Data(try hmac(Array(text.utf8), token)).base64EncodedString()
    }

    /// Plivo's V2: URL without query, nonce.
    static func plivoV2(url: String, nonce: String, token: String) throws -> String {
        let path = url.split(separator: "?", maxSplits: 1)[0]
        return Data(try hmac(Array("\(path)\(nonce)".utf8), token)).base64EncodedString()
    }

    private static func sortedPairs(_ form: String) -> [(String, String)] {
        form.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count == 2 ? decoded(parts[1]) : "")
        }
        .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? String(text)
    }
}
