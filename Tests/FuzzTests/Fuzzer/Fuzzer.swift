import CLibFuzzer
import Foundation
import Synchronization

/// `fuzzer TARGET [libFuzzer's arguments]`: lets libFuzzer, which sees what code an input reaches,
/// choose the inputs of one target. Built by `Tests/FuzzTests/run` alone.
@main
enum Fuzzer {
    /// libFuzzer's callback takes no context.
    private static let chosen = Mutex<FuzzTarget?>(nil)

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1,
            let target = FuzzTarget.all.first(where: { $0.name == arguments[1] })
        else {
            let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
            print("usage: fuzzer TARGET CORPUS [option]...\ntargets: \(names)")
            exit(2)
        }
        arguments.remove(at: 1)
        guard arguments.count > 1 else { preconditionFailure("a folder for the corpus") }
        try prepare(target, corpus: URL(filePath: arguments[1]))
        arguments.append("-dict=\(arguments[1]).dict")
        arguments.append("-max_len=\(FuzzTarget.longestInput)")
        chosen.withLock { $0 = target }

        var count = CInt(arguments.count)
        var values = arguments.map { strdup($0) } + [nil]
        let status = values.withUnsafeMutableBufferPointer { values in
            var base = values.baseAddress
            return LLVMFuzzerRunDriver(&count, &base) { bytes, size in
                Fuzzer.check(UnsafeBufferPointer(start: bytes, count: size))
            }
        }
        exit(status)
    }

    /// Writes the seeds and findings, from which libFuzzer begins, and the words.
    private static func prepare(_ target: FuzzTarget, corpus: URL) throws {
        try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
        for (number, seed) in target.seeds.enumerated() {
            try Data(seed).write(to: corpus.appending(path: "seed-\(number)"))
        }
        for fixture in try target.fixtures {
            try Data(fixture.bytes).write(to: corpus.appending(path: fixture.name))
        }
        // Source: libFuzzer's documentation, "Dictionaries".
        let lines = target.words.map { word in
            "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                + "\"\n"
        }
        try Data(lines.joined().utf8).write(to: URL(filePath: corpus.path + ".dict"))
    }

    private static func check(_ bytes: UnsafeBufferPointer<UInt8>) -> CInt {
        guard let target = chosen.withLock({ $0 }) else { return -1 }
        do {
            _ = try target.check(Array(bytes))
        } catch {
            fatalError("\(target.name): \(error)")
        }
        return 0
    }
}
