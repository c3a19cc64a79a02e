import Foundation
import TestSupport
import Testing

@Suite("Who is authenticated", .timeLimit(.minutes(10)))
struct AuthenticationTests {
    /// How a callback of Infobip's is authenticated.
    enum Proof: String, CaseIterable {
        case basic, header, hmacPrefixed, hmacHex, hmacBase64

        func headers(_ body: [UInt8], _ demo: RunningDemo) throws -> [(name: String, value: String)]
        {
            let infobip = demo.document.infobip
            let code = try Signing.hmac(body, infobip.hmac_secret)
            let hex = code.map { String(format: "%02x", $0) }.joined()
            return switch self {
            case .basic: [Signing.basic(infobip.user, infobip.password)]
            case .header: [(infobip.header_name, infobip.header_secret)]
            case .hmacPrefixed: [("X-Hub-Signature", "SHA256=" + hex)]
            case .hmacHex: [("X-Hub-Signature", hex.uppercased())]
            case .hmacBase64: [("X-Hub-Signature", Data(code).base64EncodedString())]
            }
        }
    }

    @Test("Infobip is authenticated by each of its methods", arguments: Proof.allCases)
    func authenticated(proof: Proof) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let body = InfobipBody.of(name)
        #expect(try demo.infobip(body, headers: proof.headers(body, demo)).status == 200)
        #expect(try demo.status(name) == "delivered")
    }

    @Test("Infobip's wrong credentials get 401, and nothing is stored", arguments: Proof.allCases)
    func refused(proof: Proof) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let body = InfobipBody.of(name)
        let headers = try proof.headers(body, demo).map { header in
            // Another body for the HMACs, another last character for the others.
            proof.rawValue.hasPrefix("hmac")
                ? (header.name, header.value) : (header.name, header.value.dropLast() + "~")
        }
        let sent = proof.rawValue.hasPrefix("hmac") ? body + [0x20] : body
        let answer = try demo.infobip(sent, headers: headers)
        let code = proof.rawValue.hasPrefix("hmac") ? "wrong_signature" : "wrong_credentials"
        expectProblem(answer, 401, code)
        #expect(answer["www-authenticate"]?.hasPrefix("Basic ") == true)
        try expectNothing(about: name, demo)
    }

    @Test(
        "Infobip without any credentials gets 401",
        arguments: [
            [], [("Authorization", "Bearer x")], [("X-Hub-Signature", "")],
            [("Authorization", "Basic ====")], [("X-Webhook-Secret", "")],
        ] as [[(name: String, value: String)]])
    func absent(headers: [(name: String, value: String)]) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let answer = try demo.infobip(InfobipBody.of(name), headers: headers)
        #expect(answer.status == 401)
        #expect(try JSON(answer)["code"].string?.isEmpty == false)
        try expectNothing(about: name, demo)
    }

    @Test("Right credentials beside wrong ones suffice")
    func oneOfTwo() throws {
        let demo = try RunningDemo.shared
        let infobip = demo.document.infobip
        let headers = [
            Signing.basic("somebody", "else"), (infobip.header_name, infobip.header_secret),
        ]
        #expect(try demo.infobip(InfobipBody.of(uniqueName()), headers: headers).status == 200)
    }

    /// A part that may have been changed on the way.
    enum Change: String, CaseIterable {
        case signature, body, query, path, nonce, noNonce, noSignature, onlyV2, empty
    }

    @Test("Plivo's changed callbacks get 403, and nothing is stored", arguments: Change.allCases)
    func changed(change: Change) throws {
        let demo = try RunningDemo.shared
        let uuid = uniqueName()
        let form = "MessageUUID=\(uuid)&Status=delivered"
        var request = try demo.plivoRequest(form, path: "/callbacks/plivo?tenant=acme")
        func set(_ name: String, _ value: String?) {
            request.headers.removeAll { $0.name == name }
            if let value { request.headers.append((name, value)) }
        }
        switch change {
        case .signature:
            set("X-Plivo-Signature-V3", Data(repeating: 7, count: 32).base64EncodedString())
        case .body: request.body = Array(form.replacing("delivered", with: "Delivered").utf8)
        case .query: request.path = "/callbacks/plivo?tenant=acmf"
        case .path:
            request.path = "/callbacks/plivo/0193a5b2-7c41-7e02-8d35-0123456789ab?tenant=acme"
        case .nonce: set("X-Plivo-Signature-V3-Nonce", "1")
        case .noNonce: set("X-Plivo-Signature-V3-Nonce", nil)
        case .noSignature:
            set("X-Plivo-Signature-V3", nil)
            set("X-Plivo-Signature-V3-Nonce", nil)
        case .onlyV2:
            set("X-Plivo-Signature-V3", nil)
            set("X-Plivo-Signature-V3-Nonce", nil)
            let url = "https://127.0.0.1:\(demo.port)/callbacks/plivo"
            set(
                "X-Plivo-Signature-V2",
                try Signing.plivoV2(
                    url: url, nonce: "12345", token: demo.document.plivo.auth_token))
            set("X-Plivo-Signature-V2-Nonce", "12345")
        case .empty: set("X-Plivo-Signature-V3", "")
        }
        let code =
            switch change {
            case .noNonce, .noSignature: "missing_signature"
            case .onlyV2: "signature_scheme_not_allowed"
            case .signature, .body, .query, .path, .nonce, .empty: "wrong_signature"
            }
        let answer = try demo.client.send(request)
        #expect(answer.status == 403, "\(answer.text)")
        if change != .empty { expectProblem(answer, 403, code) }
        #expect(try demo.message(uuid, provider: "plivo") == nil)
    }

    @Test("Of several signatures, and of the main account's, one right one suffices")
    func several() throws {
        let demo = try RunningDemo.shared
        let wrong = Data(repeating: 7, count: 32).base64EncodedString()
        for name in ["X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"] {
            var request = try demo.plivoRequest("MessageUUID=\(uniqueName())&Status=sent")
            let right = try #require(request.headers.first { $0.name == "X-Plivo-Signature-V3" })
            request.headers.removeAll { $0.name == "X-Plivo-Signature-V3" }
            request.headers.append((name, "\(wrong), \(right.value)"))
            #expect(try demo.client.send(request).status == 200, "\(name)")
        }
    }

    @Test(
        "The API requires a key",
        arguments: [
            "/v1/status", "/v1/messages?provider=infobip&provider_message_id=x",
            "/v1/messages/0193a5b2-7c41-7e02-8d35-0123456789ab",
            "/v1/messages/0193a5b2-7c41-7e02-8d35-0123456789ab/reports",
        ])
    func keys(path: String) throws {
        let demo = try RunningDemo.shared
        let absent = try demo.api(path, key: .some(nil))
        expectProblem(absent, 401, "missing_key")
        #expect(absent["www-authenticate"]?.hasPrefix("Bearer ") == true)
        let other = demo.document.api_key.dropLast(2) + "xx"
        for key in [String(other), "wb_", "x", "", "wb_ä"] {
            let answer = try demo.api(path, key: key)
            #expect(answer.status == 401, "\(key)")
            #expect(try JSON(answer)["code"].string == "wrong_key")
        }
    }

    @Test("Any number of blanks comes before the key, and ids may be in capitals")
    func spellings() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        #expect(try demo.infobip(InfobipBody.of(name)).status == 200)
        let id = try #require(try demo.message(name)?["id"].string)
        for path in ["/v1/messages/\(id)", "/v1/messages/\(id.uppercased())"] {
            for word in ["Bearer ", "bearer   ", "BEARER          "] {
                let answer = try demo.client.send(
                    HTTPRequest(
                        method: "GET", path: path,
                        headers: [("Authorization", word + demo.document.api_key)]))
                #expect(answer.status == 200, "\(word)\(path)")
                #expect(try JSON(answer)["id"].string == id)
            }
        }
        expectProblem(
            try demo.api("/v1/messages/\(id.uppercased())", method: "DELETE"), 409, "not_ours")
        let uuid = UUID().uuidString.lowercased()
        #expect(
            try demo.client.send(demo.plivoRequest("MessageUUID=\(uuid)&Status=sent")).status
                == 200)
        #expect(try demo.status(uuid.uppercased(), provider: "plivo") == "sent")
    }

    @Test("A key of another scope gets 403, a revoked one 401")
    func scopes() throws {
        let demo = try RunningDemo.shared
        let settings = ["DATABASE_URL": demo.document.database_url]
        let name = uniqueName("key")
        let created = try WaybillProgram.run(
            ["key", "create", "--name", name, "--scope", "read"], settings)
        #expect(created.exit == .status(0), "\(created.errors)")
        let key = created.output.trimmingCharacters(in: .newlines)
        #expect(
            try demo.api("/v1/messages/0193a5b2-7c41-7e02-8d35-0123456789ab", key: key).status
                == 404)
        expectProblem(try demo.api("/v1/status", key: key), 403, "missing_scope")
        let revoked = try WaybillProgram.run(["key", "revoke", "--name", name], settings)
        #expect(revoked.exit == .status(0), "\(revoked.errors)")
        expectProblem(try demo.api("/v1/status", key: key), 401, "wrong_key")
    }

    private func expectNothing(
        about name: String, _ demo: RunningDemo, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try demo.message(name) == nil, sourceLocation: sourceLocation)
        let rows = try demo.count(
            """
            select (select count(*) from callback where position('\(name)'::bytea in body) > 0)
                 + (select count(*) from quarantine where position('\(name)'::bytea in excerpt) > 0)
            """)
        #expect(rows == 0, sourceLocation: sourceLocation)
    }
}
