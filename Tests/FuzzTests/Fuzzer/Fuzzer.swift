import Foundation
import Synchronization

/// Lets libFuzzer, which sees what code an input reaches, choose the inputs of one target. libFuzzer has the
/// `main` of this program, which `Tests/FuzzTests/run` alone builds.
///
/// `FUZZ_TARGET` names the target, and the first argument is the folder of its corpus.
enum Fuzzer {
    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"]
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            print("FUZZ_TARGET is one of: " + FuzzTarget.all.map(\.name).joined(separator: " "))
            exit(2)
        }
        return target
    }()

    /// Writes the seeds and findings, from which libFuzzer begins, and the words.
    static func prepare(corpus: URL) throws {
        try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
        for (number, seed) in target.seeds.enumerated() {
            try Data(seed).write(to: corpus.appending(path: "seed-\(number)"))
        }
        for fixture in try target.fixtures {
            try Data(fixture.bytes).write(to: corpus.appending(path: fixture.name))
        }
        // Source: libFuzzer's documentation, "Dictionaries".
        let lines = target.words.map { word in
            let bytes = word.utf8.map { byte in
                "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            return "\"" + bytes.joined() + "\"\n"
        }
        try Data(lines.joined().utf8).write(to: URL(filePath: corpus.path + ".dict"))
    }
}

/// Called once, before anything is read.
@c(LLVMFuzzerInitialize)
public func prepareFuzzer(
    _: UnsafeMutablePointer<CInt>?,
    _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    _ = Fuzzer.target
    do {
        try Fuzzer.prepare(
            corpus: URL(filePath: CommandLine.arguments.dropFirst().first ?? "corpus"))
    } catch {
        fatalError("\(error)")
    }
    return 0
}

/// Called with each input.
@c(LLVMFuzzerTestOneInput)
public func checkInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        _ = try Fuzzer.target.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
        fatalError("\(Fuzzer.target.name): \(error)")
    }
    return 0
}
