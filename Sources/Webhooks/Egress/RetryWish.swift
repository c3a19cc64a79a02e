import Domain

/// The header `Retry-After`. Source: RFC 9110, sections 10.2.3 and 5.6.7.
enum RetryWish {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// How long to wait; nil for what is neither seconds nor an HTTP date, as in
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func duration(_ text: String, at now: Timestamp) -> Duration? {
        if let seconds = Int64(text) {
            return (0...1_000_000_000) ~= seconds ? .seconds(seconds) : nil
        }
        let words = text.split { $0 == " " || $0 == ":" }
        guard words.count == 8, words[7] == "GMT",
            let month = months.firstIndex(of: String(words[2])),
            let day = Int(words[1]), let year = Int(words[3]), let hour = Int(words[4]),
            let minute = Int(words[5]), let second = Int(words[6]),
            let time = Timestamp(
                year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        return max(.zero, time.since(now))
    }
}
