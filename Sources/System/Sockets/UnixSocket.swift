internal import Glibc

/// The owner of a Unix socket.
package struct UnixSocket: ~Copyable, Sendable {
    /// What a socket carries.
    package enum Kind: Sendable {
        /// Bytes between two ends.
        case stream
        /// Messages, each whole.
        case datagram
    }

    /// Closed on exec.
    package let descriptor: Int32

    /// Makes a socket that has no address.
    ///
    /// - Parameters:
    ///   - kind: What it carries.
    ///   - isBlocking: Whether calls wait.
    /// - Throws: `system` when there are no descriptors left.
    package init(_ kind: Kind, isBlocking: Bool = true) throws(SystemError) {
        let type =
            switch kind {
            case .stream: Int32(SOCK_STREAM.rawValue)
            case .datagram: Int32(SOCK_DGRAM.rawValue)
            }
        let flags = Int32(SOCK_CLOEXEC.rawValue) | (isBlocking ? 0 : Int32(SOCK_NONBLOCK.rawValue))
        descriptor = socket(AF_UNIX, type | flags, 0)
        guard descriptor >= 0 else { throw .system("socket", errno) }
    }

    deinit { close(descriptor) }

    /// The descriptor becomes the caller's.
    package consuming func take() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// Gives it an address. The file must not be there yet.
    ///
    /// - Throws: `system` with the errno.
    package func bind(to address: UnixAddress) throws(SystemError) {
        let status = address.withSystemAddress { Glibc.bind(descriptor, $0, $1) }
        guard status == 0 else { throw .system("bind \(address.path)", errno) }
    }

    /// Connects it with the process that listens there.
    ///
    /// - Throws: `system` with the errno.
    package func connect(to address: UnixAddress) throws(SystemError) {
        let status = address.withSystemAddress { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else { throw .system("connect \(address.path)", errno) }
    }

    /// Sends one message to an address, without a connection.
    ///
    /// - Throws: `system` with the errno; nothing was sent then.
    package func send(_ message: [UInt8], to address: UnixAddress) throws(SystemError) {
        let count = address.withSystemAddress {
            sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, $1)
        }
        guard count >= 0 else { throw .system("sendto \(address.path)", errno) }
    }

    /// Limits each connect, send and receive from now on.
    ///
    /// - Parameter limit: The longest wait; one that is over already counts as a microsecond.
    package func limitWaits(to limit: Duration) {
        let microseconds = max(1, Int(limit / .microseconds(1)))
        var time = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// Sends all of the bytes to the other end.
    ///
    /// - Returns: Whether it took all of them.
    package func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Receives the bytes that are there; waits if there are none.
    ///
    /// - Parameter limit: The most bytes.
    /// - Returns: The bytes; none at the end, after a failure, or when the wait was too long.
    package func receive(atMost limit: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, recv(descriptor, buffer.baseAddress, limit, 0))
        }
    }

    /// Whether there is something to receive, or the end.
    ///
    /// - Parameter limit: How long to wait for it.
    /// - Returns: Whether there is.
    package func isReadable(within limit: Duration) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, Int32(clamping: Int(limit / .milliseconds(1)))) == 1
    }
}
