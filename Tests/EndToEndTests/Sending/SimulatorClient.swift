import Foundation
import FoundationNetworking
import Synchronization

/// The simulator's own paths, over plain HTTP.
struct SimulatorClient: Sendable {
    let url: String

    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 20
        return URLSession(configuration: configuration)
    }()

    /// Makes a request and waits for its answer.
    ///
    /// - Throws: when there is none, or one that is no success.
    @discardableResult
    func send(_ method: String, _ path: String, _ body: [String: Any]? = nil) throws -> JSON {
        guard let address = URL(string: url + path) else { throw ConnectionFailure("no URL") }
        var request = URLRequest(url: address)
        request.httpMethod = method
        request.httpBody = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        let answer = Answer()
        Self.session.dataTask(with: request) { data, response, _ in
            answer.set(data, (response as? HTTPURLResponse)?.statusCode ?? 0)
        }.resume()
        let (data, status) = answer.wait()
        guard let data, (200..<300).contains(status) else {
            throw ConnectionFailure("the simulator answered \(status) to \(path)")
        }
        return try JSON(line: String(decoding: data, as: UTF8.self))
    }

    /// What a callback leaves for the thread that waits.
    private final class Answer: Sendable {
        private let state = Mutex<(data: Data?, status: Int)>((nil, 0))
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ data: Data?, _ status: Int) {
            state.withLock { $0 = (data, status) }
            isThere.signal()
        }

        func wait() -> (Data?, Int) {
            isThere.wait()
            return state.withLock { ($0.data, $0.status) }
        }
    }

    func statistics() throws -> JSON { try send("GET", "/simulator/stats") }

    /// A count of the simulator's.
    func count(_ name: String) throws -> Int { try statistics()[name].int ?? -1 }

    /// What it knows of messages to a recipient, each time that it took one.
    func records(of digits: String) throws -> [JSON] {
        try send("GET", "/simulator/messages?recipient=\(digits)")["messages"].array
    }

    func set(_ settings: [String: Any]) throws { try send("POST", "/simulator/settings", settings) }

    func forget() throws { try send("DELETE", "/simulator/messages") }

    /// The settings that tests may have changed, as they are in the demo.
    func defaults() {
        _ = try? set([
            "behavior": "delivered", "answer_delay_ms": 0, "report_delay_ms": 50,
            "timeout_ms": 65_000, "slow_ms": 1000, "burst_ms": 1000, "late_ms": 1500,
            "burst": false, "reorder": false, "loss": 0, "duplicate": 0, "fail_next": 0,
            "callback_batch": 100,
        ])
    }
}
