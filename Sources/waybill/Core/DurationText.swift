/// Times in arguments: `90s`, `30m`, `24h`, `7d`.
enum DurationText {
    /// Reads a whole number with its unit.
    ///
    /// - Parameters:
    ///   - text: the argument's value.
    ///   - most: seconds that it may be at most.
    /// - Returns: nil for anything else.
    static func read(_ text: String, most: Int64) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let digits = text.utf8.dropLast()
        let isNumber = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, let unit = text.last.flatMap({ units[$0] }),
            let count = Int64(text.dropLast()), (0...most / unit).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }
}
