import Foundation
import Providers
import Settings
import Simulator
import TestSupport
import Testing

@testable import waybill

@Suite("The table of all settings", .blocking)
struct ConfigurationTableTests {
    private static let table = WaybillSettings.table

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("Every entry is complete", arguments: table.settings)
    func entries(setting: Setting) {
        #expect(setting.name.wholeMatch(of: /[A-Z][A-Z0-9]*(_[A-Z0-9]+)+/) != nil)
        #expect(setting.meaning.hasSuffix("."))
        #expect(!setting.meaning.contains("|") && !setting.meaning.contains("\n"))
        #expect((setting.defaultText == nil) == (setting.whenUnset != nil), "one of the two")
        #expect(!setting.readers.isEmpty)
        #expect(!setting.name.hasSuffix("_FILE"))
        if setting.name.hasSuffix("SECRET") || setting.name.hasSuffix("PASSWORD")
            || setting.name.hasSuffix("TOKEN") || setting.name.hasSuffix("KEY")
            || setting.name.hasSuffix("DATABASE_URL")
        {
            #expect(setting.isSecret)
        }
        if setting.isSecret { #expect(setting.defaultText == nil) }
    }

    @Test(".env.example is what the table says")
    func environmentExample() throws {
        let expected = Self.table.environmentExample
        let isSame = try Self.text(".env.example") == expected
        #expect(isSame, "waybill settings --env-example > .env.example")
        #expect(try Executable.run(["settings", "--env-example"]).output == expected)
    }

    @Test("The documentation's tables are what the table says")
    func documentation() throws {
        let text = try Self.text("Sources/waybill/Documentation.docc/Configuration.md")
        let expected = Self.table.markdown
        let isThere = text.contains(
            "<!-- waybill settings --markdown -->\n\n\(expected)\n<!-- end -->\n")
        #expect(isThere, "put the output of waybill settings --markdown between the two comments")
        #expect(try Executable.run(["settings", "--markdown"]).output == expected)
    }

    /// The texts that name settings, for people or systemd.
    private static let prose: [String] = {
        let pages = "Sources/waybill/Documentation.docc"
        let folders = [
            pages, "systemd", "systemd/waybill.service.d", "systemd/waybill-dispatch.service.d",
        ]
        let files = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(
                atPath: root.appendingPathComponent(folder).path)) ?? [])
                .filter { $0.contains(".") && !$0.hasSuffix(".d") }.map { "\(folder)/\($0)" }
        }
        return ["README.md"] + files.sorted()
    }()

    @Test("No page and no unit names a setting that is not there", arguments: prose)
    func names(file: String) throws {
        let names = Set(Self.table.settings.flatMap { [$0.name, $0.fileName] })
        let name =
            /\b(?:(?:INFOBIP|PLIVO|WAYBILL)_[A-Z0-9_]*[A-Z0-9]|[A-Z_]*DATABASE_URL(?:_FILE)?)\b/
        for match in try Self.text(file).matches(of: name) {
            let isThere = names.contains(String(match.output))
            #expect(isThere, "\(match.output)")
        }
    }

    @Test("The help of check has what serve and dispatch read")
    func helpOfCheck() throws {
        let help = try Executable.run(["check", "--help"]).output
        for setting in Self.table.settings {
            let isRead = !Set(setting.readers).isDisjoint(with: [.serve, .dispatch])
            #expect(help.contains("\n  \(setting.name)  ") == isRead, "\(setting.name)")
        }
    }

    @Test("The help of every command has the settings that it reads", arguments: Reader.allCases)
    func help(reader: Setting.Reader) throws {
        let help = try Executable.run([reader.rawValue, "--help"]).output
        let part = try #require(help.split(separator: "\nSettings, from the environment").last)
        let listed = part.split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/^  ([A-Z][A-Z0-9_]+)  /#).map { String($0.output.1) }
        }
        let expected = Self.table.settings(readBy: reader).map(\.name)
        #expect(!expected.isEmpty)
        #expect(listed == expected)
        for setting in Self.table.settings(readBy: reader) {
            let first = setting.meaning.replacing("`", with: "").prefix(30)
            #expect(help.contains(first), "\(setting.name)")
        }
    }

    @Test("waybill settings lists all of them with their defaults")
    func list() throws {
        let output = try Executable.run(["settings"]).output
        for setting in Self.table.settings {
            #expect(output.contains("  \(setting.name)  "), "\(setting.name)")
        }
        #expect(output.contains("Default: /run/waybill."))
        let both = try Executable.run(["settings", "--env-example", "--markdown"])
        #expect(both.exit == .status(64))
    }

    /// What a command reads, with nothing set and with everything set.
    private static func readings(
        of reader: Setting.Reader, _ variables: [String: String]
    ) throws -> Set<Setting> {
        var environment = Environment(variables) { _ in nil }
        switch reader {
        case .serve: _ = try? Configuration(reading: &environment)
        case .dispatch: _ = try? SendingConfiguration(reading: &environment)
        case .deliver: _ = try? DeliveryConfiguration(reading: &environment)
        case .webhook:
            _ = try? environment.requiredDatabase()
            _ = environment.egressRules()
        case .migrate: _ = try? MigrateCommand.settings(&environment)
        case .key, .message, .optOut, .deadLetters: _ = try? environment.requiredDatabase()
        case .quarantine, .replay, .verify: _ = try? environment.receivingDatabase()
        case .rebuild, .erase: _ = try? environment.owningDatabase()
        case .retain: _ = try? RetainCommand.settings(&environment)
        case .user:
            _ = environment.publicAddresses()
            _ = try? environment.requiredDatabase()
        case .send: _ = try? SendCommand.settings(&environment)
        case .probe:
            let arguments = try Arguments([], options: ["url", "provider", "key-file", "ca"])
            _ = try? ProbeSettings(arguments, reading: &environment)
        case .simulate: _ = SimulateCommand.configuration(&environment)
        }
        return environment.settingsRead
    }

    private typealias Reader = Setting.Reader

    @Test("Every command reads what the table says that it reads", arguments: Reader.allCases)
    func readers(reader: Setting.Reader) throws {
        let all = Dictionary(
            uniqueKeysWithValues: Self.table.settings.map { ($0.name, $0.example ?? "x") })
        let readings = try Self.readings(of: reader, [:])
            .union(Self.readings(of: reader, all))
        #expect(
            readings.map(\.name).sorted()
                == Self.table.settings(readBy: reader).map(\.name).sorted())
    }

    @Test("The services accept the examples and the defaults")
    func examples() throws {
        var variables: [String: String] = [:]
        for setting in Self.table.settings {
            let fallback = setting.name == "INFOBIP_WEBHOOK_URL_SECRET" ? "0123456789abcdef" : nil
            variables[setting.name] =
                fallback ?? setting.example ?? setting.defaultText
                ?? (setting.isSecret ? "a-secret" : nil)
        }
        variables["PLIVO_AUTH_ID"] = "MA1"
        let environment = Environment(variables) { _ in nil }
        _ = try Configuration(environment)
        #expect(try SendingConfiguration(environment).lanes.count == 2)
    }
}
