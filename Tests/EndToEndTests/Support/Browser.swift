import Foundation
import Synchronization

/// A page of the site in a browser: it keeps the cookie, and says where its requests come from.
final class Browser: Sendable {
    private let client: TestClient
    private let host: String
    private let cookie = Mutex<String?>(nil)

    init(_ client: TestClient, host: String = "127.0.0.1") {
        self.client = client
        self.host = host
    }

    /// The cookie as it is sent; nil without one.
    var sent: String? { cookie.withLock { $0 } }

    /// - Parameters:
    ///   - method: anything; a body is JSON.
    ///   - path: with its query.
    ///   - body: JSON.
    ///   - headers: others than a page of the site sends, or more; an empty value leaves one out.
    /// - Returns: the answer, whose cookie is kept.
    /// - Throws: `ConnectionFailure`.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
    ) throws -> HTTPAnswer {
        var all = ["Sec-Fetch-Site": "same-origin", "Origin": "https://\(host):\(client.port)"]
        if let sent { all["Cookie"] = sent }
        if body != nil { all["Content-Type"] = "application/json" }
        all.merge(headers) { $1 }
        let answer = try client.send(
            HTTPRequest(
                method: method, path: path, host: host,
                headers: all.filter { !$0.value.isEmpty }.map { ($0.key, $0.value) },
                body: Array((body ?? "").utf8)))
        for line in answer.all("set-cookie") where line.hasPrefix("__Host-waybill=") {
            let pair = String(line.prefix { $0 != ";" })
            cookie.withLock { $0 = pair.hasSuffix("=") ? nil : pair }
        }
        return answer
    }

    func signIn(_ email: String, _ password: String, code: String? = nil) throws -> HTTPAnswer {
        let code = code.map { #","code":"\#($0)""# } ?? ""
        return try send(
            "POST", "/v1/session", #"{"email":"\#(email)","password":"\#(password)"\#(code)}"#)
    }
}

extension RunningDemo {
    /// A browser in which the demo's admin has signed in.
    func admin() throws -> Browser {
        let browser = Browser(client)
        let answer = try browser.signIn(document.user.email, document.user.password)
        guard answer.status == 200 else { throw ConnectionFailure("signing in: \(answer.text)") }
        return browser
    }

    static let password = "five quiet hedgehogs"

    /// A new user of a role, with the password above.
    func makeUser(_ role: String, by admin: Browser) throws -> (id: String, email: String) {
        let email = "\(uniqueName(role))@example.com"
        let made = try admin.send(
            "POST", "/v1/users", #"{"email":"\#(email)","role":"\#(role)"}"#)
        let answer = try JSON(made)
        guard let id = answer["user"]["id"].string, let token = answer["link"]["token"].string
        else { throw ConnectionFailure("making a user: \(made.text)") }
        let chosen = try Browser(client).send(
            "POST", "/v1/password", #"{"token":"\#(token)","password":"\#(Self.password)"}"#)
        guard chosen.status == 200 else {
            throw ConnectionFailure("choosing a password: \(chosen.text)")
        }
        return (id, email)
    }

    /// A browser of a new user of a role.
    func browser(_ role: String, by admin: Browser) throws -> Browser {
        let user = try makeUser(role, by: admin)
        let browser = Browser(client)
        let answer = try browser.signIn(user.email, Self.password)
        guard answer.status == 200 else { throw ConnectionFailure("signing in: \(answer.text)") }
        return browser
    }
}
