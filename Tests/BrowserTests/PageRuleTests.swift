import Domain
import Foundation
import TestSupport
import Testing

/// What the page computes by itself is what the server computes.
@Suite(
    "The rules of the page", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageRuleTests {
    /// A page from which the modules can be loaded; nobody needs to sign in for that.
    private static let page: Result<WebPage, any Error> = Result {
        let page = try WebDriver.shared.get().browser()
        // Nothing else ends what a constant holds.
        atexit { try? PageRuleTests.page.get().close() }
        try page.open(try PageDemo.shared.get().url)
        return page
    }

    private static func call(_ module: String, _ expression: String, _ argument: Any) throws -> Any?
    {
        try page.get().run(
            "const list = arguments[0]; return import('/page/\(module).js').then((m) => list.map((one) => \(expression)));",
            argument)
    }

    private static let texts: [String] = {
        let alphabet = Array("aZ0 @£€[]{}\\^~|\nÄÖñΔèéìòÇ“”–…êЖ中😀👩‍👩‍👧\u{200B}")
        var random = SplitMix64(state: 17)
        let lengths = [0, 1, 69, 70, 71, 134, 135, 152, 153, 154, 159, 160, 161, 306, 307, 500]
        return lengths.flatMap { length in
            (0..<6).map { round in
                // Mostly of the small alphabet, where the bounds are.
                let letters = round < 3 ? Array(alphabet.prefix(16)) : alphabet
                return String(
                    (0..<length).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
            }
        }
    }()

    @Test("Segments and alphabet of a text are counted as the server does")
    func segments() throws {
        let counted =
            try Self.call(
                "text/segmentation",
                "(({encoding, units, segments}) => [encoding, units, segments].join(' '))(m.segmentation(one))",
                Self.texts) as? [String]
        let expected = Self.texts.map { text in
            let measured = Segmentation(text)
            return "\(measured.encoding.rawValue) \(measured.units) \(measured.segments)"
        }
        #expect(counted == expected)
    }

    @Test("What replaces a character is in the alphabet of ordinary SMS")
    func replacements() throws {
        let texts = ["“Café” – ‘ça’… œuvre\u{00A0}№ 5 ½ → fin", "Łódź, Ğ, ễ, Ørsted"]
        let replaced =
            try Self.call("text/replacements", "m.replaced(one)", texts) as? [String]
        for text in try #require(replaced) {
            #expect(Segmentation(text).encoding == .gsm7, "\(text)")
        }
        let kept = try Self.call("text/replacements", "m.replaced(one)", ["Ж 中 😀"]) as? [String]
        #expect(kept == ["Ж 中 😀"])
    }

    @Test("Numbers are read as the server reads them")
    func numbers() throws {
        let texts = [
            "+44 7700 900123", "0044 7700-900.123", "447700900123", "(44) 7700/900123",
            "+44 (0) 7700 900123",
            "+41(0)791234567", "07700900123", "+0041791234567", "44+7700900123", "++447700900123",
            "",
            "+3906 698 12345", "+22507 01 02 03 04", "+250 06 123 456", "+2507 8812 3456", "12345",
            "+1234567890123456", "00123456789012345", "\u{202A}+41 79 123 45 67\u{202C}",
            "+41\u{00A0}79\u{2011}1234567",
            "call me", "+41791234567;", "+1 (202) 555 0123", "+4 (0) 17700900123", "１２３",
            "+39 (06) 69812345",
        ]
        let read = try Self.call("text/number", "m.readNumber(one).number ?? null", texts) as? [Any]
        for (text, value) in zip(texts, try #require(read)) {
            #expect((try? PhoneNumber(text))?.description == value as? String, "\(text)")
        }
    }

    @Test("CSV files are read line by line, the column with the numbers counts")
    func csv() throws {
        let files = [
            "name;phone\r\n\"Ann; B\";+44 7700 900123\r\nBob;0777\r\n",
            "+447700900123\n+447700900124",
            "a,\"two\nlines\",+41791234567\nb,c,+41791234568",
        ]
        let read =
            try Self.call(
                "text/recipients",
                "m.csvEntries(one).map(({line, text}) => `${line} ${text}`).join(', ')", files)
            as? [String]
        #expect(
            read == [
                "2 +44 7700 900123, 3 0777", "1 +447700900123, 2 +447700900124",
                "1 +41791234567, 3 +41791234568",
            ])
    }

    @Test("A QR code of each version is what a reader has read")
    func codes() throws {
        // Made of the bytes that zbar 0.23.92 read back from the page's drawings of these lengths.
        let sums =
            try Self.call(
                "qr/code",
                """
                m.qrCode('otpauth://totp/'.repeat(20).slice(0, one)).flat()
                    .reduce((sum, dark) => (sum * 31 + (dark ? 1 : 2)) % 1000003, 7)
                """, [14, 26, 42, 62, 84, 106, 122, 152, 180, 213]) as? [Int]
        #expect(sums == Self.sums)
    }
    private static let sums: [Int] = [
        217147, 713097, 335490, 865523, 932456, 343831, 290907, 179215, 634050, 716105,
    ]
}
