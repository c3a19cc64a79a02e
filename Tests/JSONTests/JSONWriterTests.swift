import Foundation
import JSON
import Testing

@Suite("The JSON writer")
struct JSONWriterTests {
    private func text(_ build: (inout JSONWriter) -> Void) -> String {
        String(decoding: JSONWriter.document { build(&$0) }, as: UTF8.self)
    }

    @Test("Commas stand between members and elements, and nowhere else")
    func commas() {
        let text = text { json in
            json.member("a", 1)
            json.object("b") { _ in }
            json.array("c") { list in
                list.string("x")
                list.object { $0.member("d", true) }
                list.array { $0.null() }
            }
            json.key("e")
            json.raw(#"{"f":2}"#)
            json.raw(Array(#""g":3,"h":4"#.utf8))
            json.member("i", "end")
        }
        #expect(
            text == #"{"a":1,"b":{},"c":["x",{"d":true},[null]],"e":{"f":2},"g":3,"h":4,"#
                + #""i":"end"}"#)
    }

    @Test("An absent value is null, or left out where the writer is told so")
    func absent() {
        let text = text { json in
            json.member("a", String?.none)
            json.member("b", Bool?.none)
            json.member("c", Int?.none)
            json.member("d", milliseconds: nil)
            json.member("e", ifAny: String?.none)
            json.member("f", ifAny: Int?.none)
            json.member("g", ifTrue: false)
            json.member("h", ifAny: "x")
            json.member("i", ifAny: 5 as Int?)
            json.member("j", ifTrue: true)
            json.member("k", milliseconds: .microseconds(1_500))
        }
        #expect(
            text == #"{"a":null,"b":null,"c":null,"d":null,"h":"x","i":5,"j":true,"k":1.500}"#)
    }

    @Test(
        "Texts are escaped where JSON needs it, and are read again as they were",
        arguments: [
            ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("a\\b\"", #""a\\b\"""#),
            ("\n\r\t", #""\n\r\t""#), ("x\u{1}\u{1F}\u{7F}", "\"x\\u0001\\u001f\u{7F}\""),
            ("é🚚\u{2028}/", "\"é🚚\u{2028}/\""), ("a\0b", #""a\u0000b""#),
        ])
    func escapes(text: String, expected: String) throws {
        var json = JSONWriter()
        json.string(text)
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
        #expect(try JSONValue(strict: json.bytes) == .string(text))
    }

    @Test("A NUL is replaced in names and values that PostgreSQL would hold")
    func nul() throws {
        let bytes = JSONWriter.document(.withoutNUL) { $0.member("a\0", "\0b\n\t\u{1}") }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "{\"a\u{FFFD}\":\"\u{FFFD}b\\u000a\\u0009\\u0001\"}")
    }

    @Test(
        "Numbers are written to the thousandth",
        arguments: [
            (0, "0"), (1, "1"), (-1, "-1"), (0.5, "0.500"), (0.0004, "0"), (1.0006, "1.001"),
            (-0.25, "-0.250"), (12.0625, "12.063"), (.nan, "null"), (.infinity, "null"),
            (1e300, "null"), (-0.0004, "0"),
        ])
    func numbers(value: Double, expected: String) throws {
        var json = JSONWriter()
        json.number(value)
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
    }

    @Test("For people each member has a line of its own")
    func indented() {
        var json = JSONWriter(indent: 2)
        json.object { json in
            json.member("a", 1)
            json.object("b") { $0.member("c", "d") }
            json.array("e") { list in
                list.integer(1)
                list.object { _ in }
            }
            json.array("f") { _ in }
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self) == """
                {
                  "a": 1,
                  "b": {
                    "c": "d"
                  },
                  "e": [
                    1,
                    {}
                  ],
                  "f": []
                }
                """)
    }

    @Test(
        "A provider's JSON is copied in a form that jsonb accepts",
        arguments: [
            ("{ \"a\" : [ 1 , 2 ] }", #"{"a":[1,2]}"#), (#""\ud800x""#, "\"\u{FFFD}x\""),
            (#""a\u0000\n""#, "\"a\u{FFFD}\\n\""), ("1e999", "1e999"), ("1E+9999", #""1E+9999""#),
            (#""two  blanks""#, #""two  blanks""#),
        ])
    func copied(source: String, expected: String) {
        var json = JSONWriter(.withoutNUL)
        Array(source.utf8).withUnsafeBytes { json.value(copying: 0..<$0.count, of: ByteView($0)) }
        #expect(String(decoding: json.bytes, as: UTF8.self) == expected)
    }

    @Test("A copied member takes its place among written ones")
    func copiedMember() {
        let source = Array(#"{ "a\u0062" : 5 }"#.utf8)
        let bytes = JSONWriter.document { json in
            json.member("x", 1)
            source.withUnsafeBytes { bytes in
                json.key(copying: 2..<11, of: ByteView(bytes))
                json.value(copying: 14..<15, of: ByteView(bytes))
            }
            json.member("y", 2)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"x":1,"a\u0062":5,"y":2}"#)
    }

    @Test("One value has one canonical text")
    func canonical() throws {
        func canonical(_ text: String) throws -> String {
            String(decoding: try JSONValue(strict: Array(text.utf8)).canonicalBytes, as: UTF8.self)
        }
        #expect(
            try canonical(#"{"b":[1.50,{"d":1e0,"c":-0.0}],"a":"\u0061"}"#)
                == #"{"a":"a","b":[1.5,{"c":0,"d":1}]}"#)
        // Beyond 64 bits the digits stay, and no point without a digit behind it.
        #expect(
            try canonical("[99999999999999999999.000,-18446744073709551616.50]")
                == "[99999999999999999999,-18446744073709551616.5]")
        // In the order of code points, which is not that of Swift's strings.
        #expect(
            try canonical("{\"\u{E9}\":1,\"e\u{301}\":2,\"z\":3}")
                == "{\"e\u{301}\":2,\"z\":3,\"\u{E9}\":1}")
    }
}
