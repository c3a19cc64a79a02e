import Foundation
import Testing

/// A sample body of a provider's, byte for byte.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }
}

/// Bodies as Infobip sends them.
enum InfobipBody {
    /// One result.
    static func result(
        _ id: String, group: Int = 3, doneAt: String = "2026-11-20T09:15:04.913+0000",
        extra: String = ""
    ) -> String {
        let names = ["ACCEPTED", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED"]
        let ids = [0, 7, 9, 5, 15, 8]
        return """
            {"messageId":"\(id)","to":"447700900123","doneAt":"\(doneAt)","status":\
            {"groupId":\(group),"groupName":"\(names[group])","id":\(ids[group]),\
            "name":"STATUS_\(ids[group])"}\(extra)}
            """
    }

    static func of(_ results: [String]) -> [UInt8] {
        Array(#"{"results":[\#(results.joined(separator: ","))]}"#.utf8)
    }

    static func of(_ ids: String...) -> [UInt8] { of(ids.map { result($0) }) }
}

/// A name that no other test uses.
func uniqueName(_ prefix: String = "e2e") -> String {
    "\(prefix)-\(UUID().uuidString.lowercased())"
}

extension RunningDemo {
    /// Posts to Infobip's path, authenticated by Basic unless other headers are given.
    func infobip(
        _ body: [UInt8], headers: [(name: String, value: String)]? = nil,
        contentType: String? = "application/json", path: String = "/callbacks/infobip"
    ) throws -> HTTPAnswer {
        var all = headers ?? [Signing.basic(document.infobip.user, document.infobip.password)]
        if let contentType { all.append(("Content-Type", contentType)) }
        return try client.send(
            HTTPRequest(method: "POST", path: path, headers: all, body: body))
    }

    /// The request that Plivo would make, signed for the URL that it calls.
    func plivoRequest(
        _ form: String, path: String = "/callbacks/plivo", host: String = "127.0.0.1"
    ) throws -> HTTPRequest {
        let nonce = String(UInt64.random(in: .min ... .max))
        let signature = try Signing.plivoV3(
            url: "https://\(host):\(port)\(path)", form: form, nonce: nonce,
            token: document.plivo.auth_token)
        return HTTPRequest(
            method: "POST", path: path, host: host,
            headers: [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("X-Plivo-Signature-V3", signature), ("X-Plivo-Signature-V3-Nonce", nonce),
            ], body: Array(form.utf8))
    }

    /// Sends a request to the API, with the demo's key unless another one is given; nil sends none.
    func api(
        _ path: String, method: String = "GET", key: String?? = .none
    ) throws -> HTTPAnswer {
        let key = key ?? document.api_key
        return try client.send(
            HTTPRequest(
                method: method, path: path,
                headers: key.map { [("Authorization", "Bearer \($0)")] } ?? []))
    }

    /// The message of this name, as the API shows it; nil if it says 404.
    func message(_ name: String, provider: String = "infobip") throws -> JSON? {
        let answer = try api("/v1/messages?provider=\(provider)&provider_message_id=\(name)")
        if answer.status == 404 { return nil }
        #expect(answer.status == 200, "\(answer.text)")
        return try JSON(answer)
    }

    /// The status of the message of this name.
    func status(_ name: String, provider: String = "infobip") throws -> String? {
        try message(name, provider: provider)?["status"].string
    }
}

/// A JSON value, read member by member; what is not there is null.
struct JSON {
    private let value: Any?

    init(_ answer: HTTPAnswer) throws {
        value = try JSONSerialization.jsonObject(with: Data(answer.body))
    }

    init(line: some StringProtocol) throws {
        value = try JSONSerialization.jsonObject(with: Data(line.utf8))
    }

    private init(_ value: Any?) { self.value = value }

    subscript(name: String) -> JSON { JSON((value as? [String: Any])?[name]) }
    subscript(index: Int) -> JSON { array.indices.contains(index) ? array[index] : JSON(nil) }

    var names: Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
    var array: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var string: String? { value as? String }
    var int: Int? { (value as? NSNumber)?.intValue }
    var double: Double? { (value as? NSNumber)?.doubleValue }
    var bool: Bool? { value as? Bool }
    var isNull: Bool { value == nil || value is NSNull }
    var isObject: Bool { value is [String: Any] }
}

/// Checks that an answer is a problem as RFC 9457 has it, with our members.
func expectProblem(
    _ answer: HTTPAnswer, _ status: Int, _ code: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(answer["content-type"] == "application/problem+json", sourceLocation: sourceLocation)
    guard let problem = try? JSON(answer) else {
        Issue.record("no JSON: \(answer.text)", sourceLocation: sourceLocation)
        return
    }
    #expect(problem["code"].string == code, sourceLocation: sourceLocation)
    #expect(problem["status"].int == status, sourceLocation: sourceLocation)
    #expect(problem["type"].string == "about:blank", sourceLocation: sourceLocation)
    #expect(problem["title"].string?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(problem["detail"].string?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(problem["request_id"].string?.count == 32, sourceLocation: sourceLocation)
    #expect(problem["request_id"].string == answer["x-request-id"], sourceLocation: sourceLocation)
    expectCommonHeaders(answer, sourceLocation: sourceLocation)
}

/// Checks what nginx adds to every answer: each header once.
func expectCommonHeaders(
    _ answer: HTTPAnswer, sourceLocation: SourceLocation = #_sourceLocation
) {
    for (name, value) in [
        ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=63072000"), ("referrer-policy", "no-referrer"),
    ] {
        #expect(answer.all(name) == [value], "\(name)", sourceLocation: sourceLocation)
    }
    #expect(answer.all("x-request-id").count == 1, sourceLocation: sourceLocation)
    #expect(answer.all("server") == ["nginx"], sourceLocation: sourceLocation)
}
