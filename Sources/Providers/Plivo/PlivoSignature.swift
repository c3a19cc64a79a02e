import JSON

/// The texts that Plivo signs, as its SDKs build them.
///
/// The port in the URL is kept, the query is decoded, repeated names are kept and sorted by value:
/// so do the Python, Node and, but for repeated names, the Go SDK. Names and values that are not
/// ASCII are read as UTF-8.
/// Source: plivo-python `plivo/utils/signature_v3.py` and `plivo/utils/__init__.py`.
enum PlivoSignature {
    /// What V3 signs, behind scheme and authority.
    ///
    /// - Parameters:
    ///   - uri: path and query as called.
    ///   - form: the body; empty where the URL was called by GET.
    ///   - nonce: as the header holds it.
    /// - Returns: nil if the query has more pairs than are read.
    static func v3(uri: String, form: FormReader, nonce: String) -> [UInt8]? {
        let (path, queryText) = split(uri)
        guard let query = FormReader(queryText) else { return nil }
        var text = path
        let hasFields = !form.pairs.isEmpty
        if !query.pairs.isEmpty || hasFields { text.append(UInt8(ascii: "?")) }
        append(query, to: &text, between: [UInt8(ascii: "=")], after: [UInt8(ascii: "&")])
        if hasFields {
            if !query.pairs.isEmpty { text.append(UInt8(ascii: ".")) }
            append(form, to: &text, between: [], after: [])
        }
        text.append(UInt8(ascii: "."))
        text.append(contentsOf: nonce.utf8)
        return text
    }

    /// What V2 signs, behind scheme and authority: neither the query nor the body is protected.
    static func v2(uri: String, nonce: String) -> [UInt8] {
        split(uri).path + Array(nonce.utf8)
    }

    private static func split(_ uri: String) -> (path: [UInt8], query: [UInt8]) {
        let bytes = Array(uri.utf8)
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return (bytes, []) }
        return (Array(bytes[..<mark]), Array(bytes[(mark + 1)...]))
    }

    private static func append(
        _ form: FormReader, to text: inout [UInt8], between: [UInt8], after: [UInt8]
    ) {
        var isFirst = true
        for pair in form.sorted {
            if !isFirst { text += after }
            isFirst = false
            text += form.decoded[pair.name]
            text += between
            text += form.decoded[pair.value]
        }
    }
}
