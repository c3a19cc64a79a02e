internal import Glibc

/// The address of a Unix socket, as the system wants it.
///
/// Source: unix(7).
package struct UnixAddress: Sendable {
    /// The path; a leading `@` stands for the abstract namespace, where that is allowed.
    package let path: String
    private var address = sockaddr_un()
    private let length: socklen_t

    /// The most bytes of a path.
    package static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// The address of a socket that has a file.
    ///
    /// - Throws: `badPath` for an empty path, one with a zero byte, or one of more than 107 bytes.
    package init(path: String) throws(SystemError) {
        try self.init(path, Array(path.utf8))
    }

    /// The address in an environment variable such as NOTIFY_SOCKET: a path, or `@` and a name in
    /// the abstract namespace.
    ///
    /// - Throws: `badPath` as the other one does.
    package init(pathOrAbstractName text: String) throws(SystemError) {
        var bytes = Array(text.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes.removeFirst() }
        try self.init(text, bytes, isAbstract: isAbstract)
    }

    private init(_ path: String, _ bytes: [UInt8], isAbstract: Bool = false) throws(SystemError) {
        guard !bytes.isEmpty, !bytes.contains(0), bytes.count <= Self.longestPath else {
            throw SystemError(.badPath, path)
        }
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { field in
            // An abstract name has a zero byte before it, a path one after it.
            let start = isAbstract ? 1 : 0
            UnsafeMutableRawBufferPointer(rebasing: field[start...]).copyBytes(from: bytes)
        }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        length = socklen_t(offset + bytes.count + 1)
    }

    /// The path that a Unix socket is bound to; nil for other descriptors.
    package static func path(of descriptor: Int32) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let path = withUnsafeBytes(of: address.sun_path) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return path.isEmpty ? nil : path
    }

    /// Calls a function of the system's with the address.
    func withSystemAddress<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
