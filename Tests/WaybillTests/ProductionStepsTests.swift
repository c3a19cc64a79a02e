import Foundation
import Providers
import Settings
import TestSupport
import Testing

@testable import waybill

/// Checks README.md's production steps without following them; Tests/Production follows them.
@Suite("README's production steps", .blocking)
struct ProductionStepsTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// The code blocks of each numbered step.
    private func steps() throws -> [Int: [String]] {
        let readme = try text("README.md")
        let start = try #require(readme.range(of: "\n## Set it up for production\n"))
        let rest = readme[start.upperBound...]
        let section = rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        var steps: [Int: [String]] = [:]
        var number = 0
        var block: String?
        for line in section.split(separator: "\n", omittingEmptySubsequences: false) {
            if block == nil, let match = line.prefixMatch(of: #/\*\*(\d+)\. /#) {
                number = try #require(Int(match.1))
            }
            if line.hasPrefix("```") {
                if let whole = block { steps[number, default: []].append(whole) }
                block = block == nil ? "" : nil
            } else {
                block? += line + "\n"
            }
        }
        return steps
    }

    private func bash(_ script: String, in directory: String) throws -> String {
        let process = try ChildProcess(
            "bash", ["-euc", "cd '\(directory)'\n" + script],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(try process.waitForExit() == .status(0), "\(process.errors)")
        return process.output
    }

    @Test("Every block is a script that a fresh Debian's root shell reads")
    func scripts() throws {
        let folder = try TemporaryDirectory()
        let steps = try steps()
        #expect(Set(steps.keys) == Set(1...9))
        for (number, blocks) in steps {
            // The last one of step 9 shows what was printed.
            for (index, block) in blocks.enumerated() where number != 9 || index == 0 {
                try folder.write("\(number)-\(index).sh", block)
                _ = try bash("bash -n \(number)-\(index).sh", in: folder.path)
                #expect(!block.contains("sudo"), "step \(number)")
            }
        }
        // nginx takes the site only with its certificate, which comes from nginx before the site.
        #expect(steps[7]?.first?.hasPrefix("certbot certonly --webroot -w /var/www/html ") == true)
        #expect(steps[8]?.first?.contains("nginx -t && systemctl reload nginx") == true)
        #expect(try text("nginx/waybill.conf").contains("root /var/www/html;"))
        #expect(steps[1]?.first?.contains(" certbot\n") == true)
    }

    @Test("Both services start with the files that step 3 makes, and the check agrees")
    func settings() throws {
        let folder = try TemporaryDirectory()
        for block in try #require(try steps()[3]) {
            _ = try bash(
                block.replacingOccurrences(of: "/etc/waybill", with: folder.path), in: folder.path)
        }
        let shared = try String(contentsOfFile: folder.path(of: "waybill.env"), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let common = Dictionary(uniqueKeysWithValues: shared.map { ($0[0], $0[1]) })
        /// The credentials that a unit passes on: its own lines, and those of its drop-in whose
        /// files exist.
        func environment(of unit: String) throws -> [String: String] {
            let lines =
                try text("systemd/\(unit).service")
                + text("systemd/\(unit).service.d/credentials.conf")
            var variables = common
            for match in lines.matches(of: /#?Environment=([A-Z_]+_FILE)=%d\/([a-z_]+)/) {
                let file = folder.path(of: "credentials/\(match.2)")
                if FileManager.default.fileExists(atPath: file) {
                    variables[String(match.1)] = file
                }
            }
            return variables
        }
        let serve = try environment(of: "waybill")
        let dispatch = try environment(of: "waybill-dispatch")
        #expect(serve["INFOBIP_API_KEY_FILE"] == nil)
        let configuration = try Configuration(Environment(serve))
        #expect(configuration.infobip?.basic.count == 1)
        #expect(configuration.plivo?.tokens.count == 1)
        #expect(try SendingConfiguration(Environment(dispatch)).lanes.count == 2)
        _ = try ConfigurationCheck(Environment(serve), .serve).configurations()
        _ = try ConfigurationCheck(Environment(serve)).configurations()
        _ = try ConfigurationCheck(Environment(dispatch), .dispatch).configurations()
        let all = try ConfigurationCheck(
            Environment(serve.merging(dispatch) { $1 }), .all
        ).configurations()
        #expect(all.0 != nil && all.1?.lanes.count == 2)
    }

    @Test(
        "systemd knows every line of the units",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")),
        arguments: [
            "waybill.service", "waybill.socket", "waybill-dispatch.service",
            "waybill-deliver.service", "waybill-egress.service",
            "waybill-migrate.service", "waybill-probe.service",
            "waybill-probe.timer", "waybill-retain.service", "waybill-retain.timer",
        ])
    func units(name: String) throws {
        let process = try ChildProcess(
            "systemd-analyze",
            [
                "verify", "--man=no",
                Self.repository.appendingPathComponent("systemd/\(name)").path,
            ], environment: ["PATH": "/usr/bin:/bin"])
        _ = try process.waitForExit()
        // The program itself may not be installed here.
        let complaints = (process.output + process.errors).split(separator: "\n").filter {
            $0.contains("systemd/waybill") && !$0.contains("is not executable")
        }
        #expect(complaints.isEmpty, "\(complaints)")
    }

    @Test("The units let libdispatch set priorities, and it says nothing where it may not")
    func priority() throws {
        for name in [
            "waybill", "waybill-dispatch", "waybill-migrate", "waybill-probe", "waybill-retain",
        ] {
            let lines = try text("systemd/\(name).service").split(separator: "\n")
            #expect(lines.contains("Environment=LIBDISPATCH_LOG=NO"))
            let filters = lines.filter { $0.hasPrefix("SystemCallFilter=") }
            // Later lines win.
            #expect(filters.last == "SystemCallFilter=setpriority")
        }
    }
}
