import Foundation

/// The parameters of a query, decoded.
struct Query {
    private let values: [String: String]

    /// Reads what is behind the `?` of a request's target; of a repeated name the first counts.
    init(target: String) {
        var values: [String: String] = [:]
        if let mark = target.firstIndex(of: "?") {
            for pair in target[target.index(after: mark)...].split(separator: "&") {
                let parts = pair.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = Self.decoded(parts[0])
                if values[name] == nil {
                    values[name] = parts.count > 1 ? Self.decoded(parts[1]) : ""
                }
            }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number within bounds, the nearer bound for what is outside.
    func integer(_ name: String, default value: Int, in bounds: ClosedRange<Int>) -> Int {
        min(max(self[name].flatMap(Int.init) ?? value, bounds.lowerBound), bounds.upperBound)
    }

    /// The names in a list separated by commas.
    func list(_ name: String) -> [String]? {
        self[name]?.split(separator: ",").map(String.init)
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? String(text)
    }
}
