import Foundation

/// TCP ports on 127.0.0.1.
enum LoopbackPort {
    /// A port that nobody uses now.
    ///
    /// Below 32768, where the kernel's range of client ports begins: after a restart, a server
    /// there could find its port taken by an outgoing connection.
    static func free() throws(DemoError) -> UInt16 {
        for _ in 0..<100 {
            if let port = bound(to: .random(in: 20_000..<32_768)) { return port }
        }
        throw DemoError("no free TCP port on 127.0.0.1 from 20000 to 32767")
    }

    /// Whether a server could listen on the port now.
    static func isFree(_ port: UInt16) -> Bool { bound(to: port) != nil }

    /// Whether a server accepts connections on the port.
    static func answers(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = address(port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, length) == 0
            }
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Binds briefly; returns the port, nil if that failed.
    private static func bound(to port: UInt16) -> UInt16? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As nginx does: lingering connections of the last run must not count.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = address(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let works = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        return works ? UInt16(bigEndian: address.sin_port) : nil
    }
}
