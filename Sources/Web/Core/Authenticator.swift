package import Domain
import FastCGI
private import Security
private import Synchronization

/// Lets in who presents a valid API key.
///
/// Each request looks its key up, so that a revocation counts from the next one on; a key that
/// cannot be looked up is refused with 503. One endpoint alone may go by memory, and only while no
/// server answers: an admin must see the state of the service just then, so a key that was seen
/// valid within the last day still opens it. Any thread.
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
    /// - Parameters:
    ///   - scope: what the key must allow.
    ///   - request: whose header is read.
    ///   - goesByMemory: whether a key that was seen valid within a day will do while no server
    ///     answers.
    /// - Returns: the key's SHA-256, which tells callers apart.
    /// - Throws: 401 without a valid key, 403 for a key without the scope, 503 if the database
    ///   does not answer.
    @discardableResult
    func require(
        _ scope: APIKey.Scope, _ request: APIRequest, goesByMemory: Bool = false
    ) throws(Problem) -> [UInt8] {
        guard let authorization = request.authorization else {
            throw Self.refusal(
                "missing_key", "Send an API key as \"Authorization: Bearer wb_…\".")
        }
        // As RFC 9110 has it and nginx counts it: blanks between the two words, as many as there
        // are, and none elsewhere.
        let scheme = authorization.prefix { $0 != " " }
        let credentials = authorization.dropFirst(scheme.count).drop { $0 == " " }
        guard scheme.lowercased() == "bearer", !credentials.isEmpty else {
            throw Self.refusal(
                "wrong_key", "The Authorization header must be \"Bearer\", a blank and an API key.")
        }
        guard let token = APIToken(String(credentials)) else {
            throw Self.refusal("wrong_key", "This is no API key of ours; they begin with wb_.")
        }
        let hash = token.digest.bytes
        guard let key = try find(hash, goesByMemory: goesByMemory) else {
            throw Self.refusal("wrong_key", "This API key is unknown or revoked.")
        }
        guard key.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "missing_scope",
                "This API key lacks the scope \(scope.rawValue).")
        }
        return hash
    }

    private func find(_ hash: [UInt8], goesByMemory: Bool) throws(Problem) -> APIKey? {
        do {
            let key = try keys.key(hash: hash)
            remembered.withLock { remembered in
                if remembered.count >= Self.rememberedLimit { remembered = [:] }
                remembered[hash] = key.map { Remembered(key: $0, verified: .now) }
            }
            return key
        } catch {
            guard goesByMemory, error.isAway, let known = remembered.withLock({ $0[hash] }),
                ContinuousClock.now - known.verified < Self.rememberedFor
            else { throw Problem(error) }
            return known.key
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        Problem(.unauthorized, code, detail, headers: [.challengeBearer])
    }
}
