import Foundation
import TestSupport
import Testing

@testable import JSON

/// A JSON text as a tree, for comparison with Foundation's.
indirect enum JSONTree {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([(String, JSONTree)])

    /// Where our reading differs from Foundation's on purpose.
    struct Differences {
        var invalidUTF8 = false
        var repaired = false
        var duplicates = false
        var extremes = false
    }

    static func read(_ bytes: [UInt8]) throws -> (JSONTree, Differences) {
        try bytes.withUnsafeBytes { bytes in
            var reader = JSONReader(ByteView(bytes))
            var differences = Differences()
            let tree = try read(&reader, &differences)
            try reader.finish()
            if let flaw = reader.flaw {
                guard flaw.code == .invalidUTF8 else { throw flaw }
                differences.invalidUTF8 = true
            }
            return (tree, differences)
        }
    }

    private static func read(
        _ reader: inout JSONReader, _ differences: inout Differences
    ) throws -> JSONTree {
        switch reader.peek() {
        case UInt8(ascii: "{"):
            try reader.enterObject()
            var members: [(String, JSONTree)] = []
            while let key = try reader.nextKey() {
                let (name, isRepaired) = reader.bytes.text(key)
                if isRepaired { differences.repaired = true }
                if members.contains(where: { $0.0 == name }) { differences.duplicates = true }
                members.append((name, try read(&reader, &differences)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            try reader.enterArray()
            var elements: [JSONTree] = []
            while try reader.nextElement() { elements.append(try read(&reader, &differences)) }
            return .array(elements)
        case UInt8(ascii: "\""):
            let (text, isRepaired) = reader.bytes.text(try reader.scanString())
            if isRepaired { differences.repaired = true }
            return .string(text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let text = reader.bytes.text(try reader.scanNumber().range)
            // No `Double` holds it; we keep the characters.
            if Double(text).map({ !$0.isFinite || $0 == 0 }) ?? true { differences.extremes = true }
            return .number(text)
        case let byte:
            try reader.scanLiteral()
            return byte == UInt8(ascii: "n") ? .null : .bool(byte == UInt8(ascii: "t"))
        }
    }

    /// Whether Foundation's value is the same.
    func equals(_ other: Any) -> Bool {
        switch self {
        case .null: return other is NSNull
        case .bool(let value): return (other as? NSNumber)?.boolValue == value
        case .number(let text):
            guard let number = other as? NSNumber, let value = Double(text) else { return false }
            return number.doubleValue == value
                || abs(number.doubleValue - value) <= abs(value) * 1e-12
        case .string(let text): return other as? String == text
        case .array(let elements):
            guard let others = other as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy { $0.equals($1) }
        case .object(let members):
            guard let others = other as? [String: Any], others.count == members.count else {
                return false
            }
            return members.allSatisfy { name, value in others[name].map(value.equals) ?? false }
        }
    }
}

@Suite("The JSON reader")
struct JSONReaderTests {
    /// Texts that between them hold every production of the grammar.
    static let seeds = [
        #"{"results":[{"messageId":"m-1","status":{"groupId":3,"name":"X"},"price":{"p":0.042}}]}"#,
        #"[1,-0,0.5,-12.25e+3,1E-2,true,false,null,"",[],{},"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude9a"]"#,
        #"{"a":{"b":[{"c":[[["d"]]]}]},"Zoë 🚚":"ünï","e":1.0e0,"":" "}"#,
        "\n\t [ \r\n{ \"k\" : [ 1 , 2 ] , \"l\" : \"0123456789abcdef0123456789\" } ] \n",
        "\"just a string\"", "-17.5", "true",
    ]

    @Test("agrees with Foundation on thousands of changed texts", arguments: 0..<8)
    func fuzz(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        var accepted = 0
        let pieces = Array("{}[],:\"\\0123456789eE+-.tfn utrue false null\u{1}\u{7F}".utf8)
        for _ in 0..<3000 {
            var text = Array(try #require(Self.seeds.randomElement(using: &generator)).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<text.count, using: &generator)
                let piece = try #require(pieces.randomElement(using: &generator))
                switch Int.random(in: 0..<6, using: &generator) {
                case 0: text[place] = UInt8.random(in: 1...255, using: &generator)
                case 1: text[place] = piece
                case 2: text.insert(piece, at: place)
                case 3: if text.count > 1 { text.remove(at: place) }
                case 4:
                    let end = Int.random(in: place..<text.count, using: &generator)
                    let copy = Array(text[place...end])
                    let target = Int.random(in: 0..<text.count, using: &generator)
                    text.insert(contentsOf: copy, at: target)
                default:
                    let end = Int.random(in: place..<text.count, using: &generator)
                    if end - place + 1 < text.count { text.removeSubrange(place...end) }
                }
            }
            if try compare(text) { accepted += 1 }
        }
        #expect(accepted > 300)
    }

    /// Whether both accept the text; fails where they do not agree.
    private func compare(_ text: [UInt8]) throws -> Bool {
        let theirs = try? JSONSerialization.jsonObject(
            with: Data(text), options: .fragmentsAllowed)
        let shown = String(decoding: text, as: UTF8.self)
        let ours: JSONTree
        let differences: JSONTree.Differences
        do {
            (ours, differences) = try JSONTree.read(text)
        } catch let fault as JSONFault {
            // Foundation alone accepts a byte order mark, in all encodings, and a comma at the end
            // of an array or an object.
            let hasMark = [0xEF, 0xFE, 0xFF].contains(text.first)
            let before = text[..<fault.offset].last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            let isTrailingComma =
                before == UInt8(ascii: ",") && fault.offset < text.count
                && [UInt8(ascii: "]"), UInt8(ascii: "}")].contains(text[fault.offset])
            let isMeant = hasMark || isTrailingComma
            #expect(theirs == nil || isMeant, "only Foundation accepts: \(shown)")
            return false
        }
        guard let theirs else {
            let isMeant =
                differences.invalidUTF8 || differences.repaired || differences.extremes
            #expect(isMeant, "only we accept: \(shown)")
            return false
        }
        if !differences.repaired, !differences.duplicates, !differences.invalidUTF8 {
            #expect(ours.equals(theirs), "not the same: \(shown)")
        }
        return true
    }

    @Test(
        "accepts what RFC 8259 accepts",
        arguments: seeds + [
            "0", "-0", "\u{FEFF}[]", "\u{FEFF} {}", "0e0", "1E+10", " [ ] ", "{}", #"{"":{}}"#,
            "\"\\uD800\"", "\"\u{7F}\"",
            String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
        ])
    func accepted(text: String) throws {
        _ = try JSONTree.read(Array(text.utf8))
        try skip(text)
    }

    @Test(
        "refuses what RFC 8259 does not accept",
        arguments: [
            "", " ", "\u{FEFF}", "01", "-", "1.", ".1", "1e", "+1", "0x1", "1 2", "tru", "True",
            "nul", "NaN",
            "[1,]", "[,1]", "[1 2]", "[", "]", "{", "}", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
            #"{a:1}"#, #"{"a":1 "b":2}"#, #"{1:2}"#, "[}", "{]", #"["a]"#, #"["\"]"#, #"["\x"]"#,
            #"["\u12"]"#, #"["\u12g4"]"#, "[\"\n\"]", "'a'", "[1]x", "//", "[1]/**/",
            "\u{FEFF}\u{FEFF}[]",
            "\u{A0}[]", "[\u{B}1]", "truefalse", "[1]]", "\"\\", "\"\\u", "\"\\u0", "-a", "1e+",
        ])
    func refused(text: String) {
        #expect(throws: JSONFault.self) { try JSONTree.read(Array(text.utf8)) }
        #expect(throws: JSONFault.self) { try skip(text) }
    }

    /// The result of skipping a value, and whether the whole text was one value.
    private func flaw(_ text: String, _ limits: JSONReader.Limits = .init()) throws -> JSONFault? {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(ByteView(bytes), limits: limits)
            try reader.skipValue()
            try reader.finish()
            #expect(reader.depth == 0)
            return reader.flaw
        }
    }

    @Test("an exceeded bound is a flaw, and the text is read on", arguments: [1, 3, 63, 64])
    func bounds(depth: Int) throws {
        var limits = JSONReader.Limits()
        limits.depth = depth
        limits.string = 8
        limits.number = 8
        func nested(_ levels: Int, _ inner: String = "") -> String {
            let outer = (0..<levels).map { $0 % 3 == 1 ? #"{"k":"# : "[" }
            let ends = (0..<levels).reversed().map { $0 % 3 == 1 ? "}" : "]" }
            return outer.joined() + (inner.isEmpty && levels % 3 == 2 ? "1" : inner) + ends.joined()
        }
        #expect(try flaw(nested(depth), limits) == nil)
        for levels in [depth + 1, depth + 2, 64, 65, 128, 129, 130, 1000, 100_000]
        where levels > depth {
            let text = nested(levels, "[1,{},[],true]")
            #expect(try flaw(text, limits)?.code == .tooDeep)
            let cut = String(text.dropLast())
            #expect(throws: JSONFault.self) { try flaw(cut, limits) }
            #expect(throws: JSONFault.self) { try flaw(nested(levels, "[1,]"), limits) }
            #expect(throws: JSONFault.self) { try flaw(text + "]", limits) }
            let crossed = String(text.dropLast()) + (text.last == "]" ? "}" : "]")
            #expect(throws: JSONFault.self) { try flaw(crossed, limits) }
        }
        #expect(try flaw(#""12345678""#, limits) == nil)
        #expect(try flaw(#""123456789""#, limits)?.code == .longString)
        #expect(try flaw("12345678", limits) == nil)
        #expect(try flaw("123456789", limits)?.code == .longNumber)
        #expect(try flaw(#"["123456789",1]"#, limits) == JSONFault(.longString, at: 1))
    }

    private func skip(_ text: String) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(ByteView(bytes))
            try reader.skipValue()
            try reader.finish()
            #expect(reader.depth == 0)
        }
    }

    @Test(
        "escapes are decoded, and unpaired surrogates replaced",
        arguments: [
            (#"\u0041\u00e9\u20ac"#, "Aé€", false), (#"\ud83d\ude9a"#, "🚚", false),
            (#"\uD83D\uDE9A"#, "🚚", false), (#"\ud83d"#, "\u{FFFD}", true),
            (#"\ude9a\ud83d"#, "\u{FFFD}\u{FFFD}", true), (#"\ud83dx"#, "\u{FFFD}x", true),
            (#"\ud83d\u0041"#, "\u{FFFD}A", true), (#"\ud83d\ud83d\ude9a"#, "\u{FFFD}🚚", true),
            (#"\u0000"#, "\u{FFFD}", true), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t", false),
            (#"é\u0301"#, "é\u{301}", false),
        ])
    func escapes(contents: String, expected: String, isRepaired: Bool) throws {
        let bytes = Array("\"\(contents)\"".utf8)
        let result = try bytes.withUnsafeBytes { bytes in
            var reader = JSONReader(ByteView(bytes))
            return reader.bytes.text(try reader.scanString())
        }
        #expect(Array(result.text.unicodeScalars) == Array(expected.unicodeScalars))
        #expect(result.isRepaired == isRepaired)
    }

    @Test("UTF-8 is checked as Swift's own decoder does", arguments: 0..<4)
    func utf8(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        let leads: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                leads[Int.random(in: 0..<leads.count, using: &generator)]
            }
            let isValid = bytes.withUnsafeBytes {
                ByteView($0).firstInvalidUTF8(in: 0..<bytes.count) == nil
            }
            #expect(isValid == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }
}
