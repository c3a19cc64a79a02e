import Foundation

/// One reader of what strangers send, and what must be true of it for every input.
///
/// libFuzzer and the seeded mutations of `swift test` run the same targets.
struct FuzzTarget: Sendable {
    /// Also the folder of its findings in `Fixtures`.
    let name: String
    /// Valid inputs, from which mutations begin.
    let seeds: [[UInt8]]
    /// What the format is made of, for mutations that keep more of it than single bytes do.
    let words: [String]
    /// Reads one input and compares; true if the input was accepted, false if it was refused as it
    /// is meant to be.
    let check: @Sendable ([UInt8]) throws -> Bool

    /// Of the bytes that a target reads; longer inputs only cost time.
    static let longestInput = 16 << 10

    /// The inputs that once showed a fault.
    var fixtures: [(name: String, bytes: [UInt8])] {
        get throws {
            let folder = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Fixtures/\(name)")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return try names.sorted().map { name in
                (name, [UInt8](try Data(contentsOf: folder.appending(path: name))))
            }
        }
    }
}

/// What a target's reader did that it must not do.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Throws unless the condition holds.
    static func unless(
        _ condition: Bool, _ description: @autoclosure () -> String
    ) throws(FuzzFinding) {
        if !condition { throw FuzzFinding(description()) }
    }
}

extension FuzzTarget {
    /// All of them.
    static let all: [FuzzTarget] = [
        .fastCGI, .json, .form, .infobipSignature, .plivoSignature, .infobipBody, .plivoBody,
        .spoolSegment, .spoolRecord, .cursor, .ticket, .eventPlace, .cookie, .phoneNumber,
    ]

    /// Decimal digits of the longest Int64 and such, which every reader of numbers may meet.
    static let numberWords = [
        "0", "-1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e999",
        "00", "+", "-", ".", "e", "E", "0x", "\u{0663}", "\u{FF11}",
    ]

    /// The bytes of a file that the tests have.
    static func sample(_ name: String) -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        guard let data = try? Data(contentsOf: folder.appending(path: "Fixtures/\(name)")) else {
            preconditionFailure("Tests/Fixtures/\(name) is missing")
        }
        return [UInt8](data)
    }
}
