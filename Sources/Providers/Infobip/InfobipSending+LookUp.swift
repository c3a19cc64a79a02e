package import Domain
import JSON

extension InfobipSending {
    /// The most characters of a list of ids.
    private static let listLimit = 2048
    /// The most entries that one answer holds.
    private static let entryLimit = 1000

    /// What certainly fits one list of ids.
    package var lookUpLimit: Int { 50 }

    /// `GET /sms/1/logs` or `/sms/3/logs` by our ids, 55 of them in one request.
    ///
    /// Never `/reports`, which returns each report only once, to the first caller. The logs allow
    /// 120 requests a minute.
    package func lookUpRequests(
        _ messages: [MessageLookUp]
    ) -> [(request: ProviderRequest, messages: [MessageLookUp])] {
        var requests: [(request: ProviderRequest, messages: [MessageLookUp])] = []
        var start = 0
        var length = 0
        for (index, message) in messages.enumerated() {
            let added = message.infobipName.unicodeScalars.count + 1
            if index > start, length + added > Self.listLimit + 1 {
                requests.append(request(for: messages[start..<index]))
                (start, length) = (index, 0)
            }
            length += added
        }
        if start < messages.count { requests.append(request(for: messages[start...])) }
        return requests
    }

    private func request(
        for messages: ArraySlice<MessageLookUp>
    ) -> (request: ProviderRequest, messages: [MessageLookUp]) {
        let list = messages.map { PercentEncoding.encode($0.infobipName) }.joined(separator: ",")
        let path = settings.version == .v2 ? "/sms/1/logs" : "/sms/3/logs"
        let query = "messageId=\(list)&limit=\(Self.entryLimit)"
        return (get(path, query: query), Array(messages))
    }

    /// Reads logs as callbacks are read, so that a polled report equals the one in a callback.
    ///
    /// A log of status 23, duplicate id, is about a second attempt and not the message: it gives no
    /// report. If any entry cannot be read, or the answer is full, missing messages are undecided.
    ///
    /// - Throws: `ProviderProblem` for all but a readable 200.
    package func lookUpResult(
        of messages: [MessageLookUp], _ response: ProviderResponse
    ) throws(ProviderProblem) -> LookUpResult {
        guard response.status == 200 else { throw InfobipRefusal(response).problem }
        guard let log = InfobipLog(response.body) else { throw .unreadableAnswer }
        guard let parsed = log.parse() else { throw .unreadableAnswer }
        let ids = Dictionary(
            messages.map { ($0.infobipName, $0.id) }, uniquingKeysWith: { first, _ in first })
        var missing = Set(messages.map(\.id))
        var reports: [Report] = []
        for report in parsed.reports {
            guard let id = ids[report.providerMessageID] else { continue }
            missing.remove(id)
            if report.outcome.isInfobipDuplicate { continue }
            reports.append(report.polled(as: id))
        }
        let isComplete = parsed.rejects.isEmpty && log.entryCount < Self.entryLimit
        return LookUpResult(
            reports: reports,
            unknown: isComplete ? messages.map(\.id).filter { missing.contains($0) } : [])
    }

    package func archivable(_ lookUpBody: [UInt8]) -> [UInt8] {
        TextRedactor.redact(lookUpBody)
    }
}

extension MessageLookUp {
    /// The `messageId`: our own id unless Infobip has told of another.
    fileprivate var infobipName: String { providerMessageID ?? id.description }
}
