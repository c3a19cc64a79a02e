import Domain
import FastCGI
import JSON
import Security
import Synchronization

/// Plivo's HTTP API. Source: providers.md, B.1 and B.5.
struct PlivoEndpoints {
    let account: PlivoAccount
    let core: SimulatorCore

    /// A text's most units, by alphabet.
    private static let gsmLimit = 1_600
    private static let ucs2Limit = 737
    /// The most records in a list.
    private static let listLimit = 20
    /// How many records of a list are searched.
    private static let scanLimit = 100_000

    /// Answers a request of a path under `/v1/Account/`.
    func reply(to request: SimulatorRequest) -> SimulatorReply {
        guard isAuthorized(request) else {
            return error(401, "Could not verify your access level for that URL.")
        }
        let isTooOften = core.state.withLock { state in
            let limit = state.settings.plivo_requests_per_5s
            return state.throttle(.plivo, over: limit, in: .seconds(5), at: .now) != nil
        }
        guard !isTooOften else {
            return error(429, "Too many requests")
        }
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        // ["", "v1", "Account", id, "Message", uuid?, ""]
        guard parts.count >= 6, parts[4] == "Message", parts.last == "" else {
            return error(404, "not found")
        }
        switch (request.method, parts.count) {
        case ("POST", 6): return send(request.body)
        case ("GET", 6): return list(request.query)
        case ("GET", 7): return details(MessageName(String(parts[5])))
        default: return error(405, "method not allowed")
        }
    }

    private func isAuthorized(_ request: SimulatorRequest) -> Bool {
        guard let text = request.authorization, text.hasPrefix("Basic "),
            let bytes = Base64.decode(Array(text.utf8.dropFirst(6))),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let user = String(decoding: bytes[..<colon], as: UTF8.self)
        let named = request.path.split(separator: "/").dropFirst(2).first.map(String.init)
        guard user == named, account.id.map({ $0 == user }) ?? true else { return false }
        return account.token?.matches(Array(bytes[(colon + 1)...])) ?? true
    }

    private func error(_ status: Int, _ text: String) -> SimulatorReply {
        SimulatorReply(status) { json in
            json.member("api_id", Self.newID())
            json.member("error", text)
        }
    }

    private static func newID() -> String { MessageID.new(at: .now).description }

    // MARK: Sending

    private func send(_ body: [UInt8]) -> SimulatorReply {
        let request: PlivoSendBody
        do throws(RequestProblem) {
            request = try PlivoSendBody(body)
        } catch {
            core.state.withLock { $0.counts.requestsRefused += 1 }
            return self.error(400, error.text)
        }
        let size = Segmentation(request.text)
        guard size.units <= (size.encoding == .gsm7 ? Self.gsmLimit : Self.ucs2Limit) else {
            core.state.withLock { $0.counts.requestsRefused += 1 }
            return error(400, "text is too long")
        }
        let now = Timestamp.now
        let outcome = core.state.withLock { state -> Outcome in
            let submissions = request.recipients.map { recipient in
                RequestedMessage(
                    recipient: recipient, fingerprint: fingerprint(recipient, request),
                    behavior: state.behavior(of: recipient))
            }
            let found = state.fault(of: submissions)
            if let found, let reply = refusal(found, submissions, state) { return .refused(reply) }
            if submissions.contains(where: { $0.behavior == .noCredit }) {
                state.counts.requestsRefused += 1
                return .refused(error(402, "Insufficient credit in the account"))
            }
            let gate = found?.fault == .early ? AnswerGate() : nil
            var names: [String] = []
            var invalid = request.invalid
            for (index, submission) in submissions.enumerated() {
                let isBad = found?.fault == .halfBad && index % 2 == 1
                if isBad || submission.behavior == .refused {
                    state.counts.rejectedInAnswer += 1
                    state.book.refuse(submission.fingerprint)
                    invalid.append(submission.recipient)
                    continue
                }
                let record = record(submission, request, size.segments, now)
                names.append(record.name.description)
                _ = state.accept(record, gate: gate)
            }
            guard !names.isEmpty else {
                state.counts.requestsRefused += 1
                return .refused(error(400, Self.words(onInvalid: invalid)))
            }
            return .taken(
                names, invalid, found?.fault, state.moment(of: found?.fault, gate: gate))
        }
        switch outcome {
        case .refused(let reply): return reply
        case .taken(let names, let invalid, let fault, let moment):
            core.wake()
            if fault == .close(takes: true) { return .close }
            var reply = answer(names, invalid: invalid)
            reply.moment = moment
            return reply
        }
    }

    /// Source: Plivo's documentation, messaging/concepts/destination-number-validation.
    private static func words(onInvalid numbers: [String]) -> String {
        numbers.count == 1
            ? "\(numbers[0]) is not a valid phone number"
            : numbers.joined(separator: ", ") + " are not valid phone numbers"
    }

    private enum Outcome {
        case refused(SimulatorReply)
        case taken([String], invalid: [String], Fault?, SimulatorReply.Moment)

