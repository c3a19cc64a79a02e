import Domain
private import Security

extension MessageKey {
    /// The key that a message has if its send request sent it to exactly this recipient.
    ///
    /// A provider may return another spelling of the number than it got, so this key names a
    /// message only if one exists under it (see `Report.sendRequest`).
    ///
    /// - Parameters:
    ///   - sendRequest: the id in the URL that was called.
    ///   - recipient: as the provider wrote it.
    /// - Returns: that of `derive(sendRequest:recipient:)` for a number, and for all else one that
    ///   no message has.
    static func supposed(sendRequest: SendRequestID, recipient: String) -> MessageID {
        if let number = try? PhoneNumber(recipient) {
            return derive(sendRequest: sendRequest, recipient: number)
        }
        let text = Array("\(sendRequest)?\(recipient)".utf8)
        return .new(atMillisecondOf: sendRequest, digest: SHA256.digest(of: text).bytes)
    }
}
