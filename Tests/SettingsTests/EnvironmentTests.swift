import Testing

@testable import Settings

@Suite("Reading settings")
struct EnvironmentTests {
    private static let group = Setting.Group("Test")
    private static let text = Setting("X", whenUnset: "none", in: group, readBy: [.serve], "Text.")
    private static let list = Setting(
        "X", whenUnset: "none", isList: true, in: group, readBy: [.serve], "List.")
    private static let secrets = Setting(
        "X", whenUnset: "none", isSecret: true, isList: true, in: group, readBy: [.serve], "List.")
    private static let number = Setting(
        "X", .integer(default: 5, in: 1...9), in: group, readBy: [.serve], "Number.")

    /// An environment without files.
    private func environment(_ variables: [String: String]) -> Environment {
        Environment(variables) { _ in nil }
    }

    @Test(
        "A list is separated by commas and line breaks; \\, is a comma of a value",
        arguments: [
            ("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ", ["a", "b"]),
            ("a\nb\r\nc", ["a", "b", "c"]),
            ("a\\,b,c", ["a,b", "c"]), ("a\\b", ["a\\b"]), ("a\\\nb", ["a\\", "b"]),
            ("a\\", ["a\\"]), ("a,,b,", ["a", "b"]), ("a\\,", ["a,"]), ("a b", ["a b"]),
        ])
    func lists(text: String, values: [String]) {
        var environment = environment(["X": text])
        #expect(environment.list(Self.list) == values)
        #expect(environment.problems.isEmpty)
    }

    @Test(
        "A secret alone, an escaped comma and long parts are no problem",
        arguments: [
            ("a", ["a"]), ("a\\,bcdefghijk", ["a,bcdefghijk"]),
            ("12345678,abcdefgh", ["12345678", "abcdefgh"]), ("a,", ["a"]),
        ])
    func secrets(text: String, values: [String]) {
        var environment = environment(["X": text])
        #expect(environment.secrets(Self.secrets) == values)
        #expect(environment.problems.isEmpty)
    }

    @Test(
        "Booleans have the words that people use",
        arguments: [("true", true), ("YES", true), ("1", true), ("off", false), ("0", false)])
    func flags(text: String, value: Bool) {
        let flag = Setting(
            "X", .flag(default: !value), in: Self.group, readBy: [.serve], "Flag.")
        var environment = environment(["X": text])
        #expect(environment.flag(flag) == value)
    }

    @Test("An empty value counts as none, and the default comes from the entry")
    func emptyValues() {
        var environment = environment(["X": "", "X_FILE": ""])
        #expect(environment.text(Self.text) == nil)
        #expect(environment.integer(Self.number) == 5)
        #expect(environment.origin(of: Self.text) == nil)
        #expect(environment.problems.isEmpty)
    }

    @Test("A number beyond the entry's bounds is a problem", arguments: ["0", "10", "x", "1.5"])
    func bounds(text: String) {
        var environment = environment(["X": text])
        #expect(environment.integer(Self.number) == 5)
        #expect(
            environment.problems.map(\.description) == ["X: takes a whole number from 1 to 9"])
    }

    @Test("A choice takes its words and their synonyms in any case")
    func choice() {
        let kind = Setting.Kind.choice(
            default: "info", of: ["info", "error"], synonyms: ["fatal": "error"])
        let setting = Setting("X", kind, in: Self.group, readBy: [.serve], "Choice.")
        for (text, word) in [("INFO", "info"), ("Fatal", "error"), ("", "info"), ("loud", "info")] {
            var environment = environment(["X": text])
            #expect(environment.word(setting) == word)
            #expect(
                environment.problems.map(\.text)
                    == (text == "loud" ? ["takes one of info, error"] : []))
        }
    }

    @Test("A file's value has its origin, and problems name what the user wrote")
    func origins() {
        var file = Environment(["X_FILE": "/f"]) { $0 == "/f" ? "value\n\n" : nil }
        #expect(file.text(Self.text) == "value")
        #expect(file.origin(of: Self.text) == .file)
        var gone = environment(["X_FILE": "/gone"])
        #expect(gone.text(Self.text) == nil)
        #expect(gone.isGiven(Self.text))
        #expect(
            gone.problems == [
                SettingProblem(
                    "X", subject: "X_FILE", "the file /gone cannot be read as UTF-8 text")
            ])
        var both = environment(["X": "a", "X_FILE": "/f"])
        #expect(both.text(Self.text) == "a")
        #expect(
            both.problems.map(\.description) == ["X: is set together with X_FILE; keep one of them"]
        )
    }

    @Test("An option replaces a setting, and is named in its problems")
    func options() {
        var environment = environment(["X": "7", "X_FILE": "/f"])
        environment.replace(Self.number, with: "12", by: "--number")
        #expect(environment.integer(Self.number) == 5)
        #expect(
            environment.problems.map(\.description)
                == ["--number: takes a whole number from 1 to 9"])
        environment.replace(Self.number, withFile: "/gone", by: "--file")
        _ = environment.integer(Self.number)
        #expect(
            environment.problems.last?.description
                == "--file: the file /gone cannot be read as UTF-8 text")
    }

    @Test("Settings that were read are known, and a silent reading leaves no problem")
    func readings() {
        var environment = environment(["X": "10"])
        #expect(environment.settingsRead.isEmpty)
        #expect(environment.silently { $0.integer(Self.number) } == 5)
        #expect(environment.settingsRead == [Self.number])
        #expect(environment.problems.isEmpty)
        #expect(environment.without([Self.number]).origin(of: Self.number) == nil)
    }
}
