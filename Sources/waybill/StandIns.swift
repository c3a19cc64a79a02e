import Domain
import Postgres
import Providers
import Telemetry

// Stands for what the other side of the queue brings; this file goes with the merge.

struct SendQueue: MessageQueue {
    init(_ pool: ConnectionPool, logger: Logger) {}

    func accept(_ call: SendCall, _ idempotency: Idempotency?) throws(StoreFailure) -> Acceptance {
        throw StoreFailure(.unavailable, "there is no queue")
    }
    func keep(_ answer: StoredAnswer, for idempotency: Idempotency) throws(StoreFailure) {}
    func cancel(_ id: MessageID, at now: Timestamp) throws(StoreFailure) -> Cancellation {
        .unknown
    }
    func states(of ids: [MessageID]) throws(StoreFailure) -> [MessageID: SendState] { [:] }
}

struct SendingStates: SendingProbe {
    init(_ pool: ConnectionPool, logger: Logger) {}

    func sendingStates() throws(StoreFailure) -> [SendingState] { [] }
}

final class NotifyDoorbell: Doorbell {
    init(_ settings: ConnectionSettings, channel: String) {}

    func ring() {}
    func stop() {}
}

extension MessageKey {
    static func derive(call: CallID, recipient: PhoneNumber) -> MessageID {
        .new(atMillisecondOf: call, digest: Array((recipient.digits + call.description).utf8))
    }
}

extension Configuration {
    var routing: Routing { Routing(fallback: infobip != nil ? .infobip : .plivo) }
}

extension Environment {
    mutating func routing() -> Routing { Routing(fallback: .infobip) }
}
