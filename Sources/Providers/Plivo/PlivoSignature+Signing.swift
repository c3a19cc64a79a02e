import JSON
package import Security

extension PlivoWebhook {
    /// The value of `X-Plivo-Signature-V3` that Plivo would send with a callback: for whoever posts
    /// one as Plivo, such as a probe of a deployment. Any thread.
    ///
    /// - Parameters:
    ///   - baseURL: scheme and authority of the URL that is called, without a slash at the end.
    ///   - uri: path and query of that URL.
    ///   - body: the form.
    ///   - nonce: what goes into `X-Plivo-Signature-V3-Nonce`.
    ///   - token: the account's auth token.
    /// - Returns: 44 characters; nil if libcrypto has no HMAC-SHA256, or the query or the form has
    ///   more than 1000 pairs.
    package static func signatureV3(
        baseURL: String, uri: String, body: [UInt8], nonce: String, token: Secret
    ) -> String? {
        guard let form = FormReader(body),
            let text = PlivoSignature.v3(uri: uri, form: form, nonce: nonce),
            let key = try? HMACKey(token, algorithm: .sha256)
        else { return nil }
        return Base64.encode(key.code(for: Array(baseURL.utf8) + text))
    }
}
