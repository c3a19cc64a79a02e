package import Domain
import FastCGI
import Security

/// Makes and reads the cursors of lists: opaque to clients, signed, and bound to a list and its filter.
package struct CursorSigner: Sendable {
    private let secrets: any SigningSecrets

    private static let codeLength = 16
    /// The longest cursor that is read, in characters.
    private static let lengthLimit = 8 << 10

    package init(_ secrets: any SigningSecrets) {
        self.secrets = secrets
    }

    /// - Parameters:
    ///   - position: where the next page begins.
    ///   - list: the list's name.
    ///   - filter: the canonical form of its filter.
    /// - Returns: base64url.
    /// - Throws: 503 if the database does not answer.
    func cursor(_ position: [UInt8], list: String, filter: [UInt8]) throws(Problem) -> String {
        let code = try code(position, list, filter)
        return Base64.encode(code + position, alphabet: .url)
    }

    /// The position of a cursor that was made for the same list and filter.
    ///
    /// - Throws: 400 `bad_query` for any other text.
    func position(_ cursor: String, list: String, filter: [UInt8]) throws(Problem) -> [UInt8] {
        if cursor.utf8.count <= Self.lengthLimit,
            let bytes = Base64.decode(Array(cursor.utf8), alphabet: .url),
            bytes.count > Self.codeLength
        {
            let position = Array(bytes[Self.codeLength...])
            let code = try code(position, list, filter)
            if ConstantTime.areEqual(Array(bytes[..<Self.codeLength]), code) { return position }
        }
        throw Problem(
            .badRequest, "bad_query",
            "It takes the `next` of an answer to the same query; only `limit` may differ.",
            at: "cursor")
    }

    private func code(
        _ position: [UInt8], _ list: String, _ filter: [UInt8]
    ) throws(Problem) -> [UInt8] {
        let secret: [UInt8]
        do {
            secret = try secrets.secret(for: .cursor)
        } catch {
            throw Problem(error)
        }
        guard let secret = Secret(secret), let key = try? HMACKey(secret) else {
            throw Problem(StoreFailure(.failed, "the secret for cursors is empty"))
        }
        // With the lengths, so that no two lists of parts are the same bytes.
        let head = "\(list):\(list.utf8.count):\(filter.count):"
        return Array(key.code(for: Array(head.utf8) + filter + position).prefix(Self.codeLength))
    }
}
