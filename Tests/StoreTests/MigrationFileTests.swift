import TestSupport
import Testing

@testable import Store

@Suite("The folder of migrations")
struct MigrationFileTests {
    /// The error for a folder with these files.
    private func refusal(_ names: [String], _ text: String = "select 1") throws -> String {
        let folder = try TemporaryDirectory()
        for name in names { try folder.write(name, text) }
        let error = #expect(throws: MigrationError.self) {
            try MigrationFile.all(in: folder.path)
        }
        return error?.description ?? ""
    }

    @Test("this program expects as many migrations as there are")
    func isCurrent() throws {
        let files = try TestDatabase.files.get()
        #expect(files.map(\.version) == Array(1...DatabaseHealth.expectedMigration))
    }

    @Test("files are read in order, others are skipped")
    func reads() throws {
        let folder = try TemporaryDirectory()
        try folder.write("0002_add_b.sql", "select 2")
        try folder.write("0001_create_a_table.sql", "select 'é'")
        try folder.write("README.md", "")
        let files = try MigrationFile.all(in: folder.path)
        #expect(files.map(\.name) == ["0001_create_a_table.sql", "0002_add_b.sql"])
        #expect(files.map(\.sql) == ["select 'é'", "select 2"])
    }

    @Test("the checksum is that of the bytes, the same for ever")
    func hasChecksum() {
        // Source: draft-eastlake-fnv, test vectors of the 64-bit FNV-1a.
        let vectors: [(String, UInt64)] = [
            ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C),
            ("foobar", 0x8594_4171_F739_67E8),
        ]
        for (text, hash) in vectors {
            let file = MigrationFile(version: 1, name: "", sql: text)
            #expect(file.checksum == Int64(bitPattern: hash))
        }
    }

    @Test(
        "a badly named file is refused with its name",
        arguments: [
            "1_create_a.sql", "0001_create.sql", "0001-create-a.sql", "0001_Create_A.sql",
            "00001_create_a.sql", "0001_create_a.up.sql", "create_a.sql", "0001__a.sql",
            "0001_create_a .sql", "0001_créate_a.sql",
        ])
    func refusesName(name: String) throws {
        #expect(try refusal([name]) == "\(name) is not named NNNN_verb_noun.sql")
    }

    @Test("a gap, a second file of a number and a wrong start are refused with the name")
    func refusesGaps() throws {
        #expect(
            try refusal(["0001_a_b.sql", "0003_c_d.sql"])
                == "0003_c_d.sql is out of order: number 2 was expected here")
        #expect(try refusal(["0001_a_b.sql", "0001_c_d.sql"]).hasPrefix("0001_c_d.sql is out of"))
        #expect(try refusal(["0000_a_b.sql"]).hasPrefix("0000_a_b.sql is out of order"))
        #expect(try refusal(["0002_a_b.sql"]).hasPrefix("0002_a_b.sql is out of order"))
    }

    @Test("a text with a NUL is refused: the server would see only the text before it")
    func refusesNul() throws {
        #expect(
            try refusal(["0001_a_b.sql"], "select 1;\0 select 2").hasPrefix("0001_a_b.sql cannot"))
    }

    @Test("an empty or missing folder is named")
    func refusesFolders() throws {
        #expect(try refusal([]).hasSuffix("holds no migrations"))
        let error = #expect(throws: MigrationError.self) {
            try MigrationFile.all(in: "/nonexistent")
        }
        #expect(error?.description.contains("/nonexistent") == true)
    }
}
