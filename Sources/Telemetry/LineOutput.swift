/// Writes whole lines into a file or a pipe that may take only a part of one.
///
/// A full disk takes the beginning of a line and refuses the rest. The next line must not be
/// appended to that beginning, or a reader of the log loses both.
///
/// A pure state machine: the caller does the writing.
struct LineOutput {
    /// The result of one attempt to write.
    enum Attempt {
        case wrote(Int)
        /// Nothing was taken; try again at once.
        case again
        case failed
    }

    /// Whether the last bytes that were taken end in the middle of a line.
    private var isMidLine = false

    /// Writes one line, its line break included.
    ///
    /// - Parameters:
    ///   - line: not empty.
    ///   - attempt: writes a beginning of what it gets.
    /// - Returns: whether all of it is out.
    mutating func write(
        _ line: [UInt8], by attempt: (UnsafeRawBufferPointer) -> Attempt
    ) -> Bool {
        var rest = (isMidLine ? [UInt8(ascii: "\n")] + line : line)[...]
        while !rest.isEmpty {
            switch rest.withUnsafeBytes(attempt) {
            case .wrote(let count):
                let written = rest.prefix(count)
                if let last = written.last { isMidLine = last != UInt8(ascii: "\n") }
                rest = rest.dropFirst(count)
            case .again: continue
            case .failed: return false
            }
        }
        return true
    }
}
