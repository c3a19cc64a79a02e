import Domain
import Testing

@Suite("Phone numbers")
struct PhoneNumberTests {
    @Test(
        "Numbers as people write and copy them become E.164",
        arguments: [
            ("+41 79 302 67 27", "+41793026727"), ("0041793026727", "+41793026727"),
            ("41793026727", "+41793026727"), ("+1 (202) 555-0123", "+12025550123"),
            ("+44.7700/900.123", "+447700900123"), ("  +447700900123  ", "+447700900123"),
            ("+1234567", "+1234567"), ("+123456789012345", "+123456789012345"),
            ("00 44 7700 900131", "+447700900131"), ("0044-7700-900131", "+447700900131"),
            ("(+44) 7700 900131", "+447700900131"), ("+(44)7700900131", "+447700900131"),
            ("+44 (7700) 900131", "+447700900131"), ("44 (7700) 900131", "+447700900131"),
            ("+49 30/1234567", "+49301234567"), ("+33 6.12.34.56.78", "+33612345678"),
            ("1-202-555-0123", "+12025550123"), ("+1.202.555.0123", "+12025550123"),
            ("+7 (912) 345-67-89", "+79123456789"), ("+55 (11) 91234-5678", "+5511912345678"),
            ("+91-98765-43210", "+919876543210"), ("+86 138 0013 8000", "+8613800138000"),
            // Blanks of other widths, and none at all, as web pages and spreadsheets have them.
            ("+44\u{00A0}7700\u{00A0}900131", "+447700900131"),
            ("+33\u{202F}6\u{202F}12\u{202F}34\u{202F}56\u{202F}78", "+33612345678"),
            ("+81\u{3000}90\u{3000}1234\u{3000}5678", "+819012345678"),
            ("+44\u{2009}7700\u{2007}900\u{2003}131", "+447700900131"),
            ("+44\u{200B}7700\u{2060}900131", "+447700900131"),
            ("+44\t7700\t900131", "+447700900131"), ("+447700900131\n", "+447700900131"),
            ("+447700900131\r\n", "+447700900131"), ("\u{FEFF}+447700900131", "+447700900131"),
            ("+44 7700\u{0B}900131\u{0C}", "+447700900131"),
            ("+44\u{2028}7700\u{2029}900131\u{85}", "+447700900131"),
            // Hyphens and dashes.
            ("+44\u{2010}7700\u{2010}900131", "+447700900131"),
            ("+44\u{2011}7700\u{2011}900131", "+447700900131"),
            ("+44 7700 – 900131", "+447700900131"), ("+44—7700—900131", "+447700900131"),
            ("+44\u{2212}7700\u{2212}900131", "+447700900131"),
            ("+44\u{FF0D}7700\u{FE63}900131", "+447700900131"),
            ("+44 77\u{AD}00 900131", "+447700900131"),
            ("+44\u{2043}7700\u{30FB}900131", "+447700900131"),
            // What contacts put around a number, so that it reads from left to right.
            ("\u{202A}+44 7700 900131\u{202C}", "+447700900131"),
            ("\u{200E}+44 7700 900131\u{200F}", "+447700900131"),
            ("\u{2066}+44 7700 900131\u{2069}", "+447700900131"),
            ("\u{061C}+971 50 123 4567", "+971501234567"),
            // Where the 0 is part of the number from abroad, too.
            ("+39 06 6982 1234", "+390669821234"), ("+39 (06) 6982 1234", "+390669821234"),
            ("+39 (0)6 6982 1234", "+390669821234"), ("0039 02 1234567", "+39021234567"),
            ("+39 333 123 4567", "+393331234567"), ("+225 07 07 12 34 56", "+2250707123456"),
            ("+225 (0)7 07 12 34 56", "+2250707123456"), ("225 01 02 03 04 05", "+2250102030405"),
            ("+241 06 12 34 56", "+24106123456"), ("+242 06 123 4567", "+242061234567"),
            ("+226 05 12 34 56", "+22605123456"), ("+229 01 97 12 34 56", "+2290197123456"),
            ("+378 0549 123456", "+3780549123456"), ("+250 06 1234 567", "+250061234567"),
            ("+227 08 12 34 56", "+22708123456"), ("+47 02 345", "+4702345"),
            ("+992 00 123 4567", "+992001234567"), ("+379 06 698 12345", "+3790669812345"),
            // A country code that ends in 0, and a 0 further on, are no national prefix.
            ("+420 601 123 456", "+420601123456"), ("+20 100 123 4567", "+201001234567"),
            ("+30 690 123 4567", "+306901234567"), ("+1 800 555 0100", "+18005550100"),
        ])
    func normalised(text: String, expected: String) throws {
        let number = try PhoneNumber(text)
        #expect(number.description == expected)
        #expect(number.digits == String(expected.dropFirst()))
        #expect(try PhoneNumber(number.description) == number)
        #expect(PhoneNumber(kept: expected) == number)
    }

