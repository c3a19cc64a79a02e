import Domain
import Security

@testable import JSON
@testable import Providers

extension FuzzTarget {
    /// Lines `Name: value`, an empty one, and the body: a callback that nobody but who knows the
    /// secrets may pass for Infobip's.
    static let infobipSignature = FuzzTarget(
        name: "infobip-signature",
        seeds: [
            Array("Authorization: Basic dXNlcjpwYXNzd29yZA==\n\n{}".utf8),
            Array("X-Webhook-Secret: header secret\n\n{}".utf8),
            signed(Array(#"{"results":[]}"#.utf8)),
        ],
        words: [
            "Authorization", "X-Webhook-Secret", "X-Hub-Signature", ": ", ", ", "Basic ", "sha256=",
            "sha1=", "=", "\n", "dXNlcjpwYXNzd29yZA==",
        ],
        check: { input in
            let (request, headers) = request(input, uri: "/callbacks/infobip")
            guard let webhook = infobip else { throw FuzzFinding("no webhook") }
            let verification: Verification
            do throws(Refusal) {
                verification = try webhook.authenticate(request)
            } catch { return false }
            let values = headers.values.joined(separator: "\n")
            let isMeant =
                switch verification.method {
                case "basic": values.contains("dXNlcjpwYXNzd29yZA==")
                case "header": values.contains("header secret")
                default: request.body == Array(#"{"results":[]}"#.utf8)
                }
            try FuzzFinding.unless(isMeant, "\(verification) without the secret")
            return true
        })

    /// The same with the URI in a first line, for Plivo's signature V3.
    static let plivoSignature = FuzzTarget(
        name: "plivo-signature",
        seeds: plivoSeeds.map { Array("\($0.uri)\n".utf8) + $0.rest },
        words: [
            "X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3", "X-Plivo-Signature-V3-Nonce",
            "X-Plivo-Signature-V2", ": ", ", ", "\n", "?", "&", "=", ".", "%41", "+",
        ],
        check: { input in
            let line = input.prefix { $0 != UInt8(ascii: "\n") }
            let uri = String(decoding: line, as: UTF8.self)
            let (request, headers) = request(Array(input.dropFirst(line.count + 1)), uri: uri)
            guard let webhook = plivo else { throw FuzzFinding("no webhook") }
            do throws(Refusal) { _ = try webhook.authenticate(request) } catch { return false }
            guard let form = FormReader(request.body) else { throw FuzzFinding("no form") }
            // One of the nonces that came makes the text that was signed.
            let nonces = headers["X-PLIVO-SIGNATURE-V3-NONCE"].map(HeaderText.candidates) ?? []
            let texts = nonces.compactMap { PlivoSignature.v3(uri: uri, form: form, nonce: $0) }
            try FuzzFinding.unless(
                texts.contains(where: signedTexts.contains), "accepted, and signed by nobody")
            return true
        })

    /// The reports of an authenticated callback, or one malformation.
    static let infobipBody = FuzzTarget(
        name: "infobip-body",
        seeds: ["infobip-v3.json", "infobip-delivered.json", "infobip-undeliverable.json"]
            .map(sample),
        words: numberWords + [
            "\"", "\\u0000", "\\ud800", "null", "{}", "[]", ",", ":", "\"messageId\":",
            "\"results\":[", "\"doneAt\":", "\"status\":{", "\"groupId\":3", "T", "Z", "+0000",
        ],
        check: { input in
            guard let webhook = infobip else { throw FuzzFinding("no webhook") }
            return try reports(webhook, input, contentType: "application/json")
        })

    /// The same of Plivo's forms.
    static let plivoBody = FuzzTarget(
        name: "plivo-body",
        seeds: ["plivo-delivered.form", "plivo-failed.form", "plivo-sent.form"].map(sample),
        words: numberWords + ["%", "%00", "&", "=", "+", "MessageUUID=", "Status=", "ErrorCode="],
        check: { input in
            guard let webhook = plivo else { throw FuzzFinding("no webhook") }
            return try reports(
                webhook, input, contentType: "application/x-www-form-urlencoded")
        })

    private static let infobip: InfobipWebhook? = {
        guard let password = Secret("password"), let header = Secret("header secret"),
            let key = try? HMACKey(password)
        else { return nil }
        return InfobipWebhook(
            .init(basic: [("user", password)], headerSecrets: [header], hmacKeys: [key]))
    }()

    private static let plivo = Secret("token").flatMap {
        PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [$0]))
    }

    private static let plivoSeeds: [(uri: String, rest: [UInt8], text: [UInt8])] = {
        let uris = ["/callbacks/plivo", "/callbacks/plivo?b=2&a=1%20x"]
        return uris.compactMap { uri in
            let body = sample("plivo-sent.form")
            guard let token = Secret("token"), let form = FormReader(body),
                let text = PlivoSignature.v3(uri: uri, form: form, nonce: "123"),
                let value = PlivoWebhook.signatureV3(
                    baseURL: "https://x", uri: uri, body: body, nonce: "123", token: token)
            else { return nil }
            let head =
                "X-Plivo-Signature-V3: \(value)\nX-Plivo-Signature-V3-Nonce: 123\n\n"
            return (uri, Array(head.utf8) + body, text)
        }
    }()

    private static let signedTexts = Set(plivoSeeds.map(\.text))

    private static func signed(_ body: [UInt8]) -> [UInt8] {
        guard let secret = Secret("password"), let key = try? HMACKey(secret) else { return [] }
        return Array("X-Hub-Signature: \(Hexadecimal.encode(key.code(for: body)))\n\n".utf8) + body
    }

    /// A request out of lines of headers and a body, and its headers by their names in capitals.
    private static func request(
        _ input: [UInt8], uri: String
    ) -> (CallbackRequest, [String: String]) {
        var rest = input[...]
        var headers: [String: String] = [:]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            guard let colon = line.firstRange(of: ": ") else { continue }
            headers[line[..<colon.lowerBound].uppercased()] = String(line[colon.upperBound...])
        }
        let request = CallbackRequest(uri: uri, sendRequest: nil, body: Array(rest)) { name in
            headers[name.description.uppercased()]
        }
        return (request, headers)
    }

