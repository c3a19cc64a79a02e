import Foundation
import TestSupport
import Testing

@testable import waybill

@Suite("The folders that come with the program", .blocking)
struct ResourcesTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    /// Makes a folder of the test's own with these in it; a name with a dot is a file.
    private func make(_ name: String, _ contents: String...) throws -> String {
        let path = folder.path(of: name)
        for content in contents {
            let item = "\(path)/\(content)"
            if content.contains(".") {
                try Data().write(to: URL(fileURLWithPath: item))
            } else {
                try FileManager.default.createDirectory(
                    atPath: item, withIntermediateDirectories: true)
            }
        }
        return path
    }

    private func home(_ program: String, _ workingDirectory: String) -> String? {
        Resources.home(
            program: program, installation: folder.path(of: "installation"),
            workingDirectory: workingDirectory)
    }

    @Test("They are found from the build's own")
    func build() throws {
        let migrations = try Resources.folder("Migrations")
        #expect(FileManager.default.fileExists(atPath: migrations + "/0001_create_ledger.sql"))
    }

    @Test("Above the program comes first, then the installation, then a checkout worked in")
    func order() throws {
        let worked = try make("worked", "Migrations", "nginx", "Package.swift")
        let lone = folder.path(of: "elsewhere/bin/waybill")
        #expect(home(lone, worked) == worked)
        let installation = try make("installation", "Migrations", "nginx")
        #expect(home(lone, worked) == installation)
        let built = try make("built", "Migrations", "nginx")
        #expect(home(built + "/.build/debug/waybill", worked) == built)
    }

    @Test("A working directory that is not a checkout is not used")
    func stranger() throws {
        let program = folder.path(of: "elsewhere/bin/waybill")
        #expect(try home(program, make("bare", "Migrations", "nginx")) == nil)
        #expect(try home(program, make("half", "Migrations", "Package.swift")) == nil)
    }

    @Test("Nor is one of another user, nor folders that they put above the program")
    func somebodyElse() throws {
        guard getuid() == 0 else { return }
        let program = folder.path(of: "elsewhere/bin/waybill")
        let theirs = try make("theirs", "Migrations", "nginx", "Package.swift")
        #expect(chown(theirs, 65_534, 65_534) == 0)
        #expect(home(program, theirs) == nil)
        let shared = try make("shared", "Migrations", "nginx")
        #expect(chown(shared + "/Migrations", 65_534, 65_534) == 0)
        #expect(home(shared + "/waybill", folder.path) == nil)
    }
}
