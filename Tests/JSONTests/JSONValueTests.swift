import Foundation
import Testing

@testable import JSON

@Suite("JSON values")
struct JSONValueTests {
    private func strict(_ text: String) throws -> JSONValue {
        try JSONValue(strict: Array(text.utf8))
    }

    private func fault(_ text: String) -> JSONFault.Code? {
        do throws(JSONFault) {
            _ = try JSONValue(strict: Array(text.utf8))
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "ambiguous texts are refused",
        arguments: [
            (#"{"a":1,"a":1}"#, JSONFault.Code.duplicateName),
            (#"{"a":1,"b":2,"\u0061":3}"#, .duplicateName),
            (#"{"x":[{"a":1,"a":2}]}"#, .duplicateName),
            (
                "{\(Array(0..<20).map { "\"k\($0)\":1" }.joined(separator: ",")),\"k7\":1}",
                .duplicateName
            ),
            (#"{"a":1,}"#, .unexpectedByte), ("[1,]", .unexpectedByte), ("[,]", .unexpectedByte),
            ("", .unexpectedEnd), ("{", .unexpectedEnd), ("{}x", .trailing),
            (#""\ud800""#, .halfSurrogate), (#"{"\udc00":1}"#, .halfSurrogate),
            ("1e128", .hugeNumber), ("[1e-999999999999999999999]", .hugeNumber),
            (String(repeating: "9", count: 65), .longNumber),
            ("\"\(String(repeating: "a", count: 16_385))\"", .longString),
            (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), .tooDeep),
        ])
    func refused(text: String, code: JSONFault.Code) {
        #expect(fault(text) == code)
    }

    @Test("bytes that are not UTF-8 are refused, in a value and in a name")
    func notUTF8() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], Array(#"{""#.utf8) + [0xC3] + Array(#"":1}"#.utf8),
            Array(#"[["#.utf8) + [0x22, 0xED, 0xA0, 0x80, 0x22] + Array(#"],1]"#.utf8),
        ] {
            let fault = #expect(throws: JSONFault.self) { try JSONValue(strict: bytes) }
            #expect(fault?.code == .invalidUTF8)
        }
    }

    @Test("names are different if their code points are, also of one character")
    func codePoints() throws {
        let value = try strict("{\"caf\u{e9}\":1,\"cafe\u{301}\":2,\"K\":3,\"\u{212A}\":4}")
        #expect(value.members.count == 4)
        #expect(value["caf\u{e9}"]?.integer == 1)
        #expect(value["cafe\u{301}"]?.integer == 2)
        #expect(value["K"]?.integer == 3)
        #expect(value["\u{212A}"]?.integer == 4)
        #expect(fault(#"{"caf\u00e9":1,"café":2}"#) == .duplicateName)
    }

    @Test("values are the same if their code points are, in names and in texts")
    func equality() throws {
        #expect(try strict("{\"a\":[\"\u{e9}\",1]}") == strict("{ \"a\": [\"\u{e9}\", 1] }"))
        #expect(try strict("{\"\u{e9}\":1}") != strict("{\"e\u{301}\":1}"))
        #expect(try strict("[\"\u{e9}\"]") != strict("[\"e\u{301}\"]"))
        #expect(try strict("1") != strict("1.0"))
        #expect(try strict("[1]") != strict("[1,1]"))
        #expect(try strict("null") != strict("false"))
    }

    @Test("a value is what the text says, NUL included")
    func values() throws {
        let text = #" {"a":[null,true,false,-1.50,"x\u0000y\n"],"b":{}} "#
        let value = try strict("\u{FEFF}" + text)
        #expect(
            value
                == .object([
                    .init(
                        name: "a",
                        value: .array([
                            .null, .boolean(true), .boolean(false), .number("-1.50"),
                            .string("x\0y\n"),
                        ])), .init(name: "b", value: .object([])),
                ]))
        #expect(value["a"]?.elements.count == 5)
        #expect(value["c"] == nil)
    }

    @Test("values are counted, and the bound is the bound")
    func count() {
        var limits = JSONReader.Limits()
        limits.values = 4
        #expect(throws: Never.self) {
            try JSONValue(strict: Array("[1,[],2]".utf8), limits: limits)
        }
        let fault = #expect(throws: JSONFault.self) {
            try JSONValue(strict: Array("[1,[2],2]".utf8), limits: limits)
        }
        #expect(fault?.code == .tooManyValues)
    }

    @Test("of an answer, everything readable counts")
    func answers() {
        let value = JSONValue(Array(#"{"a":1,"a":2,"b":"\ud800\u0000"}"#.utf8))
        #expect(value?["a"]?.integer == 1)
        #expect(value?["b"]?.text == "\u{FFFD}\u{FFFD}")
        #expect(JSONValue([0x22, 0xFF, 0x22])?.text == "\u{FFFD}")
        #expect(JSONValue(Array("[1,]".utf8)) == nil)
        #expect(JSONValue(Array("<html>".utf8)) == nil)
        #expect(JSONValue(Array(String(repeating: "9", count: 65).utf8)) == nil)
    }

    @Test(
        "a whole number is read however it is written",
        arguments: [
            ("0", 0), ("-0", 0), ("17", 17), ("17.0", 17), ("1.7e1", 17), ("1700E-2", 17),
            ("-5.000", -5), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("0e999", 0), ("0.0e-999", 0), ("1.5", nil), ("9223372036854775808", nil),
            ("1e19", nil), ("1e-1", nil), ("1e999", nil), ("15e-1", nil),
            ("0000000000000000000017", 17), ("+17", 17), ("", nil), ("-", nil), ("1.", nil),
            (".5", nil), ("1e", nil), ("1x", nil), (" 1", nil), ("1e1000", nil), ("e5", nil),
        ] as [(String, Int64?)])
    func integers(text: String, expected: Int64?) {
        let value = Array(text.utf8).withUnsafeBytes { ByteView($0).integer(0..<$0.count) }
        #expect(value == expected)
    }

    @Test(
        "media types and encodings",
        arguments: [
            ("application/json", true), ("text/json", true), ("Text/JSON; charset=utf-8", true),
            ("application/problem+json", true), ("application/vnd.x+json ; a=b", true),
            ("application/json-patch", false), ("text/plain", false), ("json", false),
            ("+json", false), ("/+json", false), ("", false),
        ])
    func mediaTypes(type: String, isJSON: Bool) {
        #expect(MediaType.isJSON(type) == isJSON)
    }

    @Test(
        "the media types of CSV",
        arguments: [
            ("text/csv", true), ("Text/CSV; charset=utf-8", true), ("text/csvx", false),
            ("text/plain", false), ("application/csv", false), ("", false),
        ])
    func mediaTypes(type: String, isCSV: Bool) {
        #expect(MediaType.isCSV(type) == isCSV)
    }

    @Test(
        "only no encoding is read",
        arguments: [
            ("", true), ("identity", true), (" Identity , identity", true), ("gzip", false),
            ("identity, gzip", false), ("br", false), ("x-identity", false),
        ])
    func encodings(encoding: String, isIdentity: Bool) {
        #expect(MediaType.isIdentity(encoding) == isIdentity)
    }
}
