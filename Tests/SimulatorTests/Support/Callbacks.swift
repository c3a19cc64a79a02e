import Domain
import Foundation

/// The receiver of callbacks: keeps them, and answers as it is told.
final class Callbacks: HTTPTransport {
    private let condition = NSCondition()
    nonisolated(unsafe) private var requests: [ProviderRequest] = []
    nonisolated(unsafe) private var statuses: [Int] = []
    private let queue = DispatchQueue(label: "callbacks")

    /// The first requests get these statuses, the others 200.
    init(_ statuses: [Int] = []) {
        self.statuses = statuses
    }

    func send(
        _ request: ProviderRequest, within limit: Duration,
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        condition.lock()
        requests.append(request)
        let status = statuses.isEmpty ? 200 : statuses.removeFirst()
        condition.broadcast()
        condition.unlock()
        queue.async { completion(.answered(ProviderResponse(status: status, body: []))) }
    }

    /// The requests so far, as soon as there are so many; fewer after ten seconds.
    func wait(for count: Int) -> [ProviderRequest] {
        let deadline = Date(timeIntervalSinceNow: 10)
        condition.lock()
        defer { condition.unlock() }
        while requests.count < count, condition.wait(until: deadline) {}
        return requests
    }
}
