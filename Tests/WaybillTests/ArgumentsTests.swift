import Testing

import TestSupport
@testable import waybill

@Suite("Arguments", .blocking)
struct ArgumentsTests {
    private func parse(_ words: String...) throws -> Arguments {
        try Arguments(words, options: ["name", "port"], flags: ["status"], positional: 0...1)
    }

    @Test("Options take a value after a blank or an equals sign")
    func values() throws {
        let arguments = try parse("--name", "a b", "--port=8443", "--status", "word")
        #expect(arguments.value("name") == "a b")
        #expect(try arguments.integer("port", in: 1...65_535) == 8443)
        #expect(arguments.has("status"))
        #expect(arguments.positional == ["word"])
        #expect(try parse("--name=a=b").value("name") == "a=b")
        #expect(try parse("--name=--x").value("name") == "--x")
        #expect(try parse("--name", "-x").value("name") == "-x")
        #expect(try parse().value("name") == nil)
    }

    @Test("An option that may be repeated keeps its values in order")
    func repeated() throws {
        let arguments = try Arguments(
            ["--to", "b", "--to=a", "--to", "b"], options: ["to"], repeated: ["to"])
        #expect(arguments.all("to") == ["b", "a", "b"])
        #expect(arguments.all("from") == [])
    }

    @Test(
        "The mistake is named in one line",
        arguments: [
            (["--name"], "--name needs a value"), (["--name="], "--name needs a value"),
            (["--name", "--status"], "--name needs a value"),
            (["--name", "a", "--name", "b"], "--name was given twice"),
            (["--nmae", "a"], "unknown option --nmae"), (["--"], "unknown option --"),
            (["--status=1"], "unknown option --status=1"),
            (["a", "b"], "unexpected argument \"b\""),
        ])
    func problems(words: [String], message: String) {
        let error = #expect(throws: CommandFailure.self) {
            try Arguments(words, options: ["name", "port"], flags: ["status"], positional: 0...1)
        }
        #expect(error?.description == message)
    }

    @Test("A missing argument is reported")
    func missing() {
        let error = #expect(throws: CommandFailure.self) { try Arguments([], positional: 1...2) }
        #expect(error?.description == "an argument is missing")
    }

    @Test("A number must lie within its bounds", arguments: ["0", "65536", "x", "1.5"])
    func integers(text: String) throws {
        let arguments = try parse("--port", text)
        let error = #expect(throws: CommandFailure.self) {
            try arguments.integer("port", in: 1...65_535)
        }
        #expect(error?.description == "--port takes a whole number from 1 to 65535")
    }
}
