/// What the simulator does with a message: every way in which a provider behaves, good or bad.
///
/// A message's behaviour is the default of the settings, unless its recipient ends with 9999 and
/// two digits of the table: +4477009999 and 11 is `undeliverable`.
package enum Behavior: String, Sendable, CaseIterable {
    // What happens to an accepted message.
    case delivered
    case undeliverable
    case absent
    case expired
    case rejected
    case optedOut = "opted_out"
    case outOfCredit = "out_of_credit"
    case spam
    case stuck
    case finalStatusUnknown = "final_status_unknown"
    // What the answer is.
    case refused
    case badRequest = "bad_request"
    case unauthorized
    case forbidden
    case tooMany = "too_many"
    case serverError = "server_error"
    case unavailable
    case noCredit = "no_credit"
    // How the answer comes, or fails to.
    case closedAfter = "closed_after"
    case timeoutAfter = "timeout_after"
    case timeoutBefore = "timeout_before"
    case closedBefore = "closed_before"
    case slow
    case halfBad = "half_bad"
    // How reports come, or fail to.
    case duplicated
    case reordered
    case early
    case lost
    case forgotten
    case burst
    case late
    case parts
}

extension Behavior {
    /// A line of the table of magic recipients.
    package struct Magic: Sendable {
        /// After 9999 at the end of the recipient's number.
        package let digits: String
        package let behavior: Behavior
        package let meaning: String
    }

    /// The behaviours by the recipient's last digits; help and the documentation show it.
    package static let table: [Magic] = [
        Magic("10", .delivered, "delivered"),
        Magic("11", .undeliverable, "not delivered: unknown subscriber, permanent"),
        Magic("12", .absent, "not delivered: absent subscriber, not permanent"),
        Magic("13", .expired, "expired (Plivo: failed, expired in its queue)"),
        Magic("14", .rejected, "rejected by a report (Plivo: failed): no route"),
        Magic("15", .optedOut, "rejected by a report (Plivo: failed): recipient opted out"),
        Magic("16", .outOfCredit, "rejected by a report (Plivo: failed): no credit"),
        Magic("17", .spam, "not delivered: the operator took it for spam, permanent"),
        Magic(
            "18", .stuck,
            "handed to the operator; as 13 when a validity that it named is over"),
        Magic(
            "19", .finalStatusUnknown,
            "expired (Plivo: not delivered), nobody knows whether it arrived"),
        Magic("20", .refused, "rejected in the answer: invalid destination"),
        Magic("21", .badRequest, "400 for the whole request, naming this message"),
        Magic("22", .unauthorized, "401 for the whole request"),
        Magic("23", .forbidden, "403 for the whole request"),
        Magic("24", .tooMany, "429 with Retry-After: 1, the second time taken"),
        Magic("25", .serverError, "500, never taken"),
        Magic("26", .unavailable, "503 twice, the third time taken"),
        Magic("27", .noCredit, "refused in the answer: the account has no credit"),
        Magic("30", .closedAfter, "taken, and the connection closed without an answer"),
        Magic("31", .timeoutAfter, "taken, answered after timeout_ms (65 s)"),
        Magic("32", .timeoutBefore, "not taken, 500 after timeout_ms, the second time taken"),
        Magic("33", .closedBefore, "not taken, connection closed, the second time taken"),
        Magic("34", .slow, "taken, answered after slow_ms (3 s)"),
        Magic("35", .halfBad, "every second message of the request rejected in the answer"),
        Magic("40", .duplicated, "every callback twice"),
        Magic("41", .reordered, "the final callback before the intermediate ones"),
        Magic("42", .early, "all callbacks acknowledged before the answer goes out"),
        Magic("43", .lost, "no callbacks; logs and records know the end"),
        Magic("44", .forgotten, "taken, never reported, unknown to logs and records"),
        Magic("45", .burst, "callbacks held back and sent together every burst_ms (2 s)"),
        Magic("46", .late, "callbacks after late_ms (20 s)"),
        Magic("47", .parts, "Plivo reports on each part: every second one is not delivered"),
    ]

    /// The behaviour that a recipient's number asks for; nil for an ordinary number.
    ///
    /// - Parameter recipient: digits, with or without `+`.
    package init?(recipient: some StringProtocol) {
        let end = Array(recipient.utf8.suffix(6))
        let nine = UInt8(ascii: "9")
        guard end.count == 6, end[0] == nine, end[1] == nine, end[2] == nine, end[3] == nine,
            let behavior = Self.byDigits[String(decoding: end[4...], as: UTF8.self)]
        else { return nil }
        self = behavior
    }

    private static let byDigits = Dictionary(
        table.map { ($0.digits, $0.behavior) }, uniquingKeysWith: { first, _ in first })

    /// The table as text, a behaviour a line.
    package static var tableText: String {
        let width = table.map(\.behavior.rawValue.count).max() ?? 0
        return table.map { line in
            let name = line.behavior.rawValue
            let gap = String(repeating: " ", count: width - name.count)
            return "…9999\(line.digits)  \(name)\(gap)  \(line.meaning)"
        }
        .joined(separator: "\n")
    }
}

extension Behavior.Magic {
    fileprivate init(_ digits: String, _ behavior: Behavior, _ meaning: String) {
        self.digits = digits
        self.behavior = behavior
        self.meaning = meaning
    }
}
