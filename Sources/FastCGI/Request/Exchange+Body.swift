internal import Synchronization

extension Exchange {
    /// `CONTENT_LENGTH` in bytes: 0 when absent or empty, nil when it is not a decimal number.
    package var contentLength: Int? {
        guard let text = parameter("CONTENT_LENGTH"), !text.isEmpty else { return 0 }
        // Eighteen digits fit an Int; `Int("+1")` and `Int("-1")` would pass.
        guard text.utf8.count <= 18,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// Gives the whole body, once.
    ///
    /// Never blocks: a request is handed on when all of it is there. The array is the one that the
    /// body was received into.
    ///
    /// - Parameter limit: The most bytes to take.
    /// - Returns: As many bytes as CONTENT_LENGTH says; without one, all that came before the end
    ///   of the input, which nginx marks only when its client has sent everything.
    /// - Throws: `bodyTooLarge`, also for a body beyond the listener's `bodyBytes`;
    ///   `malformedLength` or `lengthMismatch` for a bad peer; `bodyUnavailable` for a second call or
    ///   after the answer. The exchange must still be answered; the connection is closed afterwards,
    ///   because its records may be out of step.
    package func readBody(limit: Int) throws(FastCGIError) -> [UInt8] {
        let length = contentLength
        // nginx cannot tell the length of a chunked body that it passes on as it comes.
        let isTold = parameter("CONTENT_LENGTH") != nil
        let result = state.withLock { state -> Result<[UInt8], FastCGIError> in
            do throws(FastCGIError) {
                return .success(
                    try state.takeBody(length: length, isTold: isTold, limit: limit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
