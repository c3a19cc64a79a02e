package import Domain
import FastCGI
private import Security

/// Lets in who presents a valid API key.
package struct Authenticator: Sendable {
    private let keys: any APIKeyStore

    package init(_ keys: any APIKeyStore) {
        self.keys = keys
    }

    /// Checks `Authorization: Bearer wb_…`.
    ///
    /// - Throws: 401 without a valid key, 403 for a key without the scope, 503 if the database
    ///   does not answer.
    func require(_ scope: APIKey.Scope, _ request: APIRequest) throws(Problem) {
        guard let authorization = request.authorization else {
            throw Self.refusal(
                "missing_key", "Send an API key as \"Authorization: Bearer wb_…\".")
        }
        let words = authorization.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw Self.refusal(
                "wrong_key", "The Authorization header must be \"Bearer\" and an API key.")
        }
        guard let token = APIToken(String(words[1])) else {
            throw Self.refusal("wrong_key", "This is no API key of ours; they begin with wb_.")
        }
        let found: APIKey?
        do {
            found = try keys.key(hash: token.digest.bytes)
        } catch {
            throw Problem(error)
        }
        guard let key = found else {
            throw Self.refusal("wrong_key", "This API key is unknown or revoked.")
        }
        guard key.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "missing_scope",
                "This API key lacks the scope \(scope.rawValue).")
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        Problem(.unauthorized, code, detail, headers: [.challengeBearer])
    }
}
