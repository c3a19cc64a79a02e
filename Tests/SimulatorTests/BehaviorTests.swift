import Foundation
import JSON
import Testing

@testable import Simulator

@Suite("Behaviours")
struct BehaviorTests {
    @Test("Every behaviour has two digits of its own, and the table lists all of them")
    func table() {
        #expect(Set(Behavior.table.map(\.behavior)) == Set(Behavior.allCases))
        #expect(Set(Behavior.table.map(\.digits)).count == Behavior.table.count)
        #expect(Behavior.table.allSatisfy { $0.digits.count == 2 })
        #expect(Behavior.tableText.split(separator: "\n").count == Behavior.allCases.count)
    }

    @Test("The documentation says the same about every behaviour")
    func documentation() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent(
                "Sources/waybill/Documentation.docc/Simulator.md"), encoding: .utf8)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("| `…9999") }
        #expect(
            lines.map(String.init)
                == Behavior.table.map {
                    "| `…9999\($0.digits)` | `\($0.behavior.rawValue)` | \($0.meaning) |"
                })
    }

    @Test(
        "The end of a number asks for a behaviour",
        arguments: [
            ("447700999911", Behavior.undeliverable), ("+447700999943", .lost),
            ("999947", .parts),
        ])
    func magic(recipient: String, behavior: Behavior) {
        #expect(Behavior(recipient: recipient) == behavior)
    }

    @Test(
        "An ordinary number asks for no behaviour",
        arguments: ["447700900111", "447700999900", "447700099911", "99911", "", "99999é"])
    func plain(recipient: String) {
        #expect(Behavior(recipient: recipient) == nil)
    }

    @Test("Settings change together or not at all, and every problem is reported")
    func settings() throws {
        func members(_ text: String) throws -> [JSONValue.Member] {
            try JSONValue(strict: Array(text.utf8)).members
        }
        var settings = SimulatorSettings()
        let none = settings.change(
            try members(#"{"loss":0.5,"reorder":true,"behavior":"expired"}"#))
        #expect(none == [])
        #expect(settings.loss == 0.5)
        #expect(settings.reorder)
        #expect(settings.behavior == .expired)
        let before = settings
        let problems = settings.change(
            try members(#"{"loss":2,"nonsense":1,"burst":3,"burst_ms":10}"#))
        #expect(problems.count == 3)
        #expect(settings == before)
        let right = settings.set("retry_scale", to: "0.01")
        #expect(right == nil)
        #expect(settings.retry_scale == 0.01)
        for (name, text) in [("answer_delay_ms", "-1"), ("fail_with", "nothing")] {
            let problem = settings.set(name, to: text)
            #expect(problem != nil)
        }
        let members = try JSONValue(strict: settings.json).members
        #expect(members.map(\.name) == SimulatorSettings.names.sorted())
    }

    @Test("The table of settings has every one of them, with its value")
    func settingsTable() {
        let lines = SimulatorSettings.tableText(prefix: "--").split(separator: "\n")
        let names = lines.map { line in
            String(line.prefix { $0 != " " }.dropFirst(2)).replacing("-", with: "_")
        }
        #expect(names.sorted() == SimulatorSettings.names.sorted())
        #expect(lines.contains { $0.hasPrefix("--burst-ms ") && $0.contains(" 2000 ") })
    }
}
