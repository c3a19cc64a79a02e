private import Foundation

/// One step of the schema: `NNNN_verb_noun.sql`.
package struct MigrationFile: Sendable, Equatable {
    /// From 1, without gaps.
    package let version: Int
    /// The file's name.
    package let name: String
    package let sql: String
    /// FNV-1a of the bytes: it detects an edited file, not a forged one.
    package let checksum: Int64

    /// Reads all migrations of a folder, in order.
    ///
    /// - Throws: `files` naming the file that is out of order, or the folder.
    package static func all(in directory: String) throws(MigrationError) -> [MigrationFile] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw MigrationError(
                .files,
                "the folder \(directory) cannot be read; name the migrations' folder with --directory"
            )
        }
        var files: [MigrationFile] = []
        for name in names.sorted() where name.hasSuffix(".sql") {
            guard let match = name.wholeMatch(of: /(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)+\.sql/),
                let version = Int(match.1)
            else {
                throw MigrationError(.files, "\(name) is not named NNNN_verb_noun.sql")
            }
            guard version == files.count + 1 else {
                throw MigrationError(
                    .files,
                    "\(name) is out of order: number \(files.count + 1) was expected here")
            }
            guard
                // C ends a text at its first NUL, and the rest would never run.
                let sql = try? String(contentsOfFile: directory + "/" + name, encoding: .utf8),
                !sql.utf8.contains(0)
            else {
                throw MigrationError(.files, "\(name) cannot be read as UTF-8 without NUL")
            }
            files.append(MigrationFile(version: version, name: name, sql: sql))
        }
        guard !files.isEmpty else {
            throw MigrationError(.files, "the folder \(directory) holds no migrations")
        }
        return files
    }

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
        checksum = sql.utf8.reduce(into: Int64(bitPattern: 0xCBF2_9CE4_8422_2325)) { hash, byte in
            hash = (hash ^ Int64(byte)) &* 0x100_0000_01B3
        }
    }
}
