import Foundation
import Testing

/// A name in two modules confuses readers, and hides one of the types where both are imported.
@Suite("Names")
struct NameTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The targets in a folder with the types that others can see in each.
    private static func types(in folder: String) throws -> [(target: String, names: Set<String>)] {
        let folder = root.appendingPathComponent(folder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            target in
            let files = FileManager.default.enumerator(
                at: folder.appendingPathComponent(target), includingPropertiesForKeys: nil)
            var names: Set<String> = []
            for case let file as URL in files?.allObjects ?? [] where file.pathExtension == "swift"
            {
                names.formUnion(declared(in: try String(contentsOf: file, encoding: .utf8)))
            }
            return (target, names)
        }
    }

    /// Types that stand at the beginning of a line, so within no other, and are not private.
    private static func declared(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let match = line.firstMatch(
                of:
                    /^(?:@\w+ )?(?:(?:package|public|final|indirect) )*(?:struct|class|enum|protocol|actor|typealias) (\w+)/
            )
            return match.map { String($0.1) }
        }
    }

    @Test("No two modules have a type of the same name, nor have a module and a test")
    func unique() throws {
        let modules = try Self.types(in: "Sources")
        #expect(modules.contains { $0.target == "Domain" && $0.names.contains("MessageID") })
        for (index, module) in modules.enumerated() {
            for other in modules[..<index] {
                let both = module.names.intersection(other.names)
                #expect(both.isEmpty, "\(module.target) and \(other.target)")
            }
        }
        for tests in try Self.types(in: "Tests") {
            for module in modules {
                let both = module.names.intersection(tests.names)
                #expect(both.isEmpty, "\(module.target) and \(tests.target)")
            }
        }
    }
}
