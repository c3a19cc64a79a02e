import Domain
import Testing

@Suite("Phone numbers")
struct PhoneNumberTests {
    @Test(
        "Numbers as people write them become E.164",
        arguments: [
            ("+41 79 302 67 27", "+41793026727"), ("0041793026727", "+41793026727"),
            ("41793026727", "+41793026727"), ("+1 (202) 555-0123", "+12025550123"),
            ("+44.7700/900.123", "+447700900123"), ("  +447700900123  ", "+447700900123"),
            ("+1234567", "+1234567"), ("+123456789012345", "+123456789012345"),
        ])
    func normalised(text: String, expected: String) throws {
        let number = try PhoneNumber(text)
        #expect(number.description == expected)
        #expect(number.digits == String(expected.dropFirst()))
        #expect(try PhoneNumber(number.description) == number)
    }

    @Test(
        "What is no number is refused with the reason",
        arguments: [
            ("", PhoneNumber.Problem.noDigits), ("+", .noDigits), ("   ", .noDigits),
            ("079 302 67 27", .noCountryCode), ("+079", .noCountryCode), ("00", .noDigits),
            ("000417930267", .noCountryCode), ("+41 79", .tooShort), ("123456", .tooShort),
            ("+44 (0) 7700 900123", .nationalPrefix), ("0041(0)793026727", .nationalPrefix),
            ("+1234567890123456", .tooLong), ("1234567890123456789", .tooLong),
            ("+41 79 302 67 2x", .strangeCharacter), ("4179+3026727", .strangeCharacter),
            ("++41793026727", .strangeCharacter), ("+４１79302672", .strangeCharacter),
            ("+41793026727\n", .strangeCharacter), ("Acme", .strangeCharacter),
        ])
    func refused(text: String, problem: PhoneNumber.Problem) {
        #expect(throws: problem) { try PhoneNumber(text) }
    }

    @Test("A masked number shows neither subscriber nor operator")
    func masked() throws {
        #expect(try PhoneNumber("+41793026727").masked == "+41…27")
    }
}
