import Foundation

/// The folders that come with the program: `Migrations`, `nginx`.
enum Resources {
    /// Finds a folder: in the working directory, in the checkout that the program was built in, or
    /// where an installation puts it.
    ///
    /// - Throws: `CommandFailure` naming the places that were tried.
    static func folder(_ name: String) throws(CommandFailure) -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var candidates = [FileManager.default.currentDirectoryPath]
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            candidates.append(folder.path)
            folder.deleteLastPathComponent()
        }
        candidates.append("/usr/local/share/waybill")
        // A checkout or an installation has both folders; a lone one may be anybody's.
        let home = candidates.first { candidate in
            ["Migrations", "nginx"].allSatisfy {
                FileManager.default.fileExists(atPath: "\(candidate)/\($0)")
            }
        }
        guard let home else {
            throw CommandFailure(
                "the folder \(name) was found neither in the working directory nor above the"
                    + " program nor in /usr/local/share/waybill")
        }
        return "\(home)/\(name)"
    }
}
