package import Domain
private import Security

/// The rules by which a message's key is computed from its names.
///
/// The same names always give the same key, without a query: the receiver of reports, the look-up
/// by provider's id and the queue all use this.
package enum MessageKey {
    /// - Parameters:
    ///   - provider: whose name it is; equal names at two providers are two messages.
    ///   - providerMessageID: its name of the message, as given.
    /// - Returns: where the sender chooses the name, a UUID of version 7 is one of ours and is the key
    ///   itself. Everything else is the SHA-256 of provider, line feed and name in the canonical
    ///   spelling, as a version 8 UUID.
    package static func derive(provider: Provider, providerMessageID: String) -> MessageID {
        derive(provider: provider, canonicalName: provider.canonical(providerMessageID))
    }

    /// The same from a name in the canonical spelling.
    static func derive(provider: Provider, canonicalName: String) -> MessageID {
        var name = canonicalName
        return name.withUTF8 { derive(provider, UnsafeRawBufferPointer($0)) }
    }

    /// The key of a message that we send: it follows from its send request and its recipient.
    ///
    /// So a callback URL with the send request's id, together with the recipient in a signed body,
    /// names the message without a query.
    ///
    /// - Parameters:
    ///   - sendRequest: version 7; the key is of the same millisecond.
    ///   - recipient: no send request has one twice.
    /// - Returns: version 7, its other bits from the SHA-256 of the send request's sixteen bytes
    ///   and the number's digits.
    package static func derive(sendRequest: SendRequestID, recipient: PhoneNumber) -> MessageID {
        var text: [UInt8] = []
        text.reserveCapacity(31)
        for word in [sendRequest.high, sendRequest.low] {
            withUnsafeBytes(of: word.bigEndian) { text.append(contentsOf: $0) }
        }
        text.append(contentsOf: recipient.digits.utf8)
        return MessageID.new(atMillisecondOf: sendRequest, digest: SHA256.digest(of: text).bytes)
    }

    /// The same as `derive(provider:providerMessageID:)` from UTF-8 bytes in the canonical
    /// spelling, for a parser that has not made a text of them.
    static func derive(_ provider: Provider, _ name: UnsafeRawBufferPointer) -> MessageID {
        if provider.takesOurID, let ours = ours(name) { return ours }
        return derive(ofProviderNamed: provider.name, name)
    }

    /// The key of a name that is not a key itself; no two providers have keys in common.
    static func derive(
        ofProviderNamed provider: String, _ name: UnsafeRawBufferPointer
    ) -> MessageID {
        var provider = provider
        let digest = provider.withUTF8 { provider in
            let count = provider.count + 1
            return withUnsafeTemporaryAllocation(
                byteCount: count + name.count, alignment: 1
            ) { buffer in
                buffer.copyMemory(from: UnsafeRawBufferPointer(provider))
                buffer[count - 1] = UInt8(ascii: "\n")
                UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: name)
                return SHA256.digest(of: UnsafeRawBufferPointer(buffer))
            }
        }
        // The same as `MessageID.derived(fromDigest: digest.bytes)`, which is generic and, called
        // from another module, takes 1.7 µs; a test compares the two.
        return MessageID(
            high: digest.words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: digest.words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    private static func ours(_ name: UnsafeRawBufferPointer) -> MessageID? {
        // Most foreign names fail here, before they are read as a whole.
        guard name.count == 36, name[14] == UInt8(ascii: "7"),
            let id = MessageID(utf8InAnyCase: name), id.isOurs
        else { return nil }
        return id
    }
}
