/// The sockets that systemd passes to us, named by their files: `callbacks.sock` is `callbacks`.
///
/// LISTEN_FDNAMES cannot tell them apart: a socket unit gives all of its sockets one name.
/// Source: sd_listen_fds(3), systemd.socket(5).
package struct InheritedSockets: Sendable, Equatable {
    /// Descriptor by name; empty when none is meant for this process.
    package let descriptors: [String: Int32]

    private static let first: Int32 = 3
    private static let most: Int32 = 64

    /// Reads LISTEN_PID and LISTEN_FDS; opens and checks nothing.
    ///
    /// - Parameters:
    ///   - environment: The variables; those of another process id are ignored, as the protocol demands.
    ///   - processID: Our own.
    ///   - path: Where a descriptor's socket is bound.
    /// - Throws: `badEnvironment` when the variables are meant for us and are not valid: not a
    ///   number, more than 64 sockets, a descriptor that is not a Unix socket, a file's name twice.
    package init(
        environment: [String: String], processID: Int32,
        path: (Int32) -> String? = UnixAddress.path
    ) throws(SystemError) {
        guard let owner = environment["LISTEN_PID"], let text = environment["LISTEN_FDS"] else {
            descriptors = [:]
            return
        }
        guard let ownerID = Self.number(owner) else {
            throw SystemError(.badEnvironment, "LISTEN_PID")
        }
        guard ownerID == processID else {
            descriptors = [:]
            return
        }
        guard let count = Self.number(text), (0...Self.most).contains(count) else {
            throw SystemError(.badEnvironment, "LISTEN_FDS")
        }
        var descriptors: [String: Int32] = [:]
        for descriptor in Self.first..<Self.first + count {
            guard let file = path(descriptor)?.split(separator: "/").last else {
                throw SystemError(.badEnvironment, "descriptor \(descriptor) is no Unix socket")
            }
            let name = file.hasSuffix(".sock") ? String(file.dropLast(5)) : String(file)
            guard descriptors.updateValue(descriptor, forKey: name) == nil else {
                throw SystemError(.badEnvironment, "two sockets are named \(name)")
            }
        }
        self.descriptors = descriptors
    }

    /// Decimal digits only: `Int32("+3")` would pass.
    private static func number(_ text: String) -> Int32? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? Int32(text) : nil
    }
}
