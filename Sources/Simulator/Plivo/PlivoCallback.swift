import Domain

/// A status callback of Plivo's. Source: providers.md, B.2.
struct PlivoCallback {
    let fields: [(name: String, value: String)]

    /// The price of a unit.
    private static let rate = (text: "0.04330", hundredThousandths: 4_330)

    init(_ record: MessageRecord, _ stage: Stage, part: Int) {
        let total = record.reportedParts
        let units = total > 1 ? 1 : record.segments
        let finalStatus = record.finalStatus(ofPart: part)
        let status = SimulatedPlivoStatus(finalStatus, stage)
        let isCharged = stage != .accepted && status.name != "failed"
        var fields: [(name: String, value: String)] = [
            ("From", record.sender ?? "12025550123"), ("To", record.recipient),
            ("MessageUUID", record.name(ofPart: part).description),
            ("ParentMessageUUID", record.name.description),
            ("PartInfo", "\(part) of \(total)"), ("PowerpackUUID", ""),
            ("Status", status.name), ("Type", "sms"), ("Units", String(units)),
            ("TotalRate", isCharged ? Self.rate.text : "0.00000"),
            ("TotalAmount", isCharged ? Self.amount(units) : "0.00000"),
            ("Sequence", String(Self.sequence(of: stage, finalStatus))),
            ("MessageTime", record.acceptedAt.plivo), ("QueuedTime", record.acceptedAt.plivo),
            ("requester_ip", "127.0.0.1"),
        ]
        if let code = status.errorCode { fields.append(("ErrorCode", code)) }
        if stage != .accepted, !finalStatus.failsAtOnce {
            fields += [("MCC", "234"), ("MNC", "15")]
            fields.append(("SentTime", (record.sentAt ?? record.acceptedAt).plivo))
        }
        if stage == .done, status.name != "failed" {
            fields.append(("DeliveryReportTime", (record.doneAt ?? record.acceptedAt).plivo))
        }
        self.fields = fields
    }

    /// The place in the order in which they were produced, whichever arrives first.
    private static func sequence(of stage: Stage, _ finalStatus: FinalStatus) -> Int {
        switch stage {
        case .accepted: 1
        case .sent: 2
        case .done: finalStatus.failsAtOnce ? 2 : 3
        }
    }

    static func amount(_ units: Int) -> String {
        let total = rate.hundredThousandths * units
        let fraction = String(total % 100_000)
        return "\(total / 100_000)." + String(repeating: "0", count: 5 - fraction.count) + fraction
    }
}
