import Foundation
import JSON

/// The body of a sending request. Source: providers.md, B.1.
struct PlivoSendBody {
    let sender: String?
    /// Digits, each once, in the order in which they were named.
    let recipients: [String]
    /// Recipients that are not numbers, as they were written.
    let invalid: [String]
    let text: String
    let url: String?
    let usesGet: Bool
    /// How long delivery is tried, if it says so.
    let expiry: Duration?

    /// The most recipients, each counted once.
    private static let recipientLimit = 1_000
    /// Of `message_expiry`, in seconds.
    private static let expiries = 5...10_799

    private struct Body {
        let src: String?
        let powerpack_uuid: String?
        let dst: String?
        let text: String?
        let url: String?
        let method: String?
        let message_expiry: Int?

        init(_ json: JSONValue) throws(RequestProblem) {
            src = try json.string("src")
            powerpack_uuid = try json.string("powerpack_uuid")
            dst = try json.string("dst")
            text = try json.string("text")
            url = try json.string("url")
            method = try json.string("method")
            message_expiry = try json.integer("message_expiry")
        }
    }

    init(_ body: [UInt8]) throws(RequestProblem) {
        guard let json = try? JSONValue(strict: body, limits: .simulator),
            let body = try? Body(json)
        else { throw RequestProblem("invalid JSON") }
        switch (body.src, body.powerpack_uuid) {
        case (nil, nil): throw RequestProblem("either src or powerpack_uuid must be given")
        case (.some, .some): throw RequestProblem("only one of src and powerpack_uuid may be given")
        default: sender = body.src
        }
        guard let destination = body.dst, !destination.isEmpty else {
            throw RequestProblem("dst parameter not present")
        }
        guard let text = body.text, !text.isEmpty else {
            throw RequestProblem("text parameter not present")
        }
        self.text = text
        url = body.url.flatMap { $0.isEmpty ? nil : $0 }
        if let seconds = body.message_expiry, !Self.expiries.contains(seconds) {
            throw RequestProblem("message_expiry must be between 5 and 10799")
        }
        expiry = body.message_expiry.map { .seconds($0) }
        switch body.method?.uppercased() {
        case nil, "POST": usesGet = false
        case "GET": usesGet = true
        default: throw RequestProblem("method must be GET or POST")
        }
        var seen: Set<String> = []
        var recipients: [String] = []
        var invalid: [String] = []
        for word in destination.split(separator: "<") {
            let digits = String(word.filter { !"/-.+() ".contains($0) })
            guard (5...15).contains(digits.utf8.count),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else {
                invalid.append(String(word))
                continue
            }
            if seen.insert(digits).inserted { recipients.append(digits) }
        }
        guard recipients.count <= Self.recipientLimit else {
            throw RequestProblem("dst takes at most \(Self.recipientLimit) numbers")
        }
        self.recipients = recipients
        self.invalid = invalid
    }
}
