import Foundation
import System

/// The receiving end of sd_notify: the responder reports when it is ready.
final class ReadinessSocket {
    let path: String
    private let socket: UnixSocket

    /// - Throws: `DemoError` if the socket cannot be bound.
    init(_ path: String) throws(DemoError) {
        self.path = path
        unlink(path)
        do throws(SystemError) {
            socket = try UnixSocket(.datagram)
            try socket.bind(to: UnixAddress(path: path))
        } catch {
            throw DemoError("cannot bind \(path): \(error.reason)")
        }
    }

    deinit {
        unlink(path)
    }

    /// Waits for `READY=1`.
    ///
    /// Returns false after the deadline, or as soon as `isHopeless` says so.
    func wait(until deadline: ContinuousClock.Instant, isHopeless: () -> Bool) -> Bool {
        while ContinuousClock.now < deadline {
            if socket.isReadable(within: .milliseconds(200)) {
                let states = String(decoding: socket.receive(atMost: 512), as: UTF8.self)
                if states.split(separator: "\n").contains("READY=1") { return true }
            } else if isHopeless() {
                return false
            }
        }
        return false
    }
}
