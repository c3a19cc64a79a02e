/// Plivo's error codes of messages, which come as numbers only.
///
/// Source: Plivo's documentation, messaging/troubleshooting/error-codes, with 120 to 140 from a
/// third party's list. Plivo says only of 20 and 80 that they are temporary; the rest of
/// `isPermanent` is our interpretation: whether the same message, sent again, must fail again.
struct PlivoErrorCode: Equatable {
    let code: String
    let name: String
    let isPermanent: Bool

    /// The entry of a code; nil for one that is newer than the table.
    init?(_ code: String) {
        guard let entry = Self.byCode[code] else { return nil }
        self = entry
    }

    private init(_ code: String, _ name: String, isPermanent: Bool) {
        self.code = code
        self.name = name
        self.isPermanent = isPermanent
    }

    /// Whether a parameter's value says that there was no error: empty, `0`, `000`.
    static func isNone(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
    }

    static let all = [
        PlivoErrorCode("10", "invalid message", isPermanent: true),
        PlivoErrorCode("20", "carrier network trouble", isPermanent: false),
        PlivoErrorCode("30", "spam filter", isPermanent: true),
        PlivoErrorCode("40", "invalid source number", isPermanent: true),
        PlivoErrorCode("50", "invalid destination number", isPermanent: true),
        PlivoErrorCode("60", "loop detected", isPermanent: true),
        PlivoErrorCode("70", "destination permanently unavailable", isPermanent: true),
        PlivoErrorCode("80", "destination temporarily unavailable", isPermanent: false),
        PlivoErrorCode("90", "no route", isPermanent: true),
        PlivoErrorCode("100", "forbidden by carrier", isPermanent: true),
        PlivoErrorCode("110", "message too long", isPermanent: true),
        PlivoErrorCode("120", "payload too large", isPermanent: true),
        PlivoErrorCode("130", "unsupported media", isPermanent: true),
        PlivoErrorCode("140", "media processing failed", isPermanent: true),
        PlivoErrorCode("200", "recipient opted out", isPermanent: true),
        PlivoErrorCode("201", "toll-free to Canada blocked", isPermanent: true),
        PlivoErrorCode("300", "failed to dispatch", isPermanent: false),
        PlivoErrorCode("420", "expired in queue", isPermanent: false),
        PlivoErrorCode("450", "destination country not enabled", isPermanent: true),
        PlivoErrorCode("451", "blocked by fraud threshold", isPermanent: false),
        PlivoErrorCode("900", "out of credit", isPermanent: false),
        PlivoErrorCode("910", "account disabled", isPermanent: false),
        PlivoErrorCode("1000", "unknown", isPermanent: false),
    ]

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })
}