        static func taken(
            _ names: [String], _ invalid: [String], _ fault: Fault?, _ moment: SimulatorReply.Moment
        ) -> Outcome {
            .taken(names, invalid: invalid, fault, moment)
        }
    }

    private func record(
        _ submission: RequestedMessage, _ request: PlivoSendBody, _ segments: Int, _ now: Timestamp
    ) -> MessageRecord {
        MessageRecord(
            api: .plivo, name: .uuid(.new(at: now)), recipient: submission.recipient,
            sender: request.sender, text: request.text, url: request.url,
            usesGet: request.usesGet, callbackData: nil, bulkID: nil,
            reportedStages: [.accepted, .sent, .done],
            behavior: submission.behavior, segments: segments,
            reportedParts: submission.behavior == .parts ? segments : 1,
            fingerprint: submission.fingerprint,
            acceptedAt: now, validity: request.expiry)
    }

    /// The answer to a request that is refused as a whole; nil if it is accepted.
    private func refusal(
        _ found: (fault: Fault, index: Int), _ messages: [RequestedMessage], _ state: SimulatorState
    ) -> SimulatorReply? {
        switch found.fault {
        case .refuse(let status, _, let retryAfter):
            let texts = [
                400: "\(messages[found.index].recipient) is not a valid number",
                401: "Could not verify your access level for that URL.",
                403: "Your IP address is not in the account's allow-list",
                429: "Too many requests", 503: "Service unavailable",
            ]
            return error(status, texts[status] ?? "internal server error").retry(after: retryAfter)
        case .close(takes: false): return .close
        case .stall(takes: false):
            var reply = error(500, "internal server error")
            reply.moment = state.moment(of: found.fault, gate: nil)
            return reply
        case .close, .stall, .slow, .early, .halfBad: return nil
        }
    }

    /// The order of the names is not documented, so it is never that of the recipients.
    private func answer(_ names: [String], invalid: [String]) -> SimulatorReply {
        SimulatorReply(202) { json in
            json.member("api_id", Self.newID())
            json.member("message", "message(s) queued")
            json.array("message_uuid") { list in
                for name in names.reversed() { list.string(name) }
            }
            guard !invalid.isEmpty else { return }
            json.array("invalid_number") { list in
                for number in invalid { list.string(number) }
            }
        }
    }

    /// Two requests with one recipient, text and URL count as one message that was sent twice.
    private func fingerprint(_ recipient: String, _ request: PlivoSendBody) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(recipient)
        hasher.combine(request.text)
        hasher.combine(request.url)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    // MARK: Queries

    private func details(_ name: MessageName) -> SimulatorReply {
        let record = core.state.withLock { state in
            state.book.serial(named: name).map { state.book[$0] }
        }
        guard let record, record.isKnown, record.api == .plivo else {
            return error(404, "not found")
        }
        return SimulatorReply(200) { json in
            json.member("api_id", Self.newID())
            PlivoRecordText.write(record, account.id ?? "", to: &json)
        }
    }

    private func list(_ query: QueryReader) -> SimulatorReply {
        let limit = query.integer("limit", default: Self.listLimit, in: 1...Self.listLimit)
        let offset = query.integer("offset", default: 0, in: 0...1_000_000)
        let filter = PlivoFilter(query)
        let id = account.id ?? ""
        if filter.isInbound {
            let records = core.state.withLock { state in
                (state.inbound.records["plivo"] ?? []).reversed()
                    .filter { $0.kind.isMessage && filter.matches($0) }
            }
            return page(records, limit, offset) { PlivoInboundForm.write($0, id, to: &$1) }
        }
        let records = core.state.withLock { state in
            filter.candidates(in: state.book, limit: Self.scanLimit).map { state.book[$0] }
                .filter { $0.isKnown && filter.matches($0) }
        }
        return page(records, limit, offset) { PlivoRecordText.write($0, id, to: &$1) }
    }

    private func page<Record>(
        _ records: [Record], _ limit: Int, _ offset: Int,
        _ write: (Record, inout JSONWriter) -> Void
    ) -> SimulatorReply {
        let base = "/v1/Account/\(account.id ?? "")/Message/?limit=\(limit)&offset="
        return SimulatorReply(200) { json in
            json.member("api_id", Self.newID())
            json.object("meta") { meta in
                meta.member("limit", limit)
                meta.member("offset", offset)
                meta.key("next")
                if offset + limit < records.count {
                    meta.string("\(base)\(offset + limit)")
                } else {
                    meta.null()
                }
                meta.key("previous")
                if offset > 0 {
                    meta.string("\(base)\(max(0, offset - limit))")
                } else {
                    meta.null()
                }
                meta.member("total_count", records.count)
            }
            json.array("objects") { list in
                for record in records.dropFirst(offset).prefix(limit) {
                    list.beginObject()
                    write(record, &list)
                    list.endObject()
                }
            }
        }
    }
}
