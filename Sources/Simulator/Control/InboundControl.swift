import Domain
import JSON
import Synchronization

/// `/simulator/inbound`: lets a provider post what people sent, and tells what became of it.
struct InboundControl {
    let core: SimulatorCore

    /// `POST`: 202 with the names, once all posts are planned.
    func order(_ body: [UInt8]) -> SimulatorReply {
        let order: InboundOrder
        do throws(RequestProblem) {
            order = try InboundOrder(body)
        } catch {
            return Self.refusal(error.text)
        }
        guard let provider = core.provider(named: order.provider) else {
            return Self.refusal("there is no provider \(order.provider ?? "")")
        }
        guard let url = order.url ?? provider.inboundURL ?? (order.isLost ? "" : nil) else {
            return Self.refusal("the account has no URL for this; give one as url")
        }
        let now = Timestamp.now
        let at = now.advanced(by: .zero - order.age)
        let text = order.text ?? Self.text(of: order.kind)
        let records = (0..<order.count).map { index in
            InboundRecord(
                id: (index == 0 ? order.id : nil) ?? MessageID.new(at: now).description,
                kind: order.kind, from: order.from, to: order.to, text: text, at: at)
        }
        let posts = order.isLost ? 0 : order.copies
        core.state.withLock { state in
            for record in records {
                if record.kind.isMessage || posts > 0 {
                    state.inbound.keep(record, of: provider.name)
                }
                for _ in 0..<posts {
                    state.inbound.schedule(
                        InboundPost(
                            provider: provider.name,
                            request: provider.post(record, to: url, usesGet: order.usesGet),
                            id: record.id),
                        due: now.advanced(by: order.delay))
                }
            }
        }
        core.wake()
        return SimulatorReply(202) { json in
            json.member("posts", records.count * posts)
            json.array("ids") { list in for record in records { list.string(record.id) } }
        }
    }

    /// `GET`: the latest ones, the latest first.
    func list(_ query: QueryReader) -> SimulatorReply {
        let limit = query.integer("limit", default: 100, in: 1...10_000)
        let (records, waiting) = core.state.withLock { ($0.inbound.records, $0.inbound.waiting) }
        return SimulatorReply(200) { json in
            json.member("posts_waiting", waiting)
            json.array("inbound") { list in
                for provider in records.keys.sorted() {
                    for record in (records[provider] ?? []).suffix(limit).reversed() {
                        list.object { json in
                            json.member("provider", provider)
                            json.member("id", record.id)
                            json.member("type", record.kind.rawValue)
                            json.member("from", record.from)
                            json.member("to", record.to)
                            json.member("text", record.text)
                            json.member("at", record.at.description)
                            json.member("posts", record.posts)
                            json.member("acknowledged", record.acknowledged)
                        }
                    }
                }
            }
        }
    }

    private static func text(of kind: InboundOrder.Kind) -> String {
        switch kind {
        case .stop: "STOP"
        case .start: "START"
        case .help: "HELP"
        default: "Hello"
        }
    }

    private static func refusal(_ text: String) -> SimulatorReply {
        SimulatorReply(400) { $0.member("error", text) }
    }
}
