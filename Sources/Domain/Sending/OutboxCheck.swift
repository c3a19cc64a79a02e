/// A message about which the provider must be queried.
package struct OutboxCheck: Sendable {
    package let lookUp: MessageLookUp
    /// `unsure` or `sent`.
    package let isUnsure: Bool
    /// The message's status by its reports.
    package let status: Status
    /// Attempts so far.
    package let attempts: Int
    /// Checks so far in this state, this one not counted.
    package let checks: Int
    package let validityMinutes: Int?
    package let giveUpAt: Timestamp
    /// Whether another message without a name went to the same number at about the time, so that
    /// the provider's record may be of that one.
    package let hasTwin: Bool

    package init(
        lookUp: MessageLookUp, isUnsure: Bool, status: Status, attempts: Int,
        checks: Int, validityMinutes: Int?, giveUpAt: Timestamp, hasTwin: Bool = false
    ) {
        self.lookUp = lookUp
        self.isUnsure = isUnsure
        self.status = status
        self.attempts = attempts
        self.checks = checks
        self.validityMinutes = validityMinutes
        self.giveUpAt = giveUpAt
        self.hasTwin = hasTwin
    }
}
