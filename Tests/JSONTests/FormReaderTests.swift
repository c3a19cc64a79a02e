import JSON
import Testing

@Suite("Forms and queries")
struct FormReaderTests {
    private func pairs(
        _ text: String, _ strictness: FormReader.Strictness
    ) -> [[String]]? {
        guard let form = FormReader(Array(text.utf8), strictness) else { return nil }
        return form.pairs.map { [form.text($0.name), form.text($0.value)] }
    }

    @Test(
        "Well-formed texts are read the same, strictly and leniently",
        arguments: [
            ("", [[String]]()), ("&&", []), ("a=1", [["a", "1"]]), ("a", [["a", ""]]),
            ("=x", [["", "x"]]), ("=", [["", ""]]), ("d=1=2", [["d", "1=2"]]),
            ("a=1&&b=2&", [["a", "1"], ["b", "2"]]), ("a=2&a=1", [["a", "2"], ["a", "1"]]),
            ("%61+b=c%2Bd", [["a b", "c+d"]]), ("f=%c3%AB", [["f", "ë"]]), ("x=ë", [["x", "ë"]]),
            ("a%3Db%26=%3d%26", [["a=b&", "=&"]]),
        ])
    func both(text: String, expected: [[String]]) {
        #expect(pairs(text, .lenient) == expected)
        #expect(pairs(text, .strict) == expected)
    }

    @Test(
        "Malformed parts stay as they are, or are refused",
        arguments: [
            ("b=%zz%4", [["b", "%zz%4"]]), ("%", [["%", ""]]), ("a=%1", [["a", "%1"]]),
            ("a=%4&1=b", [["a", "%4"], ["1", "b"]]), ("e=%C3%28", [["e", "\u{FFFD}("]]),
            ("%ff=1", [["\u{FFFD}", "1"]]), ("a=%C3", [["a", "\u{FFFD}"]]),
            ("a=%00", [["a", "\0"]]), ("a=%%41", [["a", "%A"]]),
        ])
    func otherwise(text: String, expected: [[String]]) {
        #expect(pairs(text, .lenient) == expected)
        #expect(pairs(text, .strict) == nil)
    }

    @Test("There are at most so many pairs")
    func limit() {
        let text = Array("a&b&&c".utf8)
        #expect(FormReader(text, limit: 3)?.pairs.count == 3)
        #expect(FormReader(text, limit: 2) == nil)
    }

    @Test("Pairs are sorted by code points, by name and then by value")
    func sorted() throws {
        let form = try #require(
            FormReader(Array("b=2&a=1&b=10&\u{E9}=1&e\u{301}=2&a=&z=3".utf8)))
        #expect(
            form.sorted.map { form.text($0.name) + form.text($0.value) }.map { Array($0.utf8) }
                == ["a", "a1", "b10", "b2", "e\u{301}2", "z3", "\u{E9}1"].map { Array($0.utf8) })
    }

    @Test("A query's names are the same only if their code points are")
    func names() throws {
        let query = try #require(
            QueryReader(strict: "caf%C3%A9=1&cafe%CC%81=2&a=3&caf%C3%A9=4&b"))
        #expect(query.values("caf\u{E9}") == ["1", "4"])
        #expect(query.values("cafe\u{301}") == ["2"])
        #expect(query.values("b") == [""])
        #expect(query.values("c").isEmpty)
        #expect(query.names.count == 5)
        #expect(QueryReader(strict: "a=%zz") == nil)
        #expect(QueryReader(lenient: "a=%zz").values("a") == ["%zz"])
    }

    @Test(
        "A written text is read again as it was",
        arguments: ["", "a b+c", "100%", "é🚚", "a&b=c;d", "~-._", "\0\u{7F}/?#"])
    func written(text: String) throws {
        for blank in [PercentEncoding.Blank.escaped, .plus] {
            let written = PercentEncoding.encode([("n", text), (text, "v")], blank: blank)
            #expect(written.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            let form = try #require(FormReader(Array(written.utf8)))
            #expect(form.pairs.map { form.text($0.name) } == ["n", text])
            #expect(form.pairs.map { form.text($0.value) } == [text, "v"])
        }
        #expect(PercentEncoding.encode("a b/é") == "a%20b%2F%C3%A9")
        #expect(PercentEncoding.encode("a b", blank: .plus) == "a+b")
    }
}
