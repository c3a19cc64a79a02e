package import Domain
private import Security
private import Synchronization

/// What a ticket admits to.
package struct LiveTicket: Sendable, Equatable {
    package let subject: Subject
    /// In whole seconds.
    package let expiresAt: Timestamp

    package enum Subject: Sendable, Equatable {
        case message(MessageID)
        case sendRequest(SendRequestID)

        fileprivate var word: (kind: UInt8, high: UInt64, low: UInt64) {
            switch self {
            case .sendRequest(let id): (1, id.high, id.low)
            case .message(let id): (2, id.high, id.low)
            }
        }
    }
}

/// Makes and reads tickets: `wbt_` and 78 characters of base64url, which name a message or a send
/// request and an end, signed by HMAC-SHA256. Nothing of them is stored, and none is ever logged.
///
/// The ticket of one thing is the same whenever it is made, so that a repeated answer has the bytes
/// of the first one, though no ticket is kept with it. Any thread.
package final class TicketSigner: Sendable {
    /// How long a ticket is good for, from the send request on.
    package static let validity: Duration = .seconds(3600)
    private static let prefix = "wbt_"
    /// Of the form of the signed bytes.
    private static let version: UInt8 = 1
    private static let payloadBytes = 26

    private let secrets: any SigningSecrets
    private let known = Mutex<HMACKey?>(nil)

    package init(_ secrets: any SigningSecrets) { self.secrets = secrets }

    /// Reads the secret, if it is not known yet; afterwards `ticket` and `read` do not fail.
    package func prepare() throws(StoreFailure) { _ = try key() }

    /// The ticket of a message or a send request that we have made.
    ///
    /// - Throws: `StoreFailure` if the secret is not known yet and the database does not answer.
    package func ticket(for subject: LiveTicket.Subject) throws(StoreFailure) -> String {
        let (kind, high, low) = subject.word
        // Both ids begin with the time of the send request, in milliseconds.
        let end = (high >> 16) / 1000 + UInt64(Self.validity.components.seconds)
        var payload = [Self.version, kind]
        for word in [high, low, end] {
            for shift in stride(from: 56, through: 0, by: -8) {
                payload.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        let code = try key().code(for: payload)
        return Self.prefix + Base64.encode(payload + code, alphabet: .url)
    }

    /// What a ticket admits to; nil unless we have signed it. It may be past its end.
    ///
    /// - Throws: as `ticket(for:)`.
    package func read(_ text: String) throws(StoreFailure) -> LiveTicket? {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64.decode(
                Array(text.utf8.dropFirst(Self.prefix.utf8.count)), alphabet: .url),
            bytes.count == Self.payloadBytes + HMACKey.Algorithm.sha256.byteCount
        else { return nil }
        let payload = Array(bytes.prefix(Self.payloadBytes))
        let code = Array(bytes.dropFirst(Self.payloadBytes))
        guard try key().isValid(code, for: payload), payload[0] == Self.version else { return nil }
        let words = (0..<3).map { word in
            payload[(2 + word * 8)..<(10 + word * 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let subject: LiveTicket.Subject
        switch payload[1] {
        case 1: subject = .sendRequest(SendRequestID(high: words[0], low: words[1]))
        case 2: subject = .message(MessageID(high: words[0], low: words[1]))
        default: return nil
        }
        guard words[2] < 1 << 40 else { return nil }
        return LiveTicket(
            subject: subject, expiresAt: Timestamp(microseconds: Int64(words[2]) * 1_000_000))
    }

    private func key() throws(StoreFailure) -> HMACKey {
        if let key = known.withLock({ $0 }) { return key }
        let bytes = try secrets.secret(for: .ticket)
        guard let secret = Secret(bytes), let key = try? HMACKey(secret) else {
            throw StoreFailure(.failed, "tickets cannot be signed")
        }
        known.withLock { $0 = key }
        return key
    }
}
