import Domain
import FastCGI
import JSON
import Security
import Synchronization

/// Infobip's HTTP API. Source: providers.md, A.1 and A.5.
struct InfobipEndpoints {
    let account: InfobipAccount
    let core: SimulatorCore

    /// The most characters of a list of ids.
    private static let listLimit = 2_048
    /// The most SMS of a text.
    private static let segmentLimit = 25

    /// Answers a request of one of the paths under `/sms`.
    func reply(to request: SimulatorRequest) -> SimulatorReply {
        let isV3 = request.path.hasPrefix("/sms/3/")
        guard isAuthorized(request) else { return InfobipProblem.reply(401, isV3: isV3) }
        switch (request.method, request.path) {
        case ("POST", "/sms/2/text/advanced"), ("POST", "/sms/3/messages"):
            return send(request.body, isV3: isV3)
        case ("GET", "/sms/1/logs"), ("GET", "/sms/3/logs"):
            if let rest = throttle() {
                return InfobipProblem.reply(429, isV3: isV3).retry(after: rest)
            }
            return logs(request.query, isV3: isV3)
        case ("GET", "/sms/1/reports"), ("GET", "/sms/3/reports"):
            return reports(request.query, isV3: isV3)
        default:
            return InfobipProblem.reply(404, isV3: isV3)
        }
    }

    private func isAuthorized(_ request: SimulatorRequest) -> Bool {
        guard let text = request.authorization, text.hasPrefix("App ") else { return false }
        let key = Array(text.utf8.dropFirst(4))
        return account.key?.matches(key) ?? !key.isEmpty
    }

    /// The seconds until the logs may be queried again if they were queried too often.
    private func throttle() -> Int? {
        core.state.withLock { state in
            state.throttle(
                .infobip, over: state.settings.infobip_logs_per_minute, in: .seconds(60), at: .now)
        }
    }

    // MARK: Sending

    private func send(_ body: [UInt8], isV3: Bool) -> SimulatorReply {
        guard let request = InfobipSendBody(body, isV3: isV3) else {
            return InfobipProblem.reply(400, isV3: isV3, "The request body is not valid.")
        }
        guard request.violations.isEmpty else {
            core.state.withLock { $0.counts.requestsRefused += 1 }
            return InfobipProblem.reply(400, isV3: isV3, violations: request.violations)
        }
        let now = Timestamp.now
        let bulkID = request.bulkID ?? (request.messages.count > 1 ? "\(newID(now))" : nil)
        var lengths = SegmentationCache()
        let names = request.messages.map { MessageName($0.messageID ?? "\(newID(now))") }
        let segments = request.messages.map { lengths.count(of: $0.text) }
        let outcome = core.state.withLock { state -> Outcome in
            let submissions = zip(request.messages, names).map { message, name in
                RequestedMessage(
                    recipient: message.to, fingerprint: fingerprint(name),
                    behavior: state.behavior(of: message.to))
            }
            let found = state.fault(of: submissions)
            if let found, let reply = refusal(found, request, state, isV3) {
                return .refused(reply)
            }
            let gate = found?.fault == .early ? AnswerGate() : nil
            var statuses: [SimulatedInfobipStatus] = []
            for (index, message) in request.messages.enumerated() {
                let record = MessageRecord(
                    api: isV3 ? .infobipV3 : .infobipV2, name: names[index],
                    recipient: message.to, sender: message.sender, text: message.text,
                    url: message.wantsReports ? message.url ?? account.callbackURL : nil,
                    usesGet: false, callbackData: message.callbackData, bulkID: bulkID,
                    reportedStages: message.wantsIntermediate ? [.sent, .done] : .done,
                    behavior: submissions[index].behavior, segments: segments[index],
                    reportedParts: 1,
                    fingerprint: submissions[index].fingerprint, acceptedAt: now,
                    sendAt: message.sendAt, validity: message.validity)
                let isBad = found?.fault == .halfBad && index % 2 == 1
                statuses.append(
                    take(record, isBad: isBad, gate: gate, in: &state))
            }
            return .taken(statuses, found?.fault, state.moment(of: found?.fault, gate: gate))
        }
        switch outcome {
        case .refused(let reply): return reply
        case .taken(let statuses, let fault, let moment):
            core.wake()
            if fault == .close(takes: true) { return .close }
            var reply = answer(
                request, names, segments, statuses, bulkID: bulkID, isV3: isV3)
            reply.moment = moment
            return reply
        }
    }

