import Foundation
import Synchronization
import System

/// The listening sockets of a child, bound and held by the demo as systemd would do.
///
/// When a child is killed, its callers wait in the queues for the next one.
final class DemoSockets: Sendable {
    /// In the order in which a child gets them, from 3 on.
    let descriptors: [Int32]
    private let paths: [String]
    private let isRemoved = Mutex(false)

    /// As in the systemd units: thousands of streams may come back while a child restarts.
    private static let backlog: Int32 = 16_384

    /// Binds sockets in a folder, replacing those of an earlier run.
    ///
    /// - Parameters:
    ///   - names: of the files, without `.sock`.
    ///   - directory: of the files.
    ///   - user: the system user whose group may connect; ours unless given.
    /// - Throws: `DemoError` naming the socket.
    init(
        _ names: [String], in directory: String, for user: String?
    ) throws(DemoError) {
        paths = names.map { "\(directory)/\($0).sock" }
        var descriptors: [Int32] = []
        do throws(DemoError) {
            for path in paths { descriptors.append(try Self.listen(path, user)) }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        self.descriptors = descriptors
    }

    deinit {
        remove()
        for descriptor in descriptors { close(descriptor) }
    }

    /// Refuses callers from now on, those in the queues, too.
    ///
    /// The numbers stay ours, so that `deinit` cannot close another file.
    func refuse() {
        remove()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard nothing >= 0 else { return }
        for descriptor in descriptors where dup2(nothing, descriptor) >= 0 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        close(nothing)
    }

    /// Removes the files, once: later another process may have files in their place.
    func remove() {
        let isFirst = isRemoved.withLock { isRemoved in
            defer { isRemoved = true }
            return !isRemoved
        }
        guard isFirst else { return }
        for path in paths { unlink(path) }
    }

    private static func listen(_ path: String, _ user: String?) throws(DemoError) -> Int32 {
        unlink(path)
        let group = user.flatMap { getpwnam($0)?.pointee.pw_gid }
        let socket: ListeningSocket
        do throws(SystemError) {
            socket = try ListeningSocket.bind(path, groupID: group, backlog: backlog)
        } catch {
            throw DemoError("cannot listen at \(path): \(error) \(error.reason)")
        }
        defer { close(socket.descriptor) }
        // Beyond the numbers that the child will use.
        let descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 64)
        guard descriptor >= 0 else { throw DemoError("no descriptors are left for \(path)") }
        return descriptor
    }
}
