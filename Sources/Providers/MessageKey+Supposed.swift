import Domain
private import Security

extension MessageKey {
    /// The key that a message has if its call sent it to exactly this recipient.
    ///
    /// A provider may echo another spelling of the number than it was given, so this key names a
    /// message only if there is one under it (see `Report.call`).
    ///
    /// - Parameters:
    ///   - call: the id in the URL that was called.
    ///   - recipient: as the provider wrote it.
    /// - Returns: that of `derive(call:recipient:)` for a number, and for all else one that no message
    ///   has.
    static func supposed(call: CallID, recipient: String) -> MessageID {
        if let number = try? PhoneNumber(recipient) {
            return derive(call: call, recipient: number)
        }
        let text = Array("\(call)?\(recipient)".utf8)
        return .new(atMillisecondOf: call, digest: SHA256.digest(of: text).bytes)
    }
}
