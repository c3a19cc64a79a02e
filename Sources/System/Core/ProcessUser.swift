internal import Glibc

/// A user of the operating system.
package struct ProcessUser: Sendable, Equatable {
    /// The id that distinguishes users on one machine.
    package let number: UInt32
    /// The user's name; one made of the number where the system has none for it.
    package let name: String

    /// The user that this process runs as. Any thread.
    package static var current: ProcessUser {
        let number = getuid()
        return ProcessUser(number: number, name: Self.name(of: number) ?? "user \(number)")
    }

    private static func name(of number: UInt32) -> String? {
        var entry = passwd()
        // More than any entry takes; one that did not fit would be without its name here.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { buffer in
            var found: UnsafeMutablePointer<passwd>?
            guard let room = buffer.baseAddress,
                getpwuid_r(number, &entry, room, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return nil }
            return String(cString: name)
        }
    }
}
