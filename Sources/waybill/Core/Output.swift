import Foundation

/// Standard output without a buffer: a reader of the pipe or file sees every line at once.
enum Output {
    /// Writes a line; if nobody reads it, it is dropped.
    static func line(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes a text that ends with a line break.
    static func text(_ text: String) {
        write(String(text.dropLast()), to: STDOUT_FILENO)
    }

    /// Writes a line to standard error: anything but results.
    static func note(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Writes a text to standard error as it is, to be drawn over by the next one.
    static func progress(_ text: String) {
        write(Array(text.utf8)[...], to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        write(Array((text + "\n").utf8)[...], to: descriptor)
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        // Not with FileHandle, which ends the process when a write fails.
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            guard count >= 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}

/// The version of the program, as `waybill --version` and the status show it.
enum Version {
    static let current = "0.1.0"
}
