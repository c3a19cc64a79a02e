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
    ///   - total: of how many, nil if nobody knows; it may change.
    ///   - place: where it is, such as a day.
    ///   - now: this moment.
    mutating func show(
        _ done: Int, of total: Int?, at place: String = "", now: ContinuousClock.Instant = .now
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
            done, of: total, unit, at: place, after: now - startedAt, hasBar: isTerminal)
        if isTerminal {
            // To the line's beginning, and erase what is longer.
            write("\r\(text)\u{1B}[K")
            isDrawn = true
        } else {
            write(text + "\n")
        }
    }

    /// Takes the bar away, so that the next line stands where it was.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        write("\r\u{1B}[K")
    }

    /// One line: the bar, the count, the place and the time that is left.
    static func text(
        _ done: Int, of total: Int?, _ unit: String, at place: String, after time: Duration,
        hasBar: Bool
    ) -> String {
        guard let total, total > 0 else {
            return ["\(done) \(unit)", place].filter { !$0.isEmpty }.joined(separator: ", ")
        }
        let share = min(1, Double(done) / Double(total))
        var parts: [String] = []
        if hasBar {
            let full = Int(share * Double(width))
            parts.append(
                "[" + String(repeating: "#", count: full)
                    + String(repeating: "-", count: width - full) + "]")
        }
        parts.append("\(Int(share * 100))%, \(min(done, total)) of \(total) \(unit)")
        var text = parts.joined(separator: " ")
        if !place.isEmpty { text += ", \(place)" }
        if share > 0.01, share < 1 {
            text += ", \(duration(time * (1 / share - 1))) left"
        }
        return text
    }

    private static func duration(_ time: Duration) -> String {
        let seconds = max(1, Int(time.components.seconds))
        if seconds < 90 { return "\(seconds) s" }
        return seconds < 5400 ? "\(seconds / 60) min" : "\(seconds / 3600) h"
    }
}
