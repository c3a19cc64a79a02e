import Domain
import JSON
import Synchronization
import Telemetry

/// `/simulator/…`: settings, counts and records, for tests and for people.
struct ControlAPI {
    let core: SimulatorCore

    /// The most records in one answer.
    private static let listLimit = 10_000

    func reply(to request: SimulatorRequest) -> SimulatorReply {
        switch (request.method, request.path) {
        case ("GET", "/simulator/settings"): return settings()
        case ("POST", "/simulator/settings"): return change(request.body)
        case ("GET", "/simulator/stats"): return statistics()
        case ("GET", "/simulator/messages"): return messages(request.query)
        case ("DELETE", "/simulator/messages"):
            core.state.withLock { $0.removeAll() }
            return SimulatorReply(200) { $0.member("removed", true) }
        case ("POST", "/simulator/inbound"): return InboundControl(core: core).order(request.body)
        case ("GET", "/simulator/inbound"): return InboundControl(core: core).list(request.query)
        case ("GET", "/simulator/health"):
            return SimulatorReply(200) { $0.member("status", "ok") }
        default:
            return SimulatorReply(404) { $0.member("error", "there is nothing at this path") }
        }
    }

    private func settings() -> SimulatorReply {
        let json = core.state.withLock { $0.settings.json }
        return SimulatorReply(200, json: json + [UInt8(ascii: "\n")])
    }

    private func change(_ body: [UInt8]) -> SimulatorReply {
        guard case .object(let members)? = try? JSONValue(strict: body) else {
            return SimulatorReply(400) { $0.member("error", "a JSON object is needed") }
        }
        let problems = core.state.withLock { $0.settings.change(members) }
        guard problems.isEmpty else {
            return SimulatorReply(400) { json in
                json.member("error", problems.joined(separator: "; "))
            }
        }
        core.wake()
        return settings()
    }

    private func statistics() -> SimulatorReply {
        let second = Timestamp.now.microseconds / 1_000_000
        let (counts, perMinute, kept, waiting, inFlight) = core.state.withLock { state in
            (
                state.counts, state.requestRate.lastMinute(at: second), state.book.count,
                state.queue.waiting, state.queue.inFlight
            )
        }
        return SimulatorReply(200) { json in
            json.member("requests", counts.requests)
            json.key("requests_per_second")
            json.number(Double(perMinute) / 60)
            json.member("largest_request", counts.largestRequest)
            json.member("messages_received", counts.messagesReceived)
            json.member("messages_accepted", counts.messagesAccepted)
            json.member("messages_kept", kept)
            json.member("duplicates_refused", counts.duplicatesRefused)
            json.member("duplicate_acceptances", counts.duplicateAcceptances)
            json.member("rejected_in_answer", counts.rejectedInAnswer)
            json.member("requests_refused", counts.requestsRefused)
            json.member("requests_throttled", counts.requestsThrottled)
            json.member("callbacks_sent", counts.callbacksSent)
            json.member("callbacks_acknowledged", counts.callbacksAcknowledged)
            json.member("callbacks_failed", counts.callbacksFailed)
            json.member("callbacks_given_up", counts.callbacksGivenUp)
            json.member("callbacks_in_flight", inFlight)
            json.member("reports_sent", counts.reportsSent)
            json.member("reports_lost", counts.reportsLost)
            json.member("reports_waiting", waiting)
            json.member("largest_callback", counts.largestCallback)
        }
    }

    /// By `id` (ours at Infobip, or Plivo's UUID) or `recipient`, else the newest first.
    private func messages(_ query: QueryReader) -> SimulatorReply {
        let limit = query.integer("limit", default: 100, in: 1...Self.listLimit)
        let records = core.state.withLock { state -> [MessageRecord] in
            if let id = query["id"] {
                return state.book.serial(named: MessageName(id)).map { [state.book[$0]] } ?? []
            }
            if let recipient = query["recipient"] {
                let digits = recipient.filter { $0 != "+" && $0 != " " }
                return state.book.serials(of: digits).prefix(limit).map { state.book[$0] }
            }
            return state.book.serials.suffix(limit).reversed().map { state.book[$0] }
        }
        return SimulatorReply(200) { json in
            json.array("messages") { list in
                for record in records {
                    list.beginObject()
                    write(record, to: &list)
                    list.endObject()
                }
            }
        }
    }

    private func write(_ record: MessageRecord, to json: inout JSONWriter) {
        let provider = core.provider(of: record.api)
        json.member("id", record.name.description)
        json.member("provider", provider?.name)
        json.member("recipient", record.recipient)
        json.member("sender", ifAny: record.sender)
        json.member("text", record.text)
        json.member("segments", record.segments)
        json.member("behavior", record.behavior.rawValue)
        json.member("callback_url", ifAny: record.url)
        json.member("callback_data", ifAny: record.callbackData)
        json.member("accepted_at", record.acceptedAt.description)
        json.member("done_at", ifAny: record.doneAt?.description)
        json.member("status", provider?.statusName(of: record))
        json.member("times_received", record.timesReceived)
        json.member("times_accepted", record.timesAccepted)
        json.member("callbacks_sent", record.callbacksSent)
        json.member("callbacks_acknowledged", record.callbacksAcknowledged)
    }
}
