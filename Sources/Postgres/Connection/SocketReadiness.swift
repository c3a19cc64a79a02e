import Glibc

/// Waits with `poll(2)`; this module blocks on a socket nowhere else.
enum SocketReadiness {
    /// Waits until one of the descriptors has one of its events, or an error.
    ///
    /// - Returns: the events that came, by descriptor; nil when the deadline passed.
    static func wait(
        _ descriptor: Int32, for events: Int32, until deadline: ContinuousClock.Instant
    ) -> Int16? {
        var polled = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let left = (deadline - .now).milliseconds
            let ready = poll(&polled, 1, Int32(clamping: max(0, left)))
            if ready > 0 { return polled.revents }
            if ready == 0, left <= 0 { return nil }
            // libpq reports any error but an interruption when it uses the socket.
            if ready < 0, errno != EINTR { return Int16(POLLERR) }
        }
    }

    /// Whether the descriptor can be read now; true at the end of the stream, too.
    static func isReadable(_ descriptor: Int32) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) != 0
    }
}
