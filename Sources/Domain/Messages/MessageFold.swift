/// A message's status, worked out again from all that is known of it: its reports, the parts that they
/// are about, and our own events. Pure.
///
/// The numbers are computed by today's rules, not read: after a change of the rules this is what the
/// message's row has to become.
package struct MessageFold: Sendable, Equatable {
    /// The greatest precedence, and whose it is.
    package let precedence: Precedence
    /// Of the report that decides, or the tie-breaker of a settlement of parts; 0 for our own event.
    package let fingerprint: Int64
    package let status: Status
    /// The report whose outcome is the message's, and its segments and price unless `parts` says other
    /// ones; nil for our own event.
    package let winner: Int64?
    /// What all parts add up to, where they decide.
    package let parts: MessageParts.Settlement?
    package let delay: DelayClass?

    /// Folds them; nil if there are none.
    ///
    /// - Parameters:
    ///   - reports: all of the message's, in any order.
    ///   - events: those of our own that give it a status, the earliest first.
    ///   - queuedAt: when it was queued; nil for a message that we did not send.
    package init?(reports: [RecordedReport], events: [Event], queuedAt: Timestamp?) {
        var best: MessageFold?
        func consider(_ other: MessageFold) {
            if best.map({ $0.isBeaten(by: other) }) ?? true { best = other }
        }
        for recorded in reports {
            let report = recorded.report
            consider(
                MessageFold(
                    precedence: report.precedence, fingerprint: recorded.fingerprint,
                    status: report.messageStatus, winner: recorded.fingerprint,
                    delay: report.messageStatus == .delivered ? report.delay : nil))
        }
        if let settlement = MessageParts(reports)?.settlement {
            consider(
                MessageFold(
                    precedence: settlement.precedence, fingerprint: settlement.tieBreaker,
                    status: settlement.status, winner: settlement.lastReport, parts: settlement,
                    delay: settlement.delay))
        }
        // What came before a retry decides no more.
        let start = events.lastIndex { $0.kind == .retried } ?? events.startIndex
        for event in events[start...] {
            consider(Self(event.precedence, event.status))
        }
        if let queuedAt, events.allSatisfy({ $0.kind != .retried }) {
            consider(Self(Precedence(status: .queued, at: queuedAt), .queued))
        }
        guard let best else { return nil }
        self = best
    }

    /// An event of ours that gives its message a status.
    package struct Event: Sendable, Equatable {
        package let kind: SendEvent.Kind
        package let precedence: Precedence
        package let status: Status

        package init(kind: SendEvent.Kind, precedence: Precedence, status: Status) {
            self.kind = kind
            self.precedence = precedence
            self.status = status
        }
    }

    private init(_ precedence: Precedence, _ status: Status) {
        self.init(
            precedence: precedence, fingerprint: 0, status: status, winner: nil, delay: nil)
    }

    private init(
        precedence: Precedence, fingerprint: Int64, status: Status, winner: Int64?,
        parts: MessageParts.Settlement? = nil, delay: DelayClass?
    ) {
        self.precedence = precedence
        self.fingerprint = fingerprint
        self.status = status
        self.winner = winner
        self.parts = parts
        self.delay = delay
    }

    private func isBeaten(by other: MessageFold) -> Bool {
        (precedence, fingerprint) < (other.precedence, other.fingerprint)
    }
}
