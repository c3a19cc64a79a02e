/// The parameters of a URL's query by their names, which are the same only if their code points are.
package struct QueryReader: Sendable {
    private let form: FormReader

    /// Reads a query.
    ///
    /// - Parameters:
    ///   - text: without the question mark; at most what nginx takes as a request line, which bounds
    ///     the pairs.
    ///   - strictness: what is made of a text that is not in order; nil comes of what is refused.
    package init?(_ text: some StringProtocol, _ strictness: FormReader.Strictness) {
        guard let form = FormReader(Array(text.utf8), strictness, limit: .max) else { return nil }
        self.form = form
    }

    /// All names in order, one that was given twice also twice.
    package var names: [String] { form.pairs.map { form.text($0.name) } }

    /// The values of a name in order; a name without `=` has an empty one.
    package func values(_ name: String) -> [String] {
        form.pairs.filter { form.decoded[$0.name].elementsEqual(name.utf8) }
            .map { form.text($0.value) }
    }
}
