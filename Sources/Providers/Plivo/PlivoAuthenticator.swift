import Domain
import Security

/// Decides whether a callback is Plivo's.
///
/// Plivo signs the URL that it was told to call, so every configured base URL is tried, with every
/// token and every signature in the headers, without stopping at the first match. Any thread.
struct PlivoAuthenticator: Sendable {
    /// The most signatures of one header that are looked at; Plivo sends one or two.
    private static let signatureLimit = 16

    private let bases: [[UInt8]]
    private let keys: [HMACKey]
    private let allowsV2: Bool
    private let v3: Headers
    private let v2: Headers

    /// The headers of one version of the scheme.
    private struct Headers: Sendable {
        let signature: HeaderName
        let mainAccountSignature: HeaderName
        let nonce: HeaderName

        init?(version: String) {
            guard let signature = HeaderName("X-Plivo-Signature-\(version)"),
                let main = HeaderName("X-Plivo-Signature-Ma-\(version)"),
                let nonce = HeaderName("X-Plivo-Signature-\(version)-Nonce")
            else { return nil }
            self.signature = signature
            mainAccountSignature = main
            self.nonce = nonce
        }
    }

    /// What came in the headers of one version.
    private struct Given {
        /// The decoded signatures; what is none is left out.
        let signatures: [[UInt8]]
        let hasSignature: Bool
        let nonce: String?

        init(_ headers: Headers, _ request: CallbackRequest) {
            let values = [headers.signature, headers.mainAccountSignature].compactMap {
                request.header($0)
            }
            hasSignature = !values.isEmpty
            nonce = request.header(headers.nonce)
            signatures = values.flatMap { value in
                value.utf8.split(separator: UInt8(ascii: ",")).prefix(signatureLimit)
                    .compactMap { Base64.decode(Self.trimmed($0)) }
            }
        }

        private static func trimmed(_ text: Substring.UTF8View) -> [UInt8] {
            func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
            let bytes = Array(text.drop(while: isBlank))
            let end = bytes.lastIndex { !isBlank($0) }
            return end.map { Array(bytes[...$0]) } ?? []
        }

        /// Whether any header of the version came: then no other version is looked at.
        var isAny: Bool { hasSignature || nonce != nil }
    }

    /// Nil if there is no token or no base URL, or libcrypto has no HMAC-SHA256.
    init?(_ settings: PlivoWebhook.Settings) {
        guard !settings.tokens.isEmpty, !settings.baseURLs.isEmpty,
            let v3 = Headers(version: "V3"), let v2 = Headers(version: "V2")
        else { return nil }
        keys = settings.tokens.compactMap { try? HMACKey($0, algorithm: .sha256) }
        guard keys.count == settings.tokens.count else { return nil }
        bases = settings.baseURLs.map { url in
            var base = Array(url.utf8)
            while base.last == UInt8(ascii: "/") { base.removeLast() }
            return base
        }
        allowsV2 = settings.allowsV2
        self.v3 = v3
        self.v2 = v2
    }

    /// V3 if any of its headers came; V2 only where none did, it is allowed, and the URL names no
    /// call.
    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        let given = Given(v3, request)
        if given.isAny {
            guard given.hasSignature, let nonce = given.nonce else {
                throw Refusal(.missingSignature)
            }
            guard let form = FormReader(request.body),
                let text = PlivoSignature.v3(.post, uri: request.uri, form: form, nonce: nonce),
                let token = match(given.signatures, text)
            else { throw Refusal(.wrongSignature) }
            return Verification(method: "v3", secret: token)
        }
        let older = Given(v2, request)
        guard older.isAny else { throw Refusal(.missingSignature) }
        // At a call's URL `To` chooses the message, and V2 does not protect it: one callback that
        // somebody has seen would be a key to all messages of the call.
        guard allowsV2, request.call == nil else { throw Refusal(.schemeNotAllowed) }
        guard older.hasSignature, let nonce = older.nonce else {
            throw Refusal(.missingSignature)
        }
        let text = PlivoSignature.v2(uri: request.uri, nonce: nonce)
        guard let token = match(older.signatures, text) else { throw Refusal(.wrongSignature) }
        return Verification(method: "v2", secret: token)
    }

    /// The number of the first token, from 1, that made any of the signatures.
    private func match(_ signatures: [[UInt8]], _ text: [UInt8]) -> Int? {
        var found: Int?
        for index in keys.indices.reversed() {
            for base in bases {
                let code = keys[index].code(for: base + text)
                for signature in signatures where ConstantTime.areEqual(signature, code) {
                    found = index + 1
                }
            }
        }
        return found
    }
}
