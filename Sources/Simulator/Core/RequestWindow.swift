import Domain

/// Counts requests in the current span of time.
struct RequestWindow: Sendable {
    private let span: Duration
    private var start: Timestamp?
    private var count = 0

    init(of span: Duration) {
        self.span = span
    }

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - limit: the most requests of a span; 0 for any number.
    ///   - now: when it came.
    /// - Returns: nil if it may be answered; else the whole seconds until the next span, from 1.
    mutating func excess(over limit: Int, at now: Timestamp) -> Int? {
        if let start, now.since(start) < span, now >= start {
            count += 1
        } else {
            start = now
            count = 1
        }
        guard limit > 0, count > limit, let start else { return nil }
        let rest = span - now.since(start)
        return max(1, Int((rest / .seconds(1)).rounded(.up)))
    }
}
