package import Domain
import FastCGI
import JSON
private import Security

/// The keys to the API, for those who manage them.
package struct KeyEndpoints: Sendable {
    private let keys: any APIKeyRegister

    package init(_ keys: any APIKeyRegister) {
        self.keys = keys
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.route(.listKeys) { _, _ throws(Problem) in try list() },
            endpoint.route(.createKey, later: create),
            endpoint.route(.revokeKey, revoke),
        ]
    }

    private func list() throws(Problem) -> Response {
        let all: [APIKey]
        do {
            all = try keys.list()
        } catch {
            throw Problem(error)
        }
        return .json(
            body: JSONWriter.document { json in
                json.array("keys") { json in
                    for key in all { json.object { json in Self.describe(key, in: &json) } }
                }
            })
    }

    private func create(
        _ request: APIRequest, _ exchange: Exchange, _ principal: Principal
    ) throws(Problem) -> Response? {
        var body = try BodyReader(
            exchange, request, .createKey, known: ["name", "scopes", "expires_at", "addresses"])
        let draft = APIKeyDraft(
            name: Self.name(&body), scopes: Self.scopes(&body), expiresAt: Self.end(&body),
            networks: Self.networks(&body))
        try body.check()
        guard let token = try? APIToken.generate() else {
            throw Problem(StoreFailure(.failed, "no randomness for a key"))
        }
        let creation: APIKeyCreation
        do {
            creation = try keys.create(
                draft, hash: token.digest.bytes, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        switch creation {
        case .created(let key):
            return .json(
                .created,
                body: JSONWriter.document { json in
                    json.object("key") { json in Self.describe(key, in: &json) }
                    json.member("secret", token.revealed)
                })
        case .nameTaken:
            throw Problem(
                .conflict, "key_name_taken",
                "A valid key has this name; revoke it, or take another name.")
        case .tooMany:
            throw Problem(
                .conflict, "too_many_keys",
                "There are \(keyLimit) valid keys; revoke those that nobody uses.")
        }
    }

    private func revoke(_ request: APIRequest, _ principal: Principal) throws(Problem) -> Response {
        let unknown = Problem(
            .notFound, "unknown_key", "There is no valid key of this id.")
        guard let id = APIKeyID(anyCase: request.captures[0]) else { throw unknown }
        let isKnown: Bool
        do {
            isKnown = try keys.revoke(id, by: request.requester(principal))
        } catch {
            throw Problem(error)
        }
        guard isKnown else { throw unknown }
        return Response(.noContent)
    }

    private static func describe(_ key: APIKey, in json: inout JSONWriter) {
        json.member("id", key.id.description)
        json.member("name", key.name)
        json.array("scopes") { json in
            for scope in key.scopes.sorted() { json.string(scope.rawValue) }
        }
        json.member("created_at", key.createdAt.description)
        PeopleView.principal(key.maker, "created_by", in: &json)
        json.member("last_used_at", key.lastUsedAt?.description)
        json.member("expires_at", key.expiresAt?.description)
        json.array("addresses") { json in
            for network in key.networks { json.string(network.description) }
        }
        json.member("revoked_at", key.revokedAt?.description)
    }
}

extension KeyEndpoints {
    private static func name(_ body: inout BodyReader) -> String {
        let name = body.requiredText("name")
        let isGiven = body.problems.list.allSatisfy { $0.field != "name" }
        if isGiven, UserName(name)?.description != name {
            body.problems.add(
                "name", "bad_name",
                "It takes 1 to \(APIKeyDraft.nameLimit) characters, without control characters and"
                    + " without blanks at its ends.")
        }
        return name
    }

    private static func scopes(_ body: inout BodyReader) -> Set<Scope> {
        guard body.has("scopes") else {
            body.problems.add("scopes", "missing", "It is required.")
            return []
        }
        guard let words = body.texts("scopes") else { return [] }
        var scopes: Set<Scope> = []
        for (index, word) in words {
            if let scope = Scope(rawValue: word) {
                scopes.insert(scope)
            } else {
                let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                body.problems.add(
                    "scopes[\(index)]", "unknown_scope",
                    "There is no such scope; known: \(known).")
            }
        }
        if words.isEmpty, body.problems.list.allSatisfy({ !$0.field.hasPrefix("scopes") }) {
            body.problems.add("scopes", "empty", "It names no scope.")
        }
        return scopes
    }

    private static func end(_ body: inout BodyReader) -> Timestamp? {
        guard let text = body.text("expires_at") else { return nil }
        do throws(Timestamp.RFC3339Problem) {
            let end = try Timestamp(rfc3339: text)
            if end <= .now { body.problems.add("expires_at", "in_the_past", "It is over.") }
            return end
        } catch {
            body.problems.add(
                "expires_at", "bad_time",
                "It takes a time with its zone, as in 2026-11-20T15:30:06Z.")
            return nil
        }
    }

    private static func networks(_ body: inout BodyReader) -> [IPNetwork] {
        guard let texts = body.texts("addresses") else { return [] }
        if texts.count > APIKeyDraft.networkLimit {
            body.problems.add(
                "addresses", "too_many", "It takes at most \(APIKeyDraft.networkLimit) addresses.")
            return []
        }
        var networks: [IPNetwork] = []
        for (index, text) in texts {
            if let network = IPNetwork(text) {
                networks.append(network)
            } else {
                body.problems.add(
                    "addresses[\(index)]", "bad_address", "It takes \(IPNetwork.rule).")
            }
        }
        return networks
    }
}
