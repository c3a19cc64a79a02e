/// The parameters of a URL's query; two names are the same only if their code points are.
package struct QueryReader: Sendable {
    private let form: FormReader

    /// Reads a query strictly; nil for an invalid escape, for bytes that are not UTF-8, and for
    /// NUL.
    ///
    /// - Parameter text: without the question mark; nginx bounds its length and so the pairs.
    package init?(strict text: some StringProtocol) {
        guard let form = FormReader(Array(text.utf8), .strict, limit: .max) else { return nil }
        self.form = form
    }

    /// Reads a query leniently: malformed parts stay as they are.
    ///
    /// - Parameter text: as above.
    package init(lenient text: some StringProtocol) {
        form = FormReader(lenient: Array(text.utf8))
    }

    /// All names in order; one that was given twice appears twice.
    package var names: [String] { form.pairs.map { form.text($0.name) } }

    /// The values of a name in order; a name without `=` has an empty one.
    package func values(_ name: String) -> [String] {
        form.pairs.filter { form.decoded[$0.name].elementsEqual(name.utf8) }
            .map { form.text($0.value) }
    }
}
