internal import CFastCGI
internal import Glibc

/// A Unix socket that listens, whoever bound it. Closed by whoever holds it, once.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    /// The path and its file's identity, if we bound it and so remove it.
    private let bound: (path: String, device: UInt, inode: UInt)?

    /// Binds or takes over what a listener describes.
    static func open(_ source: Listener.Source, backlog: Int32) throws(FastCGIError) -> Self {
        switch source {
        case .path(let path, let group): try bind(path, group: group, backlog: backlog)
        case .inherited(let descriptor): try adopt(descriptor)
        }
    }

    /// Whether what waits in its queue is lost when we close it: an inherited socket keeps its
    /// queue, because its giver holds it too.
    var ownsQueue: Bool { bound != nil }

    /// Removes the file if it is still the one we bound: from now on nobody new connects.
    func removeFile() {
        guard let bound else { return }
        var status = stat()
        // A successor may have replaced the file already; that one is not ours.
        guard lstat(bound.path, &status) == 0, status.st_dev == bound.device,
            status.st_ino == bound.inode
        else { return }
        unlink(bound.path)
    }

    /// Removes the file and closes our descriptor.
    func shut() {
        removeFile()
        close(descriptor)
    }

    private static func bind(
        _ path: String, group: String?, backlog: Int32
    ) throws(FastCGIError) -> Self {
        let address = try UnixAddress(path)
        let groupID = try group.map(groupNumber)
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0
        )
        guard descriptor >= 0 else { throw .system("socket", errno) }
        do {
            // The file takes the socket's mode less the umask, so it is never wider than this.
            guard fchmod(descriptor, 0o660) == 0 else { throw FastCGIError.system(path, errno) }
            if address.bind(descriptor) != 0 {
                guard errno == EADDRINUSE else { throw FastCGIError.system("bind \(path)", errno) }
                try removeStale(address)
                guard address.bind(descriptor) == 0 else {
                    throw FastCGIError.system("bind \(path)", errno)
                }
            }
            // Nobody can connect before listen(2), so the order opens no gap.
            if let groupID, chown(path, uid_t.max, groupID) != 0 {
                throw FastCGIError.system("chown \(path)", errno)
            }
            guard chmod(path, 0o660) == 0 else { throw FastCGIError.system("chmod \(path)", errno) }
            var status = stat()
            guard lstat(path, &status) == 0 else {
                throw FastCGIError.system("stat \(path)", errno)
            }
            guard listen(descriptor, backlog) == 0 else {
                throw FastCGIError.system("listen \(path)", errno)
            }
            return Self(descriptor: descriptor, bound: (path, status.st_dev, status.st_ino))
        } catch {
            close(descriptor)
            throw error as? FastCGIError ?? .system(path, EIO)
        }
    }

    /// Removes a socket file that nobody listens on.
    private static func removeStale(_ address: UnixAddress) throws(FastCGIError) {
        let path = address.path
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw FastCGIError(.notASocket, path) }
        let probe = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0
        )
        guard probe >= 0 else { throw .system("socket", errno) }
        defer { close(probe) }
        // Only a refusal proves that nobody listens; a full queue (EAGAIN) means somebody does.
        guard address.connect(probe) != 0, errno == ECONNREFUSED else {
            throw FastCGIError(.addressInUse, path)
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("unlink \(path)", errno) }
    }

    /// Checks that an inherited descriptor listens, and makes it CLOEXEC and non-blocking.
    private static func adopt(_ descriptor: Int32) throws(FastCGIError) -> Self {
        let name = "descriptor \(descriptor)"
        guard option(descriptor, SO_DOMAIN) == AF_UNIX,
            option(descriptor, SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            option(descriptor, SO_ACCEPTCONN) == 1
        else { throw FastCGIError(.notListening, name) }
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

    private static func groupNumber(_ name: String) throws(FastCGIError) -> gid_t {
        var record = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let status = getgrnam_r(name, &record, &buffer, buffer.count, &found)
        guard status == 0, found != nil else { throw FastCGIError(.unknownGroup, name) }
        return record.gr_gid
    }
}

/// A path as the system wants it.
private struct UnixAddress {
    let path: String
    private var address = sockaddr_un()

    init(_ path: String) throws(FastCGIError) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, !bytes.contains(0),
            bytes.count < MemoryLayout.size(ofValue: address.sun_path)
        else { throw FastCGIError(.badPath, path) }
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    func bind(_ descriptor: Int32) -> Int32 { call { Glibc.bind(descriptor, $0, $1) } }
    func connect(_ descriptor: Int32) -> Int32 { call { Glibc.connect(descriptor, $0, $1) } }

    private func call(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
