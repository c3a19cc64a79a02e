/// The parameters of a URL's query by their names, which are the same only if their code points are.
package struct QueryReader: Sendable {
    private let form: FormReader

    /// Reads a query of which every detail must be right; nil for an escape that is none, for bytes
    /// that are not UTF-8, and for NUL.
    ///
    /// - Parameter text: without the question mark; at most what nginx takes as a request line,
    ///   which bounds the pairs.
    package init?(strict text: some StringProtocol) {
        guard let form = FormReader(Array(text.utf8), .strict, limit: .max) else { return nil }
        self.form = form
    }

    /// Reads a query of which what is not in order is taken as it stands.
    ///
    /// - Parameter text: as above.
    package init(lenient text: some StringProtocol) {
        form = FormReader(lenient: Array(text.utf8))
    }

    /// All names in order, one that was given twice also twice.
    package var names: [String] { form.pairs.map { form.text($0.name) } }

    /// The values of a name in order; a name without `=` has an empty one.
    package func values(_ name: String) -> [String] {
        form.pairs.filter { form.decoded[$0.name].elementsEqual(name.utf8) }
            .map { form.text($0.value) }
    }
}
