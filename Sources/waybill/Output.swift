import Foundation

/// Standard output, written at once: whoever reads it through a pipe or a file sees every line.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}
