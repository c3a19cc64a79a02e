/// Why a request's body could not be read; the exchange can still be answered.
///
/// After any of these the connection is closed once the answer is written, because its records may
/// be out of step.
package enum BodyError: Error, Sendable, Equatable {
    /// The body, or what CONTENT_LENGTH says, is beyond the limit, in bytes.
    case tooLarge(limit: Int)
    /// CONTENT_LENGTH is not a decimal number.
    case malformedLength
    /// The body ended cleanly, but before or after CONTENT_LENGTH.
    case lengthMismatch
    /// The body was read before, or the exchange was answered.
    case unavailable
}
