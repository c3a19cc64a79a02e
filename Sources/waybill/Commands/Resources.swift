import Foundation

/// The folders that come with the program: `Migrations`, `nginx`.
enum Resources {
    /// Finds a folder: in the checkout that the program was built in, where an installation puts
    /// it, or in a checkout that is the working directory.
    ///
    /// - Throws: `CommandFailure` naming the places that were tried.
    static func folder(_ name: String) throws(CommandFailure) -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let home = home(
            program: program.path, installation: "/usr/local/share/waybill",
            workingDirectory: FileManager.default.currentDirectoryPath)
        guard let home else {
            throw CommandFailure(
                "the folder \(name) was found neither above the program nor in"
                    + " /usr/local/share/waybill, nor is the working directory a checkout of ours")
        }
        return "\(home)/\(name)"
    }

    /// The folder that holds both folders.
    ///
    /// Migrations run with the rights of the database's owner, so folders in another user's working
    /// directory, or in /tmp, must not be used.
    static func home(
        program: String, installation: String, workingDirectory: String
    ) -> String? {
        var candidates: [String] = []
        var folder = URL(fileURLWithPath: program).deletingLastPathComponent()
        while folder.path != "/" {
            candidates.append(folder.path)
            folder.deleteLastPathComponent()
        }
        candidates.append(installation)
        if let found = candidates.first(where: holdsBoth) { return found }
        let isOurs = owner(workingDirectory).map { [0, getuid()].contains($0) } ?? false
        let hasPackage = owner(workingDirectory + "/Package.swift") != nil
        return isOurs && hasPackage && holdsBoth(workingDirectory) ? workingDirectory : nil
    }

    /// Whether both folders are there, and belong to its owner.
    private static func holdsBoth(_ candidate: String) -> Bool {
        guard let own = owner(candidate) else { return false }
        return ["Migrations", "nginx"].allSatisfy { name in
            owner("\(candidate)/\(name)").map { [0, getuid(), own].contains($0) } ?? false
        }
    }

    private static func owner(_ path: String) -> uid_t? {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_uid : nil
    }
}
