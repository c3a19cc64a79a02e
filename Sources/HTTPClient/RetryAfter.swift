import Foundation

/// The header `Retry-After`. Source: RFC 9110, sections 10.2.3 and 5.6.7.
enum RetryAfter {
    /// How long to wait; nil for what is neither seconds nor an HTTP date.
    static func seconds(_ text: String, at now: Date) -> Int? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if let seconds = Int(text) { return seconds >= 0 ? seconds : nil }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = formatter.date(from: text) else { return nil }
        return Int(max(0, date.timeIntervalSince(now)).rounded(.up))
    }
}