    /// Parses a body twice, with the same result, whose texts PostgreSQL can hold.
    private static func reports(
        _ webhook: some WebhookProvider, _ body: [UInt8], contentType: String
    ) throws -> Bool {
        let time = Timestamp(microseconds: 1_795_000_000_000_000)
        let callback = ReceivedCallback(
            id: CallbackID(high: 1, low: 2), provider: webhook.provider, uri: "",
            contentType: contentType, receivedAt: time, body: body)
        let first = Result { () throws(Malformation) in try webhook.parse(callback) }
        let again = Result { () throws(Malformation) in try webhook.parse(callback) }
        try FuzzFinding.unless(first == again, "it is not the same twice")
        guard case .success(let parsed) = first else { return false }
        for report in parsed.reports {
            let texts = [
                report.providerMessageID, report.recipient, report.sender, report.bulkID,
                report.callbackData, report.network, report.attributes, report.price?.currency,
                report.outcome.statusName, report.outcome.errorName,
            ]
            try FuzzFinding.unless(
                !texts.contains { $0?.utf8.contains(0) ?? false }, "a text holds NUL")
            try FuzzFinding.unless(
                (1...200).contains(report.providerMessageID.unicodeScalars.count),
                "the provider's id has \(report.providerMessageID.unicodeScalars.count) characters")
            if let attributes = report.attributes {
                // A name may come twice in what nobody reads; PostgreSQL keeps the last one.
                let value = JSONValue(Array(attributes.utf8))
                try FuzzFinding.unless(
                    value != nil && !attributes.replacing(#"\\"#, with: "").contains(#"\u0000"#),
                    "the attributes are not what PostgreSQL holds")
            }
        }
        return !parsed.reports.isEmpty
    }
}
