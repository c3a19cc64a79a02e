/// The sockets that systemd hands over, by name.
///
/// A unit with `FileDescriptorName=callbacks` in its socket file gives `callbacks`.
/// Source: sd_listen_fds(3).
package struct InheritedSockets: Sendable, Equatable {
    /// Descriptor by name; empty when nothing is meant for this process.
    package let descriptors: [String: Int32]

    private static let first: Int32 = 3
    private static let most: Int32 = 64

    /// Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; opens and checks nothing.
    ///
    /// - Parameters:
    ///   - environment: The variables; those of another process id are ignored, as they must be.
    ///   - processID: Our own.
    /// - Throws: `badEnvironment` when the variables are meant for us and contradict each other:
    ///   no number, more than 64 sockets, a name missing, empty or given twice.
    package init(
        environment: [String: String], processID: Int32
    ) throws(FastCGIError) {
        guard let owner = environment["LISTEN_PID"], let text = environment["LISTEN_FDS"] else {
            descriptors = [:]
            return
        }
        guard let ownerID = Self.number(owner) else {
            throw FastCGIError(.badEnvironment, "LISTEN_PID")
        }
        guard ownerID == processID else {
            descriptors = [:]
            return
        }
        guard let count = Self.number(text), (0...Self.most).contains(count) else {
            throw FastCGIError(.badEnvironment, "LISTEN_FDS")
        }
        guard count > 0 else {
            descriptors = [:]
            return
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "")
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard names.count == Int(count), !names.contains(""), Set(names).count == names.count else {
            throw FastCGIError(.badEnvironment, "LISTEN_FDNAMES")
        }
        descriptors = Dictionary(uniqueKeysWithValues: zip(names, Self.first..<Self.first + count))
    }

    /// The descriptor meant for a listener.
    package subscript(name: Listener.Name) -> Int32? { descriptors[name.rawValue] }

    /// Decimal digits only: `Int32("+3")` would pass.
    private static func number(_ text: String) -> Int32? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            ? Int32(text) : nil
    }
}
