@testable import JSON

extension FuzzTarget {
    /// The strict reader, the one for providers' answers, and the canonical text.
    static let json = FuzzTarget(
        name: "json",
        seeds: [
            sample("infobip-v3.json"), sample("infobip-delivered.json"),
            Array(#"{"a":[1,-0.5e+3,true,false,null,"é\n\u00e9\ud83d\ude00"],"b":{"":{}}}"#.utf8),
            Array("\u{FEFF} [ [ ], 12345678901234567890 ]".utf8),
        ],
        words: numberWords + [
            "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "false", "{}", "[]", "[[",
            "{\"a\":", ",", ":", " ", "\u{FEFF}", "\"a\":1,",
        ],
        check: { input in
            let value: JSONValue
            do throws(JSONFault) {
                value = try JSONValue(strict: input)
            } catch {
                try FuzzFinding.unless(
                    (0...input.count).contains(error.offset) && !error.explanation(.init()).isEmpty,
                    "the fault is at \(error.offset) of \(input.count)")
                return false
            }
            // It replaces what PostgreSQL cannot hold.
            try FuzzFinding.unless(
                value.holdsNUL || JSONValue(input) == value, "the lenient reader reads another")
            let canonical = value.canonicalBytes
            let again = try JSONValue(strict: canonical)
            try FuzzFinding.unless(
                again.canonicalBytes == canonical, "the canonical text is none of its own")
            // Passing over a value accepts what building it does.
            try input.withUnsafeBytes { bytes in
                var reader = JSONReader(ByteView(bytes))
                try reader.skipValue()
                try reader.finish()
                try FuzzFinding.unless(reader.flaw == nil, "passing over it finds a flaw")
            }
            return true
        })

    /// Forms, and the queries of URLs.
    static let form = FuzzTarget(
        name: "form",
        seeds: [
            sample("plivo-delivered.form"), sample("plivo-failed.form"),
            Array("a=1&b=%C3%A9+x&&c&=d&a=2".utf8),
        ],
        words: ["%", "%0", "%00", "%zz", "%FF", "&", "=", "+", "&&", "a=", "%C3", "%A9", ";"],
        check: { input in
            guard let lenient = FormReader(input) else {
                let separators = input.count { $0 == UInt8(ascii: "&") }
                try FuzzFinding.unless(
                    separators >= FormReader.pairLimit, "it is refused with few pairs")
                return false
            }
            try FuzzFinding.unless(
                lenient.pairs.count <= FormReader.pairLimit
                    && lenient.sorted.count
                        == lenient.pairs.count
                    && lenient.decoded.count <= 3 * input.count,
                "it has \(lenient.pairs.count) pairs of \(lenient.decoded.count) bytes")
            guard let strict = FormReader(input, .strict) else { return false }
            try FuzzFinding.unless(
                strict.decoded == lenient.decoded, "read strictly it is another one")
            // Written again and read again it is the same.
            let pairs = strict.pairs.map { (strict.text($0.name), strict.text($0.value)) }
            let written = Array(PercentEncoding.encode(pairs).utf8)
            // A name and a value that are both empty are written as `=`, which is a pair.
            guard let again = FormReader(written, .strict) else {
                throw FuzzFinding("what was written is refused")
            }
            try FuzzFinding.unless(
                again.decoded == strict.decoded && again.pairs.count == strict.pairs.count,
                "what was written is another one")
            return true
        })
}
