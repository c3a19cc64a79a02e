import Glibc
import Synchronization

/// TCP ports on the loopback interface for servers that tests start.
package enum FreePort {
    /// A port that nothing listens on, never given out twice in this process.
    ///
    /// Ports lie below the range that the kernel takes client ports from (32768 and up), so that a
    /// server which restarts finds its port still free.
    /// - Throws: when two hundred random ports were all taken.
    package static func next() throws(TestSupportError) -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000..<32_000)
            guard taken.withLock({ $0.insert(port).inserted }) else { continue }
            if let probe = try? SilentListener(port: port) {
                _ = consume probe
                return port
            }
        }
        throw TestSupportError("no free TCP port in 20000..<32000")
    }

    private static let taken = Mutex<Set<UInt16>>([])
}

/// A loopback port where connections are taken by the kernel but nobody ever answers: what a hung
/// host looks like to a client. It goes when the value does.
package struct SilentListener: ~Copyable {
    /// The port that is listened on.
    package let port: UInt16
    private let descriptor: Int32

    /// Listens on a free port.
    ///
    /// - Throws: when there is none.
    package init() throws(TestSupportError) {
        try self.init(port: FreePort.next())
    }

    init(port: UInt16) throws(TestSupportError) {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            close(descriptor)
            throw TestSupportError("port \(port) is taken")
        }
        self.descriptor = descriptor
        self.port = port
    }

    deinit {
        close(descriptor)
    }
}
