import Domain
import Testing

@Suite("Times with a zone")
struct RFC3339Tests {
    @Test(
        "RFC 3339's forms are read to the microsecond",
        arguments: [
            ("2026-11-18T11:06:40Z", 1_795_000_000_000_000),
            ("2026-11-18t11:06:40z", 1_795_000_000_000_000),
            ("2026-11-18 11:06:40Z", 1_795_000_000_000_000),
            ("2026-11-18T12:06:40+01:00", 1_795_000_000_000_000),
            ("2026-11-18T05:36:40-05:30", 1_795_000_000_000_000),
            ("2026-11-18T11:06:40-00:00", 1_795_000_000_000_000),
            ("2026-11-18T11:06:40.5Z", 1_795_000_000_500_000),
            ("2026-11-18T11:06:40.123456789+00:00", 1_795_000_000_123_456),
        ] as [(String, Int64)])
    func read(text: String, microseconds: Int64) throws {
        #expect(try Timestamp(rfc3339: text).microseconds == microseconds)
    }

    @Test(
        "Nothing else is",
        arguments: [
            "", "2026-11-18", "2026-11-18T11:06:40", "2026-11-18T11:06Z", "2026-11-18T11:06:40.Z",
            "2026-11-18T11:06:40.1234567890Z", "2026-11-18T11:06:40+0100",
            "2026-11-18T11:06:40+24:00", "2026-11-18T11:06:40+01:60",
            "2026-11-18T11:06:40Zx", "2026/11/18T11:06:40Z", "2O26-11-18T11:06:40Z",
            "2026-11-18_11:06:40Z", "tomorrow at noon, please", "+026-11-18T11:06:40Z",
            "2026-11-18T11:06:40,5Z", "２026-11-18T11:06:40Z",
        ])
    func otherForm(text: String) {
        #expect(throws: Timestamp.RFC3339Problem.otherForm) { try Timestamp(rfc3339: text) }
    }

    @Test(
        "A time that does not exist is told from one in another form",
        arguments: [
            ("2026-02-30T11:06:40Z", Timestamp.RFC3339Problem.noSuchTime),
            ("2026-13-01T11:06:40Z", .noSuchTime), ("2026-11-18T24:06:40Z", .noSuchTime),
            ("2026-11-18T11:06:60Z", .noSuchTime), ("1969-12-31T23:59:59Z", .before1970),
            ("0000-00-00T00:00:00Z", .before1970),
        ])
    func noTime(text: String, problem: Timestamp.RFC3339Problem) {
        #expect(throws: problem) { try Timestamp(rfc3339: text) }
    }
}
