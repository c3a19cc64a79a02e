package import Domain
import FastCGI
private import Security
private import Synchronization

/// Checks API keys.
///
/// Each request looks its key up, so that a revocation takes effect at the next one; if the look-up
/// fails, the answer is 503. One endpoint alone may accept a remembered key, and only while no
/// server answers: an administrator needs the state of the service just then, so a key that was
/// valid within the last day is enough. Any thread.
package final class Authenticator: Sendable {
    private struct Remembered {
        let principal: Principal
        let verified: ContinuousClock.Instant
        /// When the secret ends; nil if nothing is known of an end.
        let expiresAt: Timestamp?
    }

    private let keys: any APIKeyStore
    private let remembered = Mutex<[[UInt8]: Remembered]>([:])

    /// Keys are few; when there are more, all remembered ones are dropped.
    private static let rememberedLimit = 1000
    private static let rememberedFor: Duration = .seconds(86_400)

    package init(_ keys: any APIKeyStore) {
        self.keys = keys
    }

    /// Checks `Authorization: Bearer wb_…`.
    ///
    /// - Parameters:
    ///   - access: what the key must allow.
    ///   - request: whose header is read.
    ///   - goesByMemory: whether a key that was valid within a day is enough while no server
    ///     answers.
    /// - Returns: the key that calls, whichever of its secrets was used.
    /// - Throws: 401 without a valid key, 403 for a key without the scope, 503 if the database
    ///   does not answer.
    @discardableResult
    func require(
        _ access: Access, _ request: APIRequest, goesByMemory: Bool = false
    ) throws(Problem) -> Principal {
        guard let authorization = request.authorization else {
            throw Self.refusal(
                "missing_key", "Send an API key as \"Authorization: Bearer wb_…\".")
        }
        // Any number of blanks between the two words and none elsewhere, as in RFC 9110 and as
        // nginx counts requests.
        let scheme = authorization.prefix { $0 != " " }
        let credentials = authorization.dropFirst(scheme.count).drop { $0 == " " }
        guard scheme.lowercased() == "bearer", !credentials.isEmpty else {
            throw Self.refusal(
                "wrong_key", "The Authorization header must be \"Bearer\", a blank and an API key.")
        }
        guard let token = APIToken(String(credentials)) else {
            throw Self.refusal("wrong_key", "This is no API key of ours; they begin with wb_.")
        }
        guard let principal = try find(token.digest.bytes, goesByMemory: goesByMemory) else {
            throw Self.refusal("wrong_key", "This API key is unknown or revoked.")
        }
        guard let scope = access.scope else {
            throw Problem(
                .forbidden, "not_for_keys", "Only people who have signed in may call this.")
        }
        guard principal.scopes.contains(scope) else {
            throw Problem(
                .forbidden, "missing_scope",
                "This API key lacks the scope \(scope.rawValue).")
        }
        return principal
    }

    private func find(_ hash: [UInt8], goesByMemory: Bool) throws(Problem) -> Principal? {
        do {
            let key = try keys.key(hash: hash)
            let seen = key.map { key in
                Remembered(
                    principal: Principal(key), verified: .now,
                    expiresAt: key.secrets.compactMap(\.expiresAt).min())
            }
            remembered.withLock { remembered in
                if remembered.count >= Self.rememberedLimit { remembered = [:] }
                remembered[hash] = seen
            }
            return seen?.principal
        } catch {
            guard goesByMemory, error.isAway, let known = remembered.withLock({ $0[hash] }),
                ContinuousClock.now - known.verified < Self.rememberedFor,
                known.expiresAt.map({ .now < $0 }) ?? true
            else { throw Problem(error) }
            return known.principal
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Problem {
        Problem(.unauthorized, code, detail, headers: [.challengeBearer])
    }
}
