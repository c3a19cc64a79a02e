import Domain
import FastCGI
import Security

@testable import Web

extension FuzzTarget {
    /// A cursor is one of this list and filter, or is refused.
    ///
    /// The first byte says whether the rest is a cursor's text, or a position to be signed.
    static let cursor = FuzzTarget(
        name: "cursor", seeds: cursors.keys.sorted().map { [0] + Array($0.utf8) } + [[1, 9, 9]],
        words: ["=", "-", "_", "+", "/", " ", "%00", "\0", "é", "A", "AAAA"],
        check: { input in
            let rest = Array(input.dropFirst())
            if (input.first ?? 0) & 1 == 1 {
                guard !rest.isEmpty, rest.count < 4096 else { return false }
                let text = try cursorSigner.cursor(rest, list: "messages", filter: [1])
                let position = try cursorSigner.position(text, list: "messages", filter: [1])
                try FuzzFinding.unless(position == rest, "it comes back as another position")
                // No other list takes it.
                return try !isRead(text, list: "audit", filter: [1])
                    && !isRead(text, list: "messages", filter: [])
            }
            let text = String(decoding: rest, as: UTF8.self)
            let accepted = try isRead(text, list: "messages", filter: [])
            try FuzzFinding.unless(
                accepted == (cursors[text] != nil), accepted ? "nobody made it" : "it was made")
            return accepted
        })

    /// A ticket is one that was made, or none. The first byte as above.
    static let ticket = FuzzTarget(
        name: "ticket",
        seeds: tickets.keys.sorted().map { [0] + Array($0.utf8) }
            + [[1, 1, 2] + [UInt8](repeating: 0, count: 24)],
        words: ["wbt_", "=", "-", "_", "+", "/", " ", "\0", "é", "AAAA"],
        check: { input in
            let rest = Array(input.dropFirst())
            if (input.first ?? 0) & 1 == 1 {
                // Signed, whatever it is: what a leaked secret or another version would send.
                guard let secret = Secret(try FixedSecrets().secret(for: .ticket)) else {
                    throw FuzzFinding("no secret")
                }
                let code = try HMACKey(secret).code(for: rest)
                let text = "wbt_" + Base64.encode(rest + code, alphabet: .url)
                guard let read = try ticketSigner.read(text) else { return false }
                try FuzzFinding.unless(
                    rest.count == 26 && rest[0] == 1 && (1...2).contains(rest[1])
                        && read.expiresAt.microseconds >= 0, "it is read as \(read)")
                return true
            }
            let text = String(decoding: rest, as: UTF8.self)
            let read = try ticketSigner.read(text)
            try FuzzFinding.unless(
                read == tickets[text], "it is read as \(String(describing: read))")
            return read != nil
        })

    /// `Last-Event-ID`: digits that are the number, or none.
    static let eventPlace = FuzzTarget(
        name: "last-event-id", seeds: ["0", "1", "42", "9999999999999999"].map { Array($0.utf8) },
        words: numberWords,
        check: { input in
            let text = String(decoding: input, as: UTF8.self)
            let isPlace =
                (1...16).contains(text.utf8.count)
                && text.utf8.allSatisfy { (48...57).contains($0) }
            let expected = isPlace ? Int64(text).map(ChangeSequence.init(rawValue:)) : nil
            try FuzzFinding.unless(EventText.sequence(text) == expected, "it is read as another")
            return isPlace
        })

    /// The header `Cookie`.
    static let cookie = FuzzTarget(
        name: "cookie",
        seeds: [
            Array("__Host-waybill=\(token)".utf8),
            Array("a=b; __Host-waybill=\(token); c".utf8),
            Array("__Host-waybill=\(token); __Host-waybill=\(token)".utf8),
        ],
        words: ["__Host-waybill", "=", ";", "; ", " ", "\t", "\"", ",", token],
        check: { input in
            let text = String(decoding: input, as: UTF8.self)
            switch SessionCookie.find(in: text) {
            case .none, .unreadable: return false
            case .token(let found):
                try FuzzFinding.unless(
                    text.contains("__Host-waybill") && text.contains(found.revealed)
                        && found.revealed.utf8.count == 43, "a token that did not come")
                return true
            }
        })

    private static let token = String(repeating: "A", count: 43)
    private static let cursorSigner = CursorSigner(FixedSecrets())
    private static let ticketSigner = TicketSigner(FixedSecrets())

    private static let cursors: [String: [UInt8]] = {
        var made: [String: [UInt8]] = [:]
        for position in [[1], Array(1...20), Array(repeating: 255, count: 64)] as [[UInt8]] {
            if let text = try? cursorSigner.cursor(position, list: "messages", filter: []) {
                made[text] = position
            }
        }
        return made
    }()

    private static let tickets: [String: LiveTicket] = {
        var made: [String: LiveTicket] = [:]
        let high: UInt64 = 1_795_000_000_000 << 16 | 0x7000
        for subject in [
            .message(MessageID(high: high, low: 1 << 63 | 5)),
            .sendRequest(SendRequestID(high: high, low: 1 << 63 | 6)),
        ] as [LiveTicket.Subject] {
            if let text = try? ticketSigner.ticket(for: subject) {
                made[text] = LiveTicket(
                    subject: subject, expiresAt: Timestamp(microseconds: 1_795_003_600_000_000))
            }
        }
        return made
    }()

    /// Whether a cursor is taken; one that is not must be refused as the client's mistake.
    private static func isRead(_ text: String, list: String, filter: [UInt8]) throws -> Bool {
        do throws(Problem) {
            let position = try cursorSigner.position(text, list: list, filter: filter)
            return cursors[text].map { $0 == position } ?? true
        } catch {
            try FuzzFinding.unless(
                error.status.code == 400 && error.code == "bad_query", "it is \(error.code)")
            return false
        }
    }
}

/// Secrets that are the same in every run.
private struct FixedSecrets: SigningSecrets {
    func secret(for purpose: SigningPurpose) throws(StoreFailure) -> [UInt8] {
        Array(repeating: UInt8(purpose.rawValue.utf8.count), count: 32)
    }
}
