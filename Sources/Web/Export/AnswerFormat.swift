import FastCGI

/// The forms in which a list may be answered.
enum AnswerFormat: String, CaseIterable {
    case json
    case csv

    private var type: (String, String) {
        switch self {
        case .json: ("application", "json")
        case .csv: ("text", "csv")
        }
    }

    /// The format that a request asks for.
    ///
    /// - Parameters:
    ///   - format: the query's `format`, which wins; its word has been checked.
    ///   - accept: the Accept header.
    /// - Returns: the one that is liked more; JSON if the header is absent, empty or likes both as
    ///   much.
    /// - Throws: 406 `not_acceptable` if it takes neither.
    static func negotiated(format: String?, accept: String?) throws(Problem) -> AnswerFormat {
        if let format, let named = AnswerFormat(rawValue: format) { return named }
        let ranges = (accept ?? "").split(separator: ",").compactMap { MediaRange($0) }
        guard !(accept ?? "").allSatisfy({ $0 == " " || $0 == "\t" || $0 == "," }) else {
            return .json
        }
        let rated = allCases.map { format in (format, format.rating(by: ranges)) }
        // The first of equal ones, which is JSON.
        var best = rated[0]
        for next in rated.dropFirst() where next.1 > best.1 { best = next }
        guard best.1.quality > 0 else {
            throw Problem(
                .notAcceptable, "not_acceptable",
                "The Accept header takes neither application/json nor text/csv; send one of them,"
                    + " or format=json or format=csv in the query.", at: "Accept")
        }
        return best.0
    }

    /// How much a client likes the format: by the most specific range that it matches, and how
    /// specific that is.
    private func rating(by ranges: [MediaRange]) -> Rating {
        var best = Rating(quality: 0, specificity: -1)
        for range in ranges {
            guard let specificity = range.specificity(for: type),
                specificity > best.specificity
                    || specificity == best.specificity && range.quality > best.quality
            else { continue }
            best = Rating(quality: range.quality, specificity: specificity)
        }
        return best
    }

    private struct Rating: Comparable {
        let quality: Double
        let specificity: Int

        static func < (a: Rating, b: Rating) -> Bool {
            (a.quality, a.specificity) < (b.quality, b.specificity)
        }
    }
}

/// One range of an Accept header. Source: RFC 9110, section 12.5.1.
private struct MediaRange {
    private let type: String
    private let subtype: String
    /// 0 to 1; 1 unless given.
    let quality: Double

    /// Nil for what is no range.
    init?(_ text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        type = names[0].lowercased()
        subtype = names[1].lowercased()
        var quality = 1.0
        for part in parts.dropFirst() where part.lowercased().hasPrefix("q=") {
            guard let given = Double(part.dropFirst(2)), (0...1).contains(given) else { return nil }
            quality = given
        }
        self.quality = quality
    }

    /// How exactly it names a type: 2 both names, 1 only the first, 0 any; nil if another.
    func specificity(for wanted: (String, String)) -> Int? {
        switch (type, subtype) {
        case ("*", "*"): 0
        case (wanted.0, "*"): 1
        case (wanted.0, wanted.1): 2
        default: nil
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
