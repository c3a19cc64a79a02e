internal import Glibc
internal import Synchronization

/// The owner of a connection whose head is sent and whose body follows in pieces.
///
/// Passed to a `StreamHub`, or closed when it is dropped.
package struct StreamConnection: ~Copyable, Sendable {
    let descriptor: Int32
    let requestID: UInt16

    init(descriptor: Int32, requestID: UInt16) {
        self.descriptor = descriptor
        self.requestID = requestID
    }

    deinit { close(descriptor) }

    /// The descriptor becomes the caller's.
    consuming func take() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }
}

extension Exchange {
    /// Answers with a head whose body follows as a stream; the connection leaves the server.
    ///
    /// The exchange counts as answered, even when this throws.
    ///
    /// - Parameters:
    ///   - status: Usually 200.
    ///   - headers: Without Content-Length.
    ///   - isBuffered: Whether nginx may gather bytes; otherwise `X-Accel-Buffering: no` is added.
    ///     Unbuffered, nginx 1.22 takes a connection that is closed in the middle for the end.
    /// - Returns: The connection, for `StreamHub` or `LongAnswer`.
    /// - Throws: `alreadyAnswered`; `peerFailed` when the peer has gone or its body is too large.
    package func openStream(
        _ status: HTTPStatus = .ok, headers: [HeaderField], isBuffered: Bool = false
    ) throws(FastCGIError) -> StreamConnection {
        guard let begun = state.withLock({ $0.beginAnswer() }) else {
            throw FastCGIError(.alreadyAnswered, "stream")
        }
        var head = [UInt8]()
        Response.appendHead(
            to: &head, status: status, headers: headers + (isBuffered ? [] : [.unbuffered]))
        head.append(contentsOf: "\r\n".utf8)
        // Unread input would later look as if the peer had closed.
        let isReady = begun.input != .tooLarge && write(head, begun.headerLines) && request.flush()
        let requestID = request.id
        // Not `finish`, which would write the end of the output.
        request.abandon()
        guard isReady else {
            closeConnection()
            throw FastCGIError(.peerFailed, "stream")
        }
        return StreamConnection(descriptor: leaveConnection(), requestID: requestID)
    }
}
