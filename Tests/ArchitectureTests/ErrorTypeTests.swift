import Foundation
import Testing

@Suite("Errors")
struct ErrorTypeTests {
    /// The vocabulary of all modules: each says why one thing was refused.
    private static let vocabulary = "Domain"

    @Test("a module has one error type, which says by a closed code what happened")
    func oneAModule() throws {
        let declaration = try Regex(
            #"(?:struct|enum|class|extension) (\w+)[^\n{]*:[^\n{]*\bError\b"#)
        for module in try Sources.modules() where module != Self.vocabulary {
            let names = try Sources.files(of: module).flatMap { file in
                try String(contentsOf: file, encoding: .utf8).matches(of: declaration)
                    .compactMap { $0.output[1].substring.map(String.init) }
            }
            #expect(Set(names).count <= 1, "\(module): \(Set(names).sorted())")
        }
    }
}

/// The sources of the package.
private enum Sources {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources")

    static func modules() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
    }

    static func files(of module: String) throws -> [URL] {
        let folder = root.appending(path: module)
        let paths = FileManager.default.enumerator(atPath: folder.path)?.allObjects ?? []
        return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
            .map { folder.appending(path: $0) }
    }
}
