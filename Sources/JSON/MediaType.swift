/// Reads a `Content-Type` and a `Content-Encoding`, in which letter case does not matter.
package enum MediaType {
    /// Whether a `Content-Type` is JSON: `application/json`, `text/json`, or a type based on JSON
    /// such as `application/problem+json`. Source: RFC 6839, section 3.1.
    package static func isJSON(_ contentType: String) -> Bool {
        // The spelling that Infobip uses, checked first because every callback passes here.
        if contentType == "application/json" { return true }
        let type = essence(contentType)
        guard let slash = type.firstIndex(of: "/"), slash != type.startIndex else { return false }
        return type == "application/json" || type == "text/json"
            || type[slash...].dropFirst().hasSuffix("+json")
    }

    /// Whether a `Content-Type` is `application/x-www-form-urlencoded`.
    package static func isForm(_ contentType: String) -> Bool {
        essence(contentType) == "application/x-www-form-urlencoded"
    }

    /// Whether a `Content-Type` is `text/csv`. Source: RFC 7111.
    package static func isCSV(_ contentType: String) -> Bool {
        essence(contentType) == "text/csv"
    }

    /// Whether a `Content-Encoding` leaves the body unchanged; all others are refused.
    /// Source: RFC 9110, section 8.4.
    package static func isIdentity(_ contentEncoding: String) -> Bool {
        contentEncoding.split(separator: ",").allSatisfy { word in
            let word = trimmed(word)
            return word.isEmpty || word.lowercased() == "identity"
        }
    }

    /// Type and subtype in lower case; parameters are ignored, because only UTF-8 is read.
    private static func essence(_ header: String) -> String {
        trimmed(header.prefix { $0 != ";" }).lowercased()
    }

    private static func trimmed(_ text: Substring) -> Substring {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
