import Domain
import Providers

/// One callback as a provider would post it: a made-up message that was delivered just now.
struct ProbeCallback {
    /// Recognisable in the database and in answers.
    let messageID: String
    let provider: Provider
    /// The method that authenticates it, named as in `/v1/status`: `basic`, `header`, `url token`,
    /// `hmac`, `v3`.
    let method: String
    /// Appended to the base URL.
    let path: String
    /// Appended to the path, with its question mark; may hold a secret.
    let query: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// What must be read back.
    static let status = Status.delivered
    /// From the range that Ofcom reserves for films: no phone has it.
    private static let recipient = "447700900000"

    /// - Parameters:
    ///   - settings: the settings that sign it.
    ///   - identifier: a UUID of this probe's own.
    ///   - now: when the message is said to have been delivered.
    /// - Throws: `CommandFailure` if libcrypto cannot sign.
    init(
        _ settings: ProbeSettings, identifier: String, at now: Timestamp = .now
    ) throws(CommandFailure) {
        messageID = "waybill-probe-\(identifier)"
        provider = settings.provider
        path = provider.callbackPath
        // To the millisecond, which is all that some formats hold.
        let time = Timestamp(microseconds: now.microseconds / 1000 * 1000).description.dropLast()
        let message = ProbeMessage(
            id: messageID, recipient: Self.recipient, time: String(time), url: settings.url,
            path: path)
        guard let signed = settings.receiving.probe(message) else {
            throw CommandFailure("this machine's libcrypto does not offer what signs a callback")
        }
        method = signed.method
        query = signed.query
        headers = signed.headers
        body = signed.body
    }
}
