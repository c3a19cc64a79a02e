/// Reads the few headers that a callback needs, whose words are the same in either case.
enum HeaderText {
    /// Whether a `Content-Type` is JSON: `application/json`, or a type made of it such as `application/x+json`.
    static func isJSON(_ header: String) -> Bool {
        // The only spelling that Infobip uses, on the path of every callback.
        if header == "application/json" { return true }
        let type = essence(header)
        guard type.hasPrefix("application/") else { return false }
        return type == "application/json" || type.hasSuffix("+json")
    }

    /// Whether a `Content-Type` is `application/x-www-form-urlencoded`.
    static func isForm(_ header: String) -> Bool {
        essence(header) == "application/x-www-form-urlencoded"
    }

    /// Whether bytes begin with a word, in either case; the word is ASCII and in lower case.
    static func hasPrefix(_ bytes: some Collection<UInt8>, _ word: String) -> Bool {
        bytes.starts(with: word.utf8) { byte, expected in
            (byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte) == expected
        }
    }

    /// Type and subtype in lower case, without parameters: only UTF-8 is read whatever they say.
    private static func essence(_ header: String) -> String {
        let type = header.prefix { $0 != ";" }
        return type.drop { $0 == " " || $0 == "\t" }.lowercased().trimmingEnd()
    }
}

extension String {
    fileprivate func trimmingEnd() -> String {
        var text = Substring(self)
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
