import Domain

/// The parts of time in which what is looked for may be, the latest first.
struct SearchWindows: Sendable {
    /// From a moment on, until before another one.
    struct Span: Sendable, Equatable {
        let from: Timestamp
        let until: Timestamp
    }

    /// The latest first; none touches another.
    private(set) var spans: [Span]

    private static let all = Span(
        from: Timestamp(microseconds: .min), until: Timestamp(microseconds: .max))

    init(since: Timestamp?, until: Timestamp?) {
        let span = Span(from: since ?? Self.all.from, until: until ?? Self.all.until)
        spans = span.from < span.until ? [span] : []
    }

    /// What is left of a search that has come to a place: the rest of the part of time that the
    /// place is in, or else the next part; nil if nothing is left.
    func window(before place: SearchKey) -> (before: SearchKey, since: Timestamp)? {
        for span in spans {
            let end = SearchKey.all(before: span.until)
            let before = span.until == Self.all.until || place.isOlder(than: end) ? place : end
            // Nothing is before the first id of the span's first moment.
            guard SearchKey.all(before: span.from).isOlder(than: before) else { continue }
            return (before, span.from)
        }
        return nil
    }
}

extension SearchKey {
    /// Whether it comes later in a list that begins with the newest.
    func isOlder(than other: SearchKey) -> Bool {
        (createdAt, id) < (other.createdAt, other.id)
    }
}
