import Foundation

/// The programs that the demo runs, found where Debian puts them or on PATH.
package struct DemoPrograms {
    let nginx: String
    /// The folder with `initdb` and `postgres`, of the newest version installed.
    let postgresBinaries: String
    let openssl: String

    /// - Throws: `DemoError` naming all that is missing, with the command that installs it.
    init() throws(DemoError) {
        let nginx = Self.find("nginx")
        let openssl = Self.find("openssl")
        let postgres = Self.newestPostgres()
        let missing = [
            nginx == nil ? ("nginx", "nginx-light") : nil,
            postgres == nil ? ("PostgreSQL's server", "postgresql") : nil,
            openssl == nil ? ("openssl", "openssl") : nil,
        ].compactMap { $0 }
        guard let nginx, let openssl, let postgres else {
            let names = missing.map(\.0).joined(separator: ", ")
            let packages = missing.map(\.1).joined(separator: " ")
            throw DemoError(
                "missing: \(names). Install with: apt-get update && apt-get install -y \(packages)")
        }
        self.nginx = nginx
        self.openssl = openssl
        postgresBinaries = postgres
    }

    /// A program on PATH or where Debian keeps those of the system, nil if there is none.
    package static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin"]
        return folders.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    private static func newestPostgres() -> String? {
        let base = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { "\(base)/\($0)/bin" }
            .first { access($0 + "/initdb", X_OK) == 0 && access($0 + "/postgres", X_OK) == 0 }
    }
}
