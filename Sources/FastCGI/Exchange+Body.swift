internal import Synchronization

extension Exchange {
    /// `CONTENT_LENGTH` in bytes: 0 when absent or empty, nothing when it is no decimal number.
    package var contentLength: Int? {
        guard let text = parameter("CONTENT_LENGTH"), !text.isEmpty else { return 0 }
        // Eighteen digits fit an Int; `Int("+1")` and `Int("-1")` would pass.
        guard text.utf8.count <= 18,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// Reads the whole body, once.
    ///
    /// Blocks until it is there, each read for at most the listener's `ioTimeout`; meant for the
    /// worker that runs the handler. The bytes go from libfcgi's buffer straight into the array.
    ///
    /// - Parameter limit: The most bytes to take.
    /// - Returns: As many bytes as CONTENT_LENGTH says.
    /// - Throws: `tooLarge` before anything is read; `malformedLength`, `lengthMismatch` or
    ///   `aborted` for a bad peer; `unavailable` for a second call or after the answer. The
    ///   exchange still wants its answer, behind which the connection is closed.
    package func readBody(limit: Int) throws(BodyError) -> [UInt8] {
        guard let input = state.withLock({ $0.beginReading() }) else { throw .unavailable }
        var result = input
        defer { state.withLock { $0.endReading(result) } }
        switch input {
        case .absent: return []
        case .excess: throw .lengthMismatch
        case .ended, .broken: throw .unavailable
        case .unread: break
        }
        guard let length = contentLength else { throw .malformedLength }
        guard length <= limit else { throw .tooLarge(limit: limit) }
        let body = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = request.read(
                into: UnsafeMutableBufferPointer(rebasing: buffer.prefix(length)))
        }
        // Also reads the record that ends the input, without which the connection is out of step.
        switch request.inputEnds() {
        case .failed:
            result = .broken
            server.report(request.inputStalled ? .timedOut : .malformedRequest)
            throw .aborted
        case .more:
            result = .excess
            throw .lengthMismatch
        case .clean where body.count < length:
            result = .broken
            throw .lengthMismatch
        case .clean:
            result = .ended
            return body
        }
    }
}