    @Test(
        "A text that is not a number is refused with the reason",
        arguments: [
            ("", .noDigits), ("+", .noDigits), ("   ", .noDigits), ("00", .noDigits),
            ("+\u{2011}()", .noDigits),
            ("079 302 67 27", .noCountryCode), ("07700 900131", .noCountryCode),
            ("(0) 7700 900131", .noCountryCode), ("0 44 7700 900131", .noCountryCode),
            ("+079", .zeroAsCountryCode), ("+0044 7700 900131", .zeroAsCountryCode),
            ("+00447700900131", .zeroAsCountryCode), ("+(0)44 7700 900131", .zeroAsCountryCode),
            ("000417930267", .zeroAsCountryCode), ("00 (0) 44 7700 900131", .zeroAsCountryCode),
            ("+41 79", .tooShort), ("123456", .tooShort), ("0041 79 30", .tooShort),
            ("+44 (0) 7700 900123", .nationalPrefix(countryCode: "44")),
            ("+44 (07700) 900131", .nationalPrefix(countryCode: "44")),
            ("+44 07700 900131", .nationalPrefix(countryCode: "44")),
            ("+4407700900131", .nationalPrefix(countryCode: "44")),
            ("44 07700 900131", .nationalPrefix(countryCode: "44")),
            ("0044 (0)7700 900131", .nationalPrefix(countryCode: "44")),
            ("00 44 (0) 7700-900131", .nationalPrefix(countryCode: "44")),
            ("0041(0)793026727", .nationalPrefix(countryCode: "41")),
            ("+49 (0)151 23456789", .nationalPrefix(countryCode: "49")),
            ("+33 (0)6 12 34 56 78", .nationalPrefix(countryCode: "33")),
            ("+36 06 30 123 4567", .nationalPrefix(countryCode: "36")),
            ("+91 09876543210", .nationalPrefix(countryCode: "91")),
            ("+81 090-1234-5678", .nationalPrefix(countryCode: "81")),
            ("+82 010 1234 5678", .nationalPrefix(countryCode: "82")),
            ("+62 0812 3456 789", .nationalPrefix(countryCode: "62")),
            ("+66 081 234 5678", .nationalPrefix(countryCode: "66")),
            ("+61 0412 345 678", .nationalPrefix(countryCode: "61")),
            ("+234 0803 123 4567", .nationalPrefix(countryCode: "234")),
            ("+353 087 123 4567", .nationalPrefix(countryCode: "353")),
            ("+250 0788 123 456", .nationalPrefix(countryCode: "250")),
            ("+971 050 123 4567", .nationalPrefix(countryCode: "971")),
            ("+52 044 55 1234 5678", .nationalPrefix(countryCode: "52")),
            ("+1 0202 555 0123", .nationalPrefix(countryCode: "1")),
            ("+44 20 (0) 7946 0958", .zeroInParentheses),
            ("+1234567890123456", .tooLong), ("1234567890123456789", .tooLong),
            ("+41 79 302 67 2x", .strangeCharacter("x", place: 16)),
            ("4179+3026727", .strangeCharacter("+", place: 5)),
            ("++41793026727", .strangeCharacter("+", place: 2)),
            ("+44 7700 900131 +44 7700 900132", .strangeCharacter("+", place: 17)),
            ("+４１79302672", .strangeCharacter("４", place: 2)),
            ("+٤٤7700900131", .strangeCharacter("٤", place: 2)),
            ("＋447700900131", .strangeCharacter("＋", place: 1)),
            ("+44（7700）900131", .strangeCharacter("（", place: 4)),
            ("tel:+447700900131", .strangeCharacter("t", place: 1)),
            ("+44 7700 900131 ext. 5", .strangeCharacter("e", place: 17)),
            ("+44 7700 900131, +44 7700 900132", .strangeCharacter(",", place: 16)),
            ("+44 7700 900131;", .strangeCharacter(";", place: 16)),
            ("<+447700900131>", .strangeCharacter("<", place: 1)),
            ("+1-800-FLOWERS", .strangeCharacter("F", place: 8)),
            ("+44 7700 90O131", .strangeCharacter("O", place: 12)),
            ("+44\u{0}7700900131", .strangeCharacter("\u{0}", place: 4)),
            ("📞+447700900131", .strangeCharacter("📞", place: 1)),
            ("1\u{FE0F}\u{20E3}", .strangeCharacter("\u{FE0F}", place: 2)),
            ("caf\u{FFFD}", .strangeCharacter("c", place: 1)),
            ("Acme", .strangeCharacter("A", place: 1)),
        ] as [(String, PhoneNumber.Problem)])
    func refused(text: String, problem: PhoneNumber.Problem) {
        #expect(throws: problem) { try PhoneNumber(text) }
        #expect(problem.explanation.hasSuffix("."))
    }

    @Test(
        "The reason that is shown is true of the number",
        arguments: [
            ("+0044 7700 900131", "No country code begins with 0; write + or 00 (not both)"),
            ("+44 (07700) 900131", "A 0 follows the country code 44, which is dialled only"),
            ("07700 900131", "It begins with a national 0;"),
            ("+44 7700 9001x", "Its character 14 is U+0078 (\"x\"), which is none of a number"),
            ("+44\u{0}", "Its character 4 is U+0000, which is none"),
            ("+４１79302672", "Its character 2 is U+FF14 (\"４\"), which is none"),
            ("🇨🇭", "Its character 1 is U+1F1E8 (\"\u{1F1E8}\"), which is none"),
            ("+41+", "Its character 4 is a +, which stands only once and before all digits."),
        ])
    func explained(text: String, words: String) {
        let problem = #expect(throws: PhoneNumber.Problem.self) { try PhoneNumber(text) }
        #expect(problem?.explanation.hasPrefix(words) == true, "\(problem?.explanation ?? "")")
    }

    @Test("A stored number is read back, whatever the present rules for new ones")
    func kept() {
        #expect(PhoneNumber(kept: "+4407700900131")?.digits == "4407700900131")
        for text in ["", "+", "447700900131", "+0447700900", "+44 7700900131", "+123456"] {
            #expect(PhoneNumber(kept: text) == nil)
        }
        #expect(PhoneNumber(kept: "+1234567890123456") == nil)
        #expect(PhoneNumber(kept: "+44770090013x") == nil)
    }
}
