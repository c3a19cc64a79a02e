import Foundation
import TestSupport

/// The program as it was built beside the tests.
enum Executable {
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("waybill").path

    typealias Result = (exit: ChildProcess.Exit, output: String, errors: String)

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - words: the command line.
    ///   - environment: all of it, but for PATH.
    /// - Returns: how it ended, and what it wrote.
    /// - Throws: when it does not start or does not end.
    static func run(
        _ words: [String], environment: [String: String] = [:]
    ) throws -> Result {
        let process = try ChildProcess(
            path, words, environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
        let exit = try process.waitForExit()
        return (exit, process.output, process.errors)
    }
}
