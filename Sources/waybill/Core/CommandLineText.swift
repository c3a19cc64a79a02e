import Foundation
import Settings

/// The arguments that the program was started with, as text.
///
/// Swift's own `CommandLine` replaces bytes that are not UTF-8 by U+FFFD, which would then be sent
/// in a message.
enum CommandLineText {
    /// This process's own arguments, without the program's name.
    ///
    /// - Throws: `CommandFailure` naming the option or argument that is not UTF-8.
    static func words() throws(CommandFailure) -> [String] {
        let vector = UnsafeBufferPointer(
            start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return try words(
            vector.dropFirst().compactMap { word in
                word.map { word in
                    UnsafeBufferPointer(start: word, count: strlen(word)).map(
                        UInt8.init(bitPattern:))
                }
            })
    }

    /// - Parameter raw: the bytes of each argument.
    /// - Returns: the arguments as text.
    /// - Throws: `CommandFailure` naming the option or argument that is not UTF-8.
    static func words(_ raw: [[UInt8]]) throws(CommandFailure) -> [String] {
        var words: [String] = []
        for (index, bytes) in raw.enumerated() {
            guard let word = String(validating: bytes, as: UTF8.self) else {
                throw fault(in: bytes, at: index, after: words.last)
            }
            words.append(word)
        }
        return words
    }

    private static func fault(
        in bytes: [UInt8], at index: Int, after previous: String?
    ) -> CommandFailure {
        var subject = index == 0 ? "the command" : "argument \(index + 1)"
        var value = bytes[...]
        let name = bytes.prefix { $0 != UInt8(ascii: "=") }
        if bytes.starts(with: "--".utf8) {
            // `--text=…`
            if name.count < bytes.count, let option = String(validating: name, as: UTF8.self) {
                subject = "the value of \(option)"
                value = bytes.dropFirst(name.count + 1)
            }
        } else if let previous, previous.hasPrefix("--"), !previous.contains("=") {
            subject = "the value of \(previous)"
        }
        let place = UTF8Text.firstFault(in: value) ?? 1
        let byte = String(value[value.startIndex + place - 1], radix: 16, uppercase: true)
        return CommandFailure(.usage, "\(subject) is not UTF-8: its byte \(place) is 0x\(byte)")
    }
}
