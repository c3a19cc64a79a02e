import Domain
import JSON
import Security

/// Decides whether a callback is Plivo's.
///
/// Plivo signs the URL that it was given, so every configured base URL is tried, with every token
/// and every signature in the headers, without stopping at the first match. Any thread.
struct PlivoAuthenticator: Sendable {
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

        var all: [HeaderName] { [signature, mainAccountSignature, nonce] }

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
        /// The decoded signatures; texts that are not signatures are left out.
        let signatures: [[UInt8]]
        let hasSignature: Bool
        /// As it came; where the header came twice, each of its values as well. Empty without one.
        let nonces: [String]

        init(_ headers: Headers, _ request: CallbackRequest) {
            let values = [headers.signature, headers.mainAccountSignature].compactMap {
                request.header($0)
            }
            hasSignature = !values.isEmpty
            nonces = request.header(headers.nonce).map { HeaderText.candidates($0) } ?? []
            signatures = values.flatMap { value in
                HeaderText.values(value).compactMap { Base64.decode(Array($0.utf8)) }
            }
        }

        /// Whether any header of the version came: then no other version is tried.
        var isAny: Bool { hasSignature || !nonces.isEmpty }
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

    /// The headers that it reads.
    var headers: [HeaderName] { v3.all + v2.all }

    /// V3 if any of its headers came; V2 only where none did, it is allowed, the URL names no
    /// send request, and the body is a status callback.
    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        let given = Given(v3, request)
        if given.isAny {
            guard given.hasSignature, !given.nonces.isEmpty else {
                throw Refusal(.missingSignature)
            }
            guard let form = FormReader(request.body) else { throw Refusal(.wrongSignature) }
            for nonce in given.nonces {
                guard
                    let text = PlivoSignature.v3(uri: request.uri, form: form, nonce: nonce),
                    let token = match(given.signatures, text)
                else { continue }
                return Verification(method: "v3", secret: token)
            }
            throw Refusal(.wrongSignature)
        }
        let older = Given(v2, request)
        guard older.isAny else { throw Refusal(.missingSignature) }
        // At a send request's URL `To` chooses the message, and V2 does not protect it: a single
        // callback that was seen could then be changed for all messages of the send request.
        guard allowsV2, request.sendRequest == nil else { throw Refusal(.schemeNotAllowed) }
        guard older.hasSignature, !older.nonces.isEmpty else {
            throw Refusal(.missingSignature)
        }
        for nonce in older.nonces {
            let text = PlivoSignature.v2(uri: request.uri, nonce: nonce)
            guard let token = match(older.signatures, text) else { continue }
            // Nor may one that was seen be turned into somebody's STOP.
            guard Self.isStatus(request.body) else { throw Refusal(.schemeNotAllowed) }
            return Verification(method: "v2", secret: token)
        }
        throw Refusal(.wrongSignature)
    }

    private static func isStatus(_ body: [UInt8]) -> Bool {
        guard let form = FormReader(body) else { return false }
        return form.pairs.contains { form.text($0.name) == PlivoField.status.rawValue }
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
