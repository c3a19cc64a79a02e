import FastCGI
import Foundation
import Synchronization

/// The listening sockets of a child, bound and held by the demo as systemd would do it.
///
/// A child that is killed leaves its callers waiting in the queues for the next one.
final class DemoSockets: Sendable {
    /// In the order in which a child gets them, from 3 on.
    let descriptors: [Int32]
    private let paths: [String]
    private let isRemoved = Mutex(false)

    /// As systemd's: nginx's workers may have thousands of connections in flight.
    private static let backlog: Int32 = 4096

    /// The names of the responder's.
    static let responder = Listener.Name.allCases.map(\.rawValue)
    /// That of the simulator.
    static let simulator = ["simulator"]

    /// Binds sockets in a folder, over what an earlier run has left there.
    ///
    /// - Parameters:
    ///   - names: of the files, without `.sock`; the responder's unless given.
    ///   - directory: of the files.
    ///   - user: the system user whose group may connect; ours unless given.
    /// - Throws: `CommandFailure` naming the socket.
    init(
        _ names: [String] = responder, in directory: String, for user: String?
    ) throws(CommandFailure) {
        paths = names.map { "\(directory)/\($0).sock" }
        var descriptors: [Int32] = []
        do throws(CommandFailure) {
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

    /// Turns callers away from now on: those in the queues, too.
    ///
    /// The numbers stay ours, so that `deinit` closes nobody else's file.
    func refuse() {
        remove()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard nothing >= 0 else { return }
        for descriptor in descriptors where dup2(nothing, descriptor) >= 0 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        close(nothing)
    }

    /// Removes the files, once: later on there may be somebody else's in their place.
    func remove() {
        let isFirst = isRemoved.withLock { isRemoved in
            defer { isRemoved = true }
            return !isRemoved
        }
        guard isFirst else { return }
        for path in paths { unlink(path) }
    }

    private static func listen(_ path: String, _ user: String?) throws(CommandFailure) -> Int32 {
        unlink(path)
        let first = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // Out of the way of the numbers that the child will have.
        let descriptor = fcntl(first, F_DUPFD_CLOEXEC, 64)
        close(first)
        let group = user.flatMap { getpwnam($0)?.pointee.pw_gid }
        // Nobody can connect before listen(2), so the order opens no gap.
        guard descriptor >= 0, UnixAddress.bind(descriptor, to: path), chmod(path, 0o660) == 0,
            group.map({ chown(path, uid_t.max, $0) == 0 }) ?? true,
            Foundation.listen(descriptor, backlog) == 0
        else {
            let reason = String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw CommandFailure("cannot listen at \(path): \(reason)")
        }
        return descriptor
    }
}

/// Unix sockets' addresses.
enum UnixAddress {
    /// Binds a socket to a path; false with `errno` if that does not work.
    static func bind(_ descriptor: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return false
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
