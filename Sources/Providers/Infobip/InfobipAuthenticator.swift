import Domain
import Security

/// Decides whether a callback is Infobip's.
///
/// Every enabled method whose header came is tried, and each compares with all of its secrets, so
/// that the time does not show which secret is nearly right. Secrets of Basic, of the header and of
/// the URL are compared by their digests: one digest is computed, whatever the number and the
/// lengths of the secrets. Any thread.
struct InfobipAuthenticator: Sendable {
    private let basic: [SHA256Digest]
    private let header: [SHA256Digest]
    private let headerName: HeaderName
    private let url: [SHA256Digest]
    private let hmac: [HMACKey]
    private let hmacHeaderName: HeaderName
    private let authorization: HeaderName

    /// Nil if there is no secret at all.
    init?(_ settings: InfobipWebhook.Settings) {
        guard let authorization = HeaderName("Authorization"),
            !settings.basic.isEmpty || !settings.headerSecrets.isEmpty
                || !settings.urlSecrets.isEmpty || !settings.hmacKeys.isEmpty
        else { return nil }
        self.authorization = authorization
        basic = settings.basic.map { user, password in
            password.withBytes { SHA256.digest(of: Array("\(user):".utf8) + Array($0)) }
        }
        header = settings.headerSecrets.map(\.digest)
        headerName = settings.headerName
        url = settings.urlSecrets.map(\.digest)
        hmac = settings.hmacKeys
        hmacHeaderName = settings.hmacHeaderName
    }

    /// The headers that it reads.
    var headers: [HeaderName] { [authorization, headerName, hmacHeaderName] }

    /// Tries Basic, then the header, then the URL, then the HMAC.
    func authenticate(_ request: CallbackRequest) throws(Refusal) -> Verification {
        var credentialsCame = false
        var signatureCame = false
        if !basic.isEmpty, let value = request.header(authorization) {
            credentialsCame = true
            if let secret = Self.first(value, { Self.matchBasic($0, basic) }) {
                return Verification(method: "basic", secret: secret)
            }
        }
        if !header.isEmpty, let value = request.header(headerName) {
            credentialsCame = true
            if let secret = Self.first(value, { Self.match(SHA256.digest(of: $0), header) }) {
                return Verification(method: "header", secret: secret)
            }
        }
        if !url.isEmpty, let value = InfobipURLToken.value(in: request.uri) {
            credentialsCame = true
            if let secret = Self.match(SHA256.digest(of: value), url) {
                return Verification(method: "url token", secret: secret)
            }
        }
        if !hmac.isEmpty, let value = request.header(hmacHeaderName) {
            signatureCame = true
            if let secret = Self.first(value, { matchSignature($0, request.body) }) {
                return Verification(method: "hmac", secret: secret)
            }
        }
        if credentialsCame { throw Refusal(.wrongCredentials) }
        throw Refusal(signatureCame ? .wrongSignature : .missingCredentials)
    }

    /// The secret that a header's value matches; if the header came twice, one of its values.
    private static func first(_ header: String, _ match: (String) -> Int?) -> Int? {
        for candidate in HeaderText.candidates(header) {
            if let secret = match(candidate) { return secret }
        }
        return nil
    }

    /// The number of the first equal one, from 1, after comparing with all of them.
    private static func match(_ digest: SHA256Digest, _ secrets: [SHA256Digest]) -> Int? {
        var found = 0
        for index in secrets.indices.reversed() where secrets[index] == digest {
            found = index + 1
        }
        return found == 0 ? nil : found
    }

    private static func matchBasic(_ value: String, _ secrets: [SHA256Digest]) -> Int? {
        var value = value
        let decoded = value.withUTF8 { bytes -> [UInt8]? in
            let scheme = "basic "
            guard HeaderText.hasPrefix(bytes, scheme) else { return nil }
            let token = bytes.dropFirst(scheme.utf8.count).drop { $0 == UInt8(ascii: " ") }
            return Base64.decode(Array(token))
        }
        guard let decoded else { return nil }
        return match(SHA256.digest(of: decoded), secrets)
    }

    private func matchSignature(_ value: String, _ body: [UInt8]) -> Int? {
        var found: Int?
        for index in hmac.indices.reversed() {
            let key = hmac[index]
            guard let code = Self.code(value, key.algorithm) else { continue }
            if key.isValid(code, for: body) { found = index + 1 }
        }
        return found
    }

    /// The decoded bytes of a signature; nil if they cannot be of this algorithm.
    private static func code(_ value: String, _ algorithm: HMACKey.Algorithm) -> [UInt8]? {
        var text = Array(value.utf8)
        let prefix = "\(algorithm.rawValue)="
        if HeaderText.hasPrefix(text, prefix) { text.removeFirst(prefix.utf8.count) }
        // Their lengths differ: hexadecimal is longer for every algorithm.
        let code =
            text.count == 2 * algorithm.byteCount
            ? Hexadecimal.decode(text) : Base64.decode(text)
        return code?.count == algorithm.byteCount ? code : nil
    }
}
