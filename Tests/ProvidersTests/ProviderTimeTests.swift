import Domain
import JSON
import Testing

@testable import Providers

@Suite("Providers' times, amounts, numbers and names")
struct ProviderTimeTests {
    @Test(
        "Infobip's times are read exactly",
        arguments: [
            ("2026-11-20T09:15:04.913+0000", "2026-11-20T09:15:04.913Z"),
            ("2026-11-20T15:30:06.640+0530", "2026-11-20T10:00:06.640Z"),
            ("2026-11-20T15:30:06.640+05:30", "2026-11-20T10:00:06.640Z"),
            ("2026-11-20T09:15:04-0330", "2026-11-20T12:45:04.000Z"),
            ("2026-11-20T09:15:04Z", "2026-11-20T09:15:04.000Z"),
            ("2026-11-20T09:15:04", "2026-11-20T09:15:04.000Z"),
            ("2026-11-20T09:15:04.1Z", "2026-11-20T09:15:04.100Z"),
            ("2026-11-20T09:15:04.123456Z", "2026-11-20T09:15:04.123456Z"),
            ("2026-11-20T09:15:04.123456999+0000", "2026-11-20T09:15:04.123456Z"),
            ("2024-02-29T23:59:59.999+0000", "2024-02-29T23:59:59.999Z"),
            ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2200-12-31T23:59:59Z", "2200-12-31T23:59:59.000Z"),
            ("2026-12-31T23:00:00-0200", "2027-01-01T01:00:00.000Z"),
        ])
    func infobip(text: String, expected: String) throws {
        #expect(read(text, ProviderTime.withT)?.description == expected)
    }

    @Test(
        "times that do not exist or have another form are refused",
        arguments: [
            "", "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T00:00:00Z",
            "2100-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "1969-12-31T23:59:59Z",
            "2201-01-01T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+00",
            "2026-01-01T00:00:00+0060", "2026-01-01T00:00:00+2400", "2026-01-01T00:00:00+00-00",
            "2026-01-01T00:00:00 0000", "2026-01-01T00:00:00z", "2026-01-01T00:00:00Zx",
            "2026-1-01T00:00:00Z", "+026-01-01T00:00:00Z", "20260101T000000Z", "1763629501",
            "2026-01-01T00:00:00,5Z", "2026-01-01T0\u{661}:00:00Z",
        ])
    func refused(text: String) {
        #expect(read(text, ProviderTime.withT) == nil)
    }

    @Test(
        "Plivo's times are UTC unless they say otherwise",
        arguments: [
            ("2026-11-20 09:15:05.771930", "2026-11-20T09:15:05.771930Z"),
            ("2026-11-20 14:45:01.128412+05:30", "2026-11-20T09:15:01.128412Z"),
            ("2026-11-20 09:15:05", "2026-11-20T09:15:05.000Z"),
            ("2026-11-20T09:15:05", nil), ("2026-11-31 09:15:05", nil),
        ] as [(String, String?)])
    func plivo(text: String, expected: String?) {
        #expect(read(text, ProviderTime.withSpace)?.description == expected)
    }

    @Test(
        "amounts keep every digit",
        arguments: [
            ("0.042", "0.042"), ("0.0420", "0.0420"), ("0.0", "0.0"), ("-1.50", "-1.50"),
            ("12", "12"), ("4.2e-2", "0.042"), ("42E-3", "0.042"), ("1e3", "1000"),
            ("1.5e+1", "15"), ("1.25e1", "12.5"), ("0e5", "0"), ("0.5e1", "5"),
            ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
            ("1234567890123456789", nil), ("0.1234567890123456789", nil), ("1e18", nil),
            ("1e17", "100000000000000000"), ("1e-18", "0.000000000000000001"), ("1e-19", nil),
            ("1e400", nil), ("1e9999999999", nil), ("", nil), ("-", nil), (".5", nil), ("5.", nil),
            ("1,5", nil), ("1e", nil), ("1e+", nil), ("0x1", nil), ("NaN", nil), (" 1", nil),
        ] as [(String, String?)])
    func amounts(text: String, expected: String?) {
        #expect(read(text, DecimalText.plain) == expected)
    }

    @Test(
        "numbers get a plus, all else stays",
        arguments: [
            ("447700900101", "+447700900101"), ("1234", "+1234"), ("123", "123"),
            ("123456789012345", "+123456789012345"), ("1234567890123456", "1234567890123456"),
            ("+447700900101", "+447700900101"), ("ExampleCo", "ExampleCo"), ("44 77", "44 77"),
            ("", nil), ("\u{661}\u{662}\u{663}\u{664}", "\u{661}\u{662}\u{663}\u{664}"),
        ] as [(String, String?)])
    func phoneNumbers(text: String, expected: String?) {
        #expect(read(text, PhoneNumberText.normalized) == expected)
    }

    private func read<Value>(
        _ text: String, _ body: (ByteView, Range<Int>) -> Value?
    ) -> Value? {
        // Text around the range: nothing may be read beyond it.
        let bytes = Array("9\(text)9".utf8)
        return bytes.withUnsafeBytes { body(ByteView($0), 1..<bytes.count - 1) }
    }
}
