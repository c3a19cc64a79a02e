import Domain

/// Messages as rows of CSV, with the API's names where it has one.
struct MessageTable {
    /// Whether numbers are whole; otherwise masked, and texts of the sender's are left out.
    private let seesDetails: Bool
    private(set) var csv: CSVWriter

    /// The header line's cells, which are those of every row.
    static let columns = [
        "id", "created_at", "updated_at", "status", "final", "provider", "provider_message_id",
        "sent_by_us", "to", "from", "country", "sent_at", "done_at", "provider_status",
        "error_code",
        "error_name", "error_description", "error_permanent", "segments", "price_amount",
        "price_currency", "network", "send_request_id", "submitted_by_kind", "submitted_by_id",
        "submitted_by", "attempts", "callback_data", "metadata",
    ]

    init(seesDetails: Bool, capacity: Int = 0) {
        self.seesDetails = seesDetails
        csv = CSVWriter(capacity: capacity)
    }

    /// Forgets the rows so far.
    mutating func removeAll() { csv.removeAll() }

    mutating func header() {
        for column in Self.columns { csv.word(column) }
        csv.endRow()
    }

    mutating func row(_ message: Message) {
        let report = message.decisive?.report
        let sending = message.sending
        let status = message.shownStatus
        csv.identifier(message.id)
        csv.time(message.createdAt)
        csv.time(message.updatedAt)
        csv.word(status.rawValue)
        csv.flag(status.isFinal)
        csv.text(message.provider.name)
        csv.text(message.providerMessageID)
        csv.flag(message.isOurs)
        csv.text(number(message.recipient))
        csv.text(number(message.sender))
        csv.text(message.country)
        csv.time(report?.sentAt)
        csv.time(report?.doneAt)
        csv.text(words(report?.outcome.statusName))
        error(message)
        csv.integer(
            (message.settlement?.segments ?? report?.segments).map(Int.init) ?? sending?.segments)
        let price = message.settlement.map(\.price) ?? report?.price
        csv.text(price?.amount)
        csv.text(price?.currency)
        csv.text(report?.network)
        csv.identifier(sending?.sendRequest)
        if let submitter = sending?.submitter {
            csv.word(submitter.id.kind.rawValue)
            csv.text(submitter.id.uuid.description)
            csv.text(submitter.name)
        } else {
            for _ in 0..<3 { csv.empty() }
        }
        csv.integer(sending?.attempts)
        csv.text(seesDetails ? report?.callbackData ?? sending?.callbackData : nil)
        csv.text(seesDetails ? sending?.metadata : nil)
        csv.endRow()
    }

    private mutating func error(_ message: Message) {
        if let problem = message.decisiveEvent?.problem {
            csv.text(problem.code)
            csv.empty()
            csv.text(words(problem.text))
            csv.empty()
        } else if let outcome = message.decisive?.report.outcome {
            csv.text(outcome.errorCode)
            csv.text(words(outcome.errorName))
            csv.text(words(outcome.errorDescription))
            csv.flag(outcome.isPermanent)
        } else {
            for _ in 0..<4 { csv.empty() }
        }
    }

    private func number(_ text: String?) -> String? {
        seesDetails ? text : text.map(NumberMask.masked)
    }

    private func words(_ text: String?) -> String? {
        seesDetails ? text : text.map(NumberMask.maskedNumbers)
    }
}
