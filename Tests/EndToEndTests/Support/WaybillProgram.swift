import Foundation
import TestSupport

/// The executable that was built together with these tests.
enum WaybillProgram {
    /// How a command ended and what it said.
    struct Outcome {
        let exit: ChildProcess.Exit
        let output: String
        let errors: String
    }

    /// Beside the test bundle, which is the program that runs now; or in `.build` of the checkout.
    static let path: String = {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("waybill").path
        if FileManager.default.isExecutableFile(atPath: bundle) { return bundle }
        return URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/debug/waybill").path
    }()

    /// The environment of a machine where nothing is configured.
    static let bareEnvironment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], _ settings: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) throws -> Outcome {
        let process = try ChildProcess(
            path, arguments, environment: bareEnvironment.merging(settings) { $1 })
        let exit = try process.waitForExit(within: limit)
        return Outcome(exit: exit, output: process.output, errors: process.errors)
    }
}
