import Foundation

/// How far a long command is, on standard error: a bar that is drawn over on a terminal, a line now and
/// then elsewhere.
struct ProgressBar {
    private let unit: String
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let startedAt: ContinuousClock.Instant
    private var shownAt: ContinuousClock.Instant?
    private var isDrawn = false

    private static let width = 30
    /// How often the bar is drawn, and how often a line is written.
    private static let drawing = Duration.milliseconds(100)
    private static let lines = Duration.seconds(10)

    /// - Parameters:
    ///   - unit: what is counted, in the plural.
    ///   - isTerminal: whether what was written can be drawn over.
    ///   - now: when the command began.
    ///   - write: takes the text as it is, without a line's end of its own.
    init(
        of unit: String, isTerminal: Bool = isatty(STDERR_FILENO) == 1,
        at now: ContinuousClock.Instant = .now, write: @escaping (String) -> Void = Output.progress
    ) {
        self.unit = unit
        self.isTerminal = isTerminal
        self.write = write
        startedAt = now
    }

    /// Shows how far it is, unless it did so a moment ago.
    ///
    /// - Parameters:
    ///   - done: how many.
    ///   - share: how much of all that is, 0 to 1; nil if nobody knows.
    ///   - place: where it is, such as a day.
    ///   - now: this moment.
    mutating func show(
        _ done: Int, share: Double?, at place: String = "", now: ContinuousClock.Instant = .now
    ) {
        let pause = isTerminal ? Self.drawing : Self.lines
        if let shownAt, now - shownAt < pause { return }
        if shownAt == nil, !isTerminal {
            // A short run needs no line.
            shownAt = startedAt
            if now - startedAt < pause { return }
        }
        shownAt = now
        let text = Self.text(
            done, unit, share: share, at: place, after: now - startedAt, hasBar: isTerminal)
        if isTerminal {
            // To the line's beginning, and erase what is longer.
            write("\r\(text)\u{1B}[K")
            isDrawn = true
        } else {
            write(text + "\n")
        }
    }

    /// The same of so many in all; nil if nobody knows.
    mutating func show(_ done: Int, of total: Int?, at place: String = "") {
        show(done, share: total.map { Double(done) / Double(max(1, $0)) }, at: place)
    }

    /// Takes the bar away, so that the next line stands where it was.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        write("\r\u{1B}[K")
    }

    /// One line: the bar, the count, the place and the time that is left.
    static func text(
        _ done: Int, _ unit: String, share: Double?, at place: String, after time: Duration,
        hasBar: Bool
    ) -> String {
        var parts = ["\(done) \(unit)", place].filter { !$0.isEmpty }
        guard let share = share.map({ min(1, max(0, $0)) }) else {
            return parts.joined(separator: ", ")
        }
        parts.insert("\(Int(share * 100))%", at: 0)
        if share > 0.01, share < 1 { parts.append("\(duration(time * (1 / share - 1))) left") }
        let text = parts.joined(separator: ", ")
        guard hasBar else { return text }
        let full = Int(share * Double(width))
        let bar = String(repeating: "#", count: full) + String(repeating: "-", count: width - full)
        return "[\(bar)] \(text)"
    }

    private static func duration(_ time: Duration) -> String {
        let seconds = max(1, Int(time.components.seconds))
        if seconds < 90 { return "\(seconds) s" }
        return seconds < 5400 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }
}
