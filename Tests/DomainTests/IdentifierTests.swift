import Domain
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("The canonical form reads back")
    func roundTrip() throws {
        for text in [
            "019234ab-cdef-7abc-8def-0123456789ab", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            #expect(try #require(MessageID(text)).description == text)
        }
    }

    @Test(
        "Only the canonical form is accepted",
        arguments: [
            "", "019234AB-CDEF-7ABC-8DEF-0123456789AB", "019234abcdef7abc8def0123456789ab",
            "019234ab-cdef-7abc-8def-0123456789a", "019234ab-cdef-7abc-8def-0123456789abc",
            "019234ab-cdef-7abc-8def_0123456789ab", "{019234ab-cdef-7abc-8def-0123456789a}",
            "019234ab-cdef-7abc-8def-0123456789aé",
        ])
    func strictness(text: String) {
        #expect(MessageID(text) == nil)
    }

    @Test(
        "Letters of any case are read on request, and nothing else besides",
        arguments: [
            ("019234AB-CDEF-7ABC-8DEF-0123456789AB", true),
            ("019234ab-CDEF-7abc-8def-0123456789aB", true),
            ("019234ab-cdef-7abc-8def-0123456789ab", true), ("", false),
            ("019234ABCDEF7ABC8DEF0123456789AB", false),
            ("019234AB-CDEF-7ABC-8DEF-0123456789AG", false),
        ])
    func anyCase(text: String, isRead: Bool) {
        let id = MessageID(anyCase: text)
        #expect((id?.description == "019234ab-cdef-7abc-8def-0123456789ab") == isRead)
    }

    @Test("New identifiers are of version 7 and order by time")
    func newOnes() {
        let time = Timestamp(microseconds: 1_763_000_000_123_456)
        let first = MessageID.new(at: time)
        let second = MessageID.new(at: time.advanced(by: .milliseconds(1)))
        #expect(first.version == 7 && first.low >> 62 == 2)
        #expect(first < second)
        #expect(first != MessageID.new(at: time))
        #expect(first.high >> 16 == 1_763_000_000_123)
    }

    @Test("Derived identifiers are of version 8 and follow from the digest alone")
    func derivedOnes() {
        let digest = [UInt8](repeating: 0xFF, count: 32)
        let id = MessageID.derived(fromDigest: digest)
        #expect(id.description == "ffffffff-ffff-8fff-bfff-ffffffffffff")
        #expect(id == MessageID.derived(fromDigest: digest))
    }

    @Test("Identifiers of a send request's millisecond are of version 7 and follow from the digest")
    func ofAMillisecond() throws {
        let sendRequest = try #require(SendRequestID("019234ab-cdef-7abc-8def-0123456789ab"))
        let digest = [UInt8](repeating: 0xFF, count: 32)
        let id = MessageID.new(atMillisecondOf: sendRequest, digest: digest)
        #expect(id.description == "019234ab-cdef-7fff-bfff-ffffffffffff")
        let zeros = [UInt8](repeating: 0, count: 16)
        #expect(
            MessageID.new(atMillisecondOf: sendRequest, digest: zeros).description
                == "019234ab-cdef-7000-8000-000000000000")
        let later = SendRequestID.new(at: Timestamp(microseconds: 2_000_000_000_000_000))
        #expect(id < MessageID.new(atMillisecondOf: later, digest: zeros))
    }
}

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "Dates and moments agree with known values",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z"),
            (4_102_444_800_000_000, "2100-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ])
    func known(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test("Every day from 1970 to 2200 is the day after the last, and only real days exist")
    func calendar() throws {
        var expected: Int64 = 0
        for year in 1970...2200 {
            for month in 1...12 {
                for day in 1...31 {
                    guard
                        let time = Timestamp(
                            year: year, month: month, day: day, hour: 0, minute: 0, second: 0)
                    else {
                        #expect(day > 28)
                        continue
                    }
                    #expect(time.microseconds == expected)
                    expected += 86_400_000_000
                }
            }
        }
    }

    @Test("Times that do not exist are refused")
    func impossible() {
        #expect(Timestamp(year: 2026, month: 2, day: 29, hour: 0, minute: 0, second: 0) == nil)
        #expect(Timestamp(year: 2026, month: 13, day: 1, hour: 0, minute: 0, second: 0) == nil)
        #expect(Timestamp(year: 2026, month: 1, day: 1, hour: 24, minute: 0, second: 0) == nil)
        #expect(Timestamp(year: 2026, month: 1, day: 1, hour: 0, minute: 60, second: 0) == nil)
        #expect(Timestamp(year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 60) == nil)
        #expect(Timestamp(year: 1969, month: 1, day: 1, hour: 0, minute: 0, second: 0) == nil)
    }

    @Test("An offset ahead of UTC is subtracted")
    func offset() {
        let utc = Timestamp(year: 2026, month: 11, day: 20, hour: 10, minute: 0, second: 6)
        let delhi = Timestamp(
            year: 2026, month: 11, day: 20, hour: 15, minute: 30, second: 6,
            offsetSeconds: 19_800)
        #expect(utc == delhi)
    }
}

@Suite("Codes in the database")
struct CodeTests {
    @Test("Every status has a code of its own that reads back")
    func codes() {
        #expect(Set(Status.allCases.map(\.code)).count == Status.allCases.count)
        for status in Status.allCases { #expect(Status(code: status.code) == status) }
        #expect(Status(code: 0) == nil)
    }

    @Test("Providers are equal by their codes, and one of an unknown code can be shown")
    func providers() {
        let unknown = Provider(unknownCode: 1)
        #expect(unknown == .infobip && unknown != .plivo)
        #expect(Set([unknown, .infobip, .plivo]).count == 2)
        #expect(unknown.name == "provider-1" && !unknown.takesOurID)
    }

    @Test("Header names are tokens that nginx passes on")
    func headerNames() {
        #expect(HeaderName("X-Webhook-Secret")?.parameter == "HTTP_X_WEBHOOK_SECRET")
        for bad in ["", "X_Secret", "X Secret", "X:Secret", "Ünicode", "A\nB"] {
            #expect(HeaderName(bad) == nil)
        }
    }
}
