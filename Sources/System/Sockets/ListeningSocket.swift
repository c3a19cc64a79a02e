internal import Glibc

/// A Unix stream socket that listens, bound by us or by another. Its holder closes it, once.
package struct ListeningSocket: Sendable {
    /// Closed on exec.
    package let descriptor: Int32
    /// The path and its file's identity, if we bound it and so remove it.
    private let bound: (path: String, device: UInt, inode: UInt)?

    /// Whether connections in its queue are lost when we close it. An inherited socket keeps its
    /// queue, because systemd holds it too.
    package var ownsQueue: Bool { bound != nil }

    /// Removes the file if it is still the one we bound: no new connection can be made.
    package func removeFile() {
        guard let bound else { return }
        var status = stat()
        // A new process may have replaced the file already; its file must stay.
        guard lstat(bound.path, &status) == 0, status.st_dev == bound.device,
            status.st_ino == bound.inode
        else { return }
        unlink(bound.path)
    }

    /// Removes the file and closes our descriptor.
    package func shut() {
        removeFile()
        close(descriptor)
    }

    /// Binds a socket, mode 0660, and listens on it without blocking. A file that an ended process
    /// left there is replaced.
    ///
    /// - Parameters:
    ///   - path: Of the socket's file.
    ///   - group: Whose members may connect; our own group unless given.
    ///   - backlog: The length of its queue; the system cuts it to somaxconn.
    /// - Returns: The socket, which takes connections already.
    /// - Throws: `badPath`, `unknownGroup`, `addressInUse`, `notASocket`, or `system`.
    package static func bind(
        _ path: String, group: String? = nil, backlog: Int32
    ) throws(SystemError) -> Self {
        let groupID = try group.map(groupNumber)
        return try bind(path, groupID: groupID, backlog: backlog)
    }

    /// As the other one, with a group's number.
    package static func bind(
        _ path: String, groupID: UInt32?, backlog: Int32
    ) throws(SystemError) -> Self {
        let address = try UnixAddress(path: path)
        let socket = try UnixSocket(.stream, isBlocking: false)
        // The file gets the socket's mode without the umask's bits, so it is never wider than this.
        guard fchmod(socket.descriptor, 0o660) == 0 else { throw .system(path, errno) }
        do throws(SystemError) {
            try socket.bind(to: address)
        } catch {
            guard error.errorNumber == EADDRINUSE else { throw error }
            try removeStale(address)
            try socket.bind(to: address)
        }
        // Nobody can connect before listen(2), so the order opens no gap.
        if let groupID, chown(path, uid_t.max, groupID) != 0 {
            throw .system("chown \(path)", errno)
        }
        guard chmod(path, 0o660) == 0 else { throw .system("chmod \(path)", errno) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .system("stat \(path)", errno) }
        guard listen(socket.descriptor, backlog) == 0 else {
            throw .system("listen \(path)", errno)
        }
        return Self(descriptor: socket.take(), bound: (path, status.st_dev, status.st_ino))
    }

    /// Removes a socket file that nobody listens on.
    private static func removeStale(_ address: UnixAddress) throws(SystemError) {
        let path = address.path
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError(.notASocket, path) }
        let probe = try UnixSocket(.stream, isBlocking: false)
        do throws(SystemError) {
            try probe.connect(to: address)
        } catch {
            // Only a refusal proves that nobody listens; a full queue (EAGAIN) means somebody does.
            guard error.errorNumber == ECONNREFUSED else { throw SystemError(.addressInUse, path) }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .system("unlink \(path)", errno)
            }
            return
        }
        throw SystemError(.addressInUse, path)
    }

    /// Takes over an inherited descriptor: checks that it listens, and makes it CLOEXEC and
    /// non-blocking.
    ///
    /// - Throws: `notListening`, or `system`.
    package static func adopt(_ descriptor: Int32) throws(SystemError) -> Self {
        let name = "descriptor \(descriptor)"
        guard option(descriptor, SO_DOMAIN) == AF_UNIX,
            option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            option(descriptor, SO_ACCEPTCONN) == 1
        else { throw SystemError(.notListening, name) }
        let flags = fcntl(descriptor, F_GETFL)
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, flags >= 0,
            fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
        else { throw .system(name, errno) }
        return Self(descriptor: descriptor, bound: nil)
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }

    private static func groupNumber(_ name: String) throws(SystemError) -> UInt32 {
        var record = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let status = getgrnam_r(name, &record, &buffer, buffer.count, &found)
        guard status == 0, found != nil else { throw SystemError(.unknownGroup, name) }
        return record.gr_gid
    }
}
