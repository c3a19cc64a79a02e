package import Domain
import FastCGI
private import Security
private import Synchronization

/// Lets in who presents a valid API key.
///
/// While the database is away, a key that was valid within the last day still is: an admin must see
/// the state of the service just then. A revocation therefore counts from the next answer of the
/// database on. Any thread.
package final class Authenticator: Sendable {
    private struct Remembered {
        let key: APIKey
        let verified: ContinuousClock.Instant
    }

    private let keys: any APIKeyStore
    private let remembered = Mutex<[[UInt8]: Remembered]>([:])

    /// Keys are few; whoever has more is asked to wait for the database.
    private static let rememberedLimit = 1000
    private static let rememberedFor: Duration = .seconds(86_400)

    package init(_ keys: any APIKeyStore) {
        self.keys = keys
    }

    /// Checks `Authorization: Bearer wb_…`.
    ///
    /// - Returns: the key's SHA-256, which tells callers apart.
    /// - Throws: 401 without a valid key, 403 for a key without the scope, 503 if the database
    ///   does not answer.
    @discardableResult
    func require(_ scope: APIKey.Scope, _ request: APIRequest) throws(Problem) -> [UInt8] {
        guard let authorization = request.authorization else {
            throw Self.refusal(
                "missing_key", "Send an API key as \"Authorization: Bearer wb_…\".")
        }
        // One space, though RFC 9110 allows more: nginx counts a key's requests by the header as it
        // came, and every other spelling of it would have a count of its own.
        let words = authorization.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw Self.refusal(
                "wrong_key",
                "The Authorization header must be \"Bearer\", one space and an API key.")
        }
        guard let token = APIToken(String(words[1])) else {
            throw Self.refusal("wrong_key", "This is no API key of ours; they begin with wb_.")
        }
        let hash = token.digest.bytes
        guard let key = try find(hash) else {
            throw Self.refusal("wrong_key", "This API key is unknown or revoked.")
        }
        guard key.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "missing_scope",
                "This API key lacks the scope \(scope.rawValue).")
        }
        return hash
    }

    private func find(_ hash: [UInt8]) throws(Problem) -> APIKey? {
        do {
            let key = try keys.key(hash: hash)
            remembered.withLock { remembered in
                if remembered.count >= Self.rememberedLimit { remembered = [:] }
                remembered[hash] = key.map { Remembered(key: $0, verified: .now) }
            }
            return key
        } catch {
            let known = remembered.withLock { $0[hash] }
            guard error.code == .unavailable, let known,
                ContinuousClock.now - known.verified < Self.rememberedFor
            else { throw Problem(error) }
            return known.key
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        Problem(.unauthorized, code, detail, headers: [.challengeBearer])
    }
}
