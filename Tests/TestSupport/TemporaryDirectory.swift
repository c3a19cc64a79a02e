import Foundation
import Glibc

/// A folder under `/tmp`, removed with all that is in it when the last reference goes.
///
/// The path is short, so that a Unix socket in it stays far below the 107 bytes that fit in
/// `sockaddr_un`. Anyone may pass through it (mode 0711), which lets a server that runs as another
/// user reach a folder of its own inside.
package final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at the end; about 25 bytes.
    package let path: String

    /// Makes an empty folder.
    ///
    /// - Throws: when `/tmp` cannot be written to.
    package init() throws(TestSupportError) {
        Self.sweepOnce
        let name = String(UInt32.random(in: .min ... .max), radix: 36)
        path = "\(Self.prefix)\(getpid())-\(name)"
        guard mkdir(path, 0o711) == 0, chmod(path, 0o711) == 0 else {
            throw TestSupportError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        remove()
    }

    /// The path of something in the folder.
    ///
    /// - Parameter name: a relative path.
    /// - Returns: the absolute path.
    package func path(of name: String) -> String {
        "\(path)/\(name)"
    }

    /// Writes a file in the folder.
    ///
    /// - Parameters:
    ///   - name: a relative path.
    ///   - text: what the file holds afterwards.
    ///   - mode: the permissions.
    /// - Returns: the absolute path.
    /// - Throws: when the file cannot be written.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = path(of: name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    private static let prefix = "/tmp/wb-"

    /// Removes what a killed test process could not; the next one does it.
    private static let sweepOnce: Void = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
        for name in names where name.hasPrefix("wb-") {
            let parts = name.split(separator: "-")
            guard parts.count == 3, let owner = pid_t(parts[1]), kill(owner, 0) != 0,
                errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
        }
    }()
}
