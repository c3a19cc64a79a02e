import JSON

/// Query parameters of the providers' APIs; of a name given twice the first value counts.
extension QueryReader {
    /// A parameter's value; nil if it is absent or empty.
    subscript(name: String) -> String? { values(name).first.flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number within bounds, the nearer bound for what is outside.
    func integer(_ name: String, default value: Int, in bounds: ClosedRange<Int>) -> Int {
        min(max(self[name].flatMap { Int($0) } ?? value, bounds.lowerBound), bounds.upperBound)
    }

    /// The names in a list separated by commas.
    func list(_ name: String) -> [String]? {
        self[name]?.split(separator: ",").map(String.init)
    }
}
