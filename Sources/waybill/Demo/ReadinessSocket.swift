import Foundation

/// The receiving end of sd_notify: the responder says itself when it is ready.
final class ReadinessSocket {
    let path: String
    private let descriptor: Int32

    /// - Throws: `CommandFailure` if the socket cannot be bound.
    init(_ path: String) throws(CommandFailure) {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard UnixAddress.bind(descriptor, to: path) else {
            throw CommandFailure("cannot bind \(path)")
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Waits for `READY=1`.
    ///
    /// Returns false after the deadline, or as soon as `isHopeless` says so.
    func wait(until deadline: ContinuousClock.Instant, isHopeless: () -> Bool) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 512)
        while ContinuousClock.now < deadline {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&poller, 1, 200) == 1 {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                let states = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
                if states.split(separator: "\n").contains("READY=1") { return true }
            } else if isHopeless() {
                return false
            }
        }
        return false
    }
}
