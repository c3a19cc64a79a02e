/// What can become other than usual.
package enum DriftKind: String, Sendable, CaseIterable {
    /// Final reports stay away.
    case silence
    /// Fewer messages are delivered.
    case failures
    /// Reports are old when they come.
    case lateReports = "late_reports"
    /// Messages take long to arrive.
    case slowDelivery = "slow_delivery"
}

/// Something that is other than usual, with the numbers that show it.
package struct DriftFinding: Sendable, Equatable {
    package let evidence: Evidence
    /// The time that was looked at, up to now.
    package let window: Duration

    package enum Evidence: Sendable, Equatable {
        /// Shares of messages that wait for their final report, though sent so long ago at least.
        case waiting(messages: Int64, share: Double, usual: Double, sentBefore: Duration)
        /// How many messages usually move in this time, of which none did.
        case nothing(usual: Int64)
        /// Shares of delivered messages, and the outcome of most of the others.
        case failing(share: Double, usual: Double, outcome: Int64?)
        /// What half of the reports exceed.
        case late(Duration, usual: Duration)
        /// What half of the messages exceed.
        case slow(Duration, usual: Duration)
    }

    package var kind: DriftKind {
        switch evidence {
        case .waiting, .nothing: .silence
        case .failing: .failures
        case .late: .lateReports
        case .slow: .slowDelivery
        }
    }

    /// The outcome that a sentence needs the name of.
    package var outcome: Int64? {
        if case .failing(_, _, let outcome) = evidence { outcome } else { nil }
    }

    /// What changed, without a full stop: `Infobip, France: 62% delivered in the last hour, usually 97%;
    /// mostly EC_ABSENT_SUBSCRIBER`.
    ///
    /// - Parameters:
    ///   - who: `Infobip, France`.
    ///   - outcome: the name of its outcome, if it has one.
    /// - Returns: the sentence.
    package func sentence(about who: String, outcome: String?) -> String {
        "\(who): " + text(outcome: outcome)
    }

    private func text(outcome: String?) -> String {
        switch evidence {
        case .waiting(let messages, let share, let usual, let before):
            let sent =
                "\(messages) messages sent in the \(Self.last(window)) and more than "
                + "\(Self.span(before)) ago"
            return share > 0.995
                ? "none of the \(sent) has a final report, usually \(Self.percent(1 - usual)) have"
                : "\(Self.percent(share)) of the \(sent) have no final report, usually "
                    + Self.percent(usual)
        case .nothing(let usual):
            return "no report in the \(Self.last(window)), usually about \(usual)"
        case .failing(let share, let usual, _):
            return "\(Self.percent(share)) delivered in the \(Self.last(window)), usually "
                + Self.percent(usual) + (outcome.map { "; mostly \($0)" } ?? "")
        case .late(let age, let usual):
            return
                "half of the reports are more than \(Self.span(age)) old when they come, usually "
                + Self.span(usual)
        case .slow(let time, let usual):
            return "half of the messages take more than \(Self.span(time)) to arrive, usually "
                + Self.span(usual)
        }
    }

    private static func last(_ window: Duration) -> String {
        window == .seconds(3600) ? "last hour" : "last \(span(window))"
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

    /// In the largest unit that leaves two or more of it: `90 seconds`, `2 minutes`, `36 hours`.
    private static func span(_ duration: Duration) -> String {
        let seconds = max(1, Int64((duration / .seconds(1)).rounded()))
        let (count, unit): (Int64, String) =
            switch seconds {
            case ..<120: (seconds, "second")
            case ..<7200: (seconds / 60, "minute")
            default: (seconds / 3600, "hour")
            }
        return count == 1 ? "1 \(unit)" : "\(count) \(unit)s"
    }
}
