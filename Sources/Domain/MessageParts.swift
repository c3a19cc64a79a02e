/// The parts of a long message, where the provider reports on each of them.
///
/// Most reports are about a whole message and only count its parts; those make no `MessageParts`.
package struct MessageParts: Sendable, Equatable {
    /// How many there are, as the provider says.
    package let total: Int
    /// The status of each part that was reported on, by its number from 1 on.
    package let statuses: [Int: Status]
    /// Whether what is known is all that counts: a report about the whole has said the last word,
    /// such as one that we asked for after a part's own was lost, or the message is not ours.
    private let isSettled: Bool

    /// Folds a message's reports: a part's status is that of its report with the greatest
    /// precedence, so that neither order nor repetition matters.
    ///
    /// - Returns: nil if no report names one of several parts.
    package init?(_ reports: some Sequence<RecordedReport>) {
        var total = 0
        var best: [Int: RecordedReport] = [:]
        var isSettled = false
        for recorded in reports {
            // Nobody asks for the reports of a message that others sent: what is missing may never
            // come, and what came must not wait for it.
            isSettled = isSettled || !recorded.report.message.isOurs
            guard let part = recorded.report.part, part.total > 1 else {
                isSettled = isSettled || recorded.report.status.isFinal
                continue
            }
            total = max(total, part.total)
            if let known = best[part.number],
                (known.precedence, known.fingerprint)
                    >= (recorded.precedence, recorded.fingerprint)
            {
                continue
            }
            best[part.number] = recorded
        }
        guard total > 1 else { return nil }
        self.total = total
        self.isSettled = isSettled
        statuses = best.mapValues(\.report.status)
    }

    /// How many parts have this status.
    package func count(_ status: Status) -> Int { statuses.values.count { $0 == status } }

    /// What the parts come to: delivered if all of them are, partially delivered if some are and
    /// the others will not be; nil where the message's own status says it as well.
    package var status: Status? {
        let finals = statuses.values.filter(\.isFinal)
        guard finals.count == total || isSettled else {
            // Not over, though a part is: the whole is still on its way.
            return finals.isEmpty ? nil : .sent
        }
        let delivered = count(.delivered)
        return delivered == finals.count || delivered == 0 ? nil : .partiallyDelivered
    }
}

/// Which part of a long message a report is about.
package struct PartNumber: Sendable, Equatable {
    /// From 1 on.
    package let number: Int
    package let total: Int

    /// Nil unless 1 ≤ number ≤ total ≤ 255, what the header of a part can count.
    /// Source: 3GPP TS 23.040, section 9.2.3.24.1.
    package init?(number: Int, total: Int) {
        guard (1...255).contains(total), (1...total).contains(number) else { return nil }
        self.number = number
        self.total = total
    }
}
