import Domain
import Postgres
import Telemetry

extension Committer {
    /// Finds the messages that reports to the URLs of send requests are about, and puts reports
    /// without one into quarantine: the recipient in such a report must not create a message.
    ///
    /// Costs nothing unless there are such reports, and one look-up by primary key for all of a
    /// batch if they name their messages as we do. Calls `meanwhile` while the server works.
    ///
    /// - Parameters:
    ///   - entries: what is open.
    ///   - meanwhile: what to do while the server works.
    /// - Returns: the open entries, without any report whose message is only assumed.
    /// - Throws: the error of a look-up.
    mutating func matchSendRequests(
        of entries: [SubmissionQueue.Entry], meanwhile: () -> Void
    ) throws(PostgresError) -> [SubmissionQueue.Entry] {
        guard entries.contains(where: { $0.submission.hasSupposedMessages }) else {
            return entries
        }
        let places = taken.indices.compactMap { index in
            (taken[index]?.submission).flatMap { $0.hasSupposedMessages ? (index, $0) : nil }
        }
        let reports = places.flatMap { $1.reports.filter { $0.sendRequest != nil } }
        var messages = try messages(of: reports, meanwhile)[...]
        var unmatched = 0
        var matched: [Int: Submission] = [:]
        for (index, submission) in places {
            let count = submission.reports.count { $0.sendRequest != nil }
            matched[index] = submission.matched(
                with: messages.prefix(count), writer.quarantine, &unmatched)
            messages = messages.dropFirst(count)
        }
        taken.replace(matched)
        if unmatched > 0 {
            writer.metrics.unmatched.add(unmatched)
            writer.logger.log(
                .warning,
                "reports fit no message of the send request that they name; they are in quarantine",
                limitKey: "", ["reports": .integer(Int64(unmatched))])
        }
        return taken.open
    }

    /// The messages that reports are about, in their order; nil for a report without one.
    private mutating func messages(
        of reports: [Report], _ meanwhile: () -> Void
    ) throws(PostgresError) -> [MessageID?] {
        let connection = try usableConnection(beforeConnecting: meanwhile)
        let limit = writer.settings.commitDeadline
        let pending = try connection.send(
            PreferIndexes(), SelectSupposed(reports: reports), within: limit)
        meanwhile()
        var found = SupposedMessage.sure(reports, among: try pending.receive().1.rows)
        let sendRequests = Set(
            reports.indices.filter { found[$0] == nil }.compactMap { reports[$0].sendRequest })
        guard !sendRequests.isEmpty else { return found }
        let members = Dictionary(
            grouping: try connection.execute(
                PreferIndexes(), SelectSendRequestMessages(sendRequests: sendRequests.sorted()),
                within: limit
            ).1.rows, by: \.sendRequest)
        for sendRequest in sendRequests {
            var messages = SendRequestMessages((members[sendRequest] ?? []).map(\.member))
            // Including the certain ones, because they show which messages are left.
            let places = reports.indices.filter { reports[$0].sendRequest == sendRequest }
            for (place, message) in zip(places, messages.match(places.map { reports[$0] })) {
                found[place] = message
            }
        }
        return found
    }
}

extension SupposedMessage {
    /// The messages of unambiguous reports: the assumed message exists, belongs to the send
    /// request, and no name contradicts it.
    fileprivate static func sure(
        _ reports: [Report], among known: [SupposedMessage]
    ) -> [MessageID?] {
        let byID = Dictionary(known.map { ($0.id, $0) }) { first, _ in first }
        let byName = Dictionary(
            known.compactMap { message in message.name.map { ($0, message.id) } }
        ) { first, _ in first }
        // Two names came together for one message.
        let told = Dictionary(grouping: reports, by: \.message)
            .mapValues { Set($0.map(\.providerMessageID)) }
        return reports.map { report in
            guard let message = byID[report.message], message.sendRequest == report.sendRequest,
                told[report.message]?.count == 1,
                byName[report.providerMessageID].map({ $0 == message.id }) ?? true,
                message.name.map({ $0 == report.providerMessageID }) ?? true
            else { return nil }
            return message.id
        }
    }
}

extension Submission {
    fileprivate var hasSupposedMessages: Bool { reports.contains { $0.sendRequest != nil } }

    /// The same with the messages that its reports to the URLs of send requests are about, in their
    /// order.
    fileprivate func matched(
        with messages: ArraySlice<MessageID?>, _ quarantine: QuarantineGate,
        _ unmatched: inout Int
    ) -> Submission {
        var messages = messages
        var kept: [Report] = []
        var new: [Reject] = []
        for report in reports {
            guard report.sendRequest != nil else {
                kept.append(report)
                continue
            }
            if let message = messages.popFirst() ?? nil {
                kept.append(report.assigned(to: message))
            } else {
                new.append(.unmatched(report, in: callback))
                unmatched += 1
            }
        }
        return with(reports: kept, rejects: rejects + quarantine.admit(new))
    }
}

extension Reject {
    fileprivate static func unmatched(_ report: Report, in callback: ReceivedCallback) -> Reject {
        Reject(
            reason: "unmatched_recipient", place: "To",
            detail:
                "The URL names a send request, and none of its messages has this name at the provider,"
                + " went to this recipient, or is the only one that is left.",
            excerpt: callback.body)
    }
}