    private enum Outcome {
        case refused(SimulatorReply)
        case taken([SimulatedInfobipStatus], Fault?, SimulatorReply.Moment)
    }

    /// The answer to a request that is refused as a whole; nil if it is accepted.
    private func refusal(
        _ found: (fault: Fault, index: Int), _ request: InfobipSendBody, _ state: SimulatorState,
        _ isV3: Bool
    ) -> SimulatorReply? {
        switch found.fault {
        case .refuse(let status, _, let retryAfter):
            let place = request.messages[found.index].place
            let property = "messages[\(place.message)].destinations[\(place.destination)].to"
            let violations =
                status == 400 ? [Violation(property: property, text: "is not a valid number")] : []
            return InfobipProblem.reply(status, isV3: isV3, violations: violations)
                .retry(after: retryAfter)
        case .close(takes: false): return .close
        case .stall(takes: false):
            var reply = InfobipProblem.reply(500, isV3: isV3)
            reply.moment = state.moment(of: found.fault, gate: nil)
            return reply
        case .close, .stall, .slow, .early, .halfBad: return nil
        }
    }

    /// Accepts a message, unless there is a reason against it.
    private func take(
        _ record: MessageRecord, isBad: Bool, gate: AnswerGate?, in state: inout SimulatorState
    ) -> SimulatedInfobipStatus {
        if let earlier = state.book.serial(named: record.name), state.book[earlier].isKnown {
            state.book[earlier].timesReceived += 1
            state.counts.duplicatesRefused += 1
            return .duplicate
        }
        let isNumber = record.recipient.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2B }
        let status: SimulatedInfobipStatus? =
            if isBad || !isNumber || record.behavior == .refused {
                .invalidDestination
            } else if record.behavior == .noCredit {
                .noCredit
            } else if record.segments > Self.segmentLimit || record.text.utf8.count > 4_000 {
                .tooLong
            } else {
                nil
            }
        if let status {
            state.counts.rejectedInAnswer += 1
            state.book.refuse(record.fingerprint)
            return status
        }
        _ = state.accept(record, gate: gate)
        return .accepted
    }

    private func answer(
        _ request: InfobipSendBody, _ names: [MessageName], _ segments: [Int],
        _ statuses: [SimulatedInfobipStatus], bulkID: String?, isV3: Bool
    ) -> SimulatorReply {
        SimulatorReply(200) { json in
            json.member("bulkId", ifAny: bulkID)
            json.array("messages") { list in
                for (index, message) in request.messages.enumerated() {
                    list.beginObject()
                    list.member("messageId", names[index].description)
                    statuses[index].write(to: &list)
                    list.member(isV3 ? "destination" : "to", message.to)
                    if request.wantsCount, isV3 {
                        list.object("details") { $0.member("messageCount", segments[index]) }
                    } else if request.wantsCount {
                        list.member("smsCount", segments[index])
                    }
                    list.endObject()
                }
            }
        }
    }

    private func newID(_ time: Timestamp) -> MessageID { MessageID.new(at: time) }

    private func fingerprint(_ name: MessageName) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(name)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    // MARK: Queries

    private func logs(_ query: QueryReader, isV3: Bool) -> SimulatorReply {
        let filter = InfobipFilter(query, isV3: isV3)
        if let list = query["messageId"], list.utf8.count > Self.listLimit {
            return InfobipProblem.reply(
                400, isV3: isV3,
                violations: [
                    Violation(property: "messageId", text: "size must be between 0 and 2048")
                ])
        }
        let records = core.state.withLock { state in
            filter.serials(in: state.book) { $0.isKnown }.map { state.book[$0] }
        }
        return SimulatorReply(200, json: InfobipReport.logs(records, isV3: isV3))
    }

    /// Returns each report once, whoever asks.
    private func reports(_ query: QueryReader, isV3: Bool) -> SimulatorReply {
        let filter = InfobipFilter(query, isV3: isV3)
        let records = core.state.withLock { state in
            let found = filter.serials(in: state.book) { record in
                record.stage == .done && !record.isReported && record.isKnown
            }
            for serial in found { state.book[serial].isReported = true }
            return found.map { (record: state.book[$0], stage: Stage.done) }
        }
        return SimulatorReply(200, json: InfobipReport.body(records, isV3: isV3))
    }
}
