import Foundation
import Glibc
import Synchronization

/// Many clients of live streams, each with a connection of its own, read by a few threads until the
/// crowd is closed.
///
/// A report's message is named `prefix`, a number and nothing else; each client counts how often it
/// has been shown which.
final class StreamCrowd: Sendable {
    private struct State {
        var open = 0
        var failures: [String] = []
        var resets = 0
        /// When a report's callback was about to be sent, by its number.
        var sentAt: [ContinuousClock.Instant] = []
        /// By client and report.
        var shown: [[UInt8]] = []
        var delays: [Duration] = []
        var events = 0
        var ends = 0
    }

    let count: Int
    let prefix: String
    private let state: Mutex<State>
    private let isClosed = Atomic<Bool>(false)
    private let threads = Mutex<DispatchGroup?>(nil)

    /// Opens the streams; `waitForOpen` tells when all have their first event.
    ///
    /// - Parameters:
    ///   - demo: whose streams.
    ///   - path: of each client's stream.
    ///   - count: of the clients.
    ///   - reports: how many reports there will be at most.
    ///   - prefix: of the messages' names.
    init(
        _ demo: RunningDemo, _ path: String, count: Int, reports: Int, prefix: String
    ) {
        self.count = count
        self.prefix = prefix
        state = Mutex(
            State(
                shown: Array(
                    repeating: Array(repeating: 0, count: reports), count: count)))
        Self.allowDescriptors(count + 1000)
        let groups = 4
        let request = HTTPRequest(
            path: path, headers: [("Authorization", "Bearer \(demo.document.api_key)")]
        ).head(port: demo.port)
        let (port, trust) = (demo.port, demo.client.trust)
        let group = Crew.start(groups) { [self] number in
            let mine = Array(stride(from: number, to: count, by: groups))
            do {
                let connections = try mine.map { client in
                    // Each address may have a thousand streams, and opens some at once.
                    let connection = try TLSConnection(
                        port: port, host: "127.0.0.1", trust: trust, patience: .seconds(60),
                        source: (UInt8(1 + client % 8), UInt8(1 + client / 8 % 200)))
                    try connection.send(request)
                    return connection
                }
                read(connections, mine)
            } catch {
                state.withLock { $0.failures.append("\(error)") }
            }
        }
        threads.withLock { $0 = group }
    }

    /// The limit of open files of this process, as high as it may be and is needed.
    private static func allowDescriptors(_ count: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < count
        else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func read(_ connections: [TLSConnection], _ clients: [Int]) {
        var polled = connections.map {
            pollfd(fd: $0.stopBlocking(), events: Int16(POLLIN), revents: 0)
        }
        var scanners = connections.map { _ in StreamScanner(prefix: prefix) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while !isClosed.load(ordering: .relaxed) {
            // Closing is noticed soon; nothing is timed by this.
            guard poll(&polled, nfds_t(polled.count), 100) > 0 else { continue }
            for place in polled.indices where polled[place].revents != 0 {
                while let count = connections[place].receiveNow(into: buffer) {
                    guard count > 0 else {
                        // It is polled no more.
                        polled[place].fd = -1
                        state.withLock { $0.ends += 1 }
                        break
                    }
                    take(
                        UnsafeRawBufferPointer(rebasing: buffer[..<count]), clients[place],
                        &scanners[place])
                }
            }
        }
    }

    private func take(
        _ bytes: UnsafeRawBufferPointer, _ client: Int, _ scanner: inout StreamScanner
    ) {
        let (hadBegun, wasReset, had) = (scanner.hasBegun, scanner.isReset, scanner.status)
        var numbers: [Int] = []
        scanner.add(bytes) { numbers.append($0) }
        let now = ContinuousClock.now
        state.withLock { state in
            if had == nil, let status = scanner.status, status != 200 {
                state.failures.append("\(status)")
            }
            if !hadBegun, scanner.hasBegun { state.open += 1 }
            if !wasReset, scanner.isReset { state.resets += 1 }
            for number in numbers where number < state.sentAt.count {
                state.shown[client][number] += 1
                state.events += 1
                state.delays.append(now - state.sentAt[number])
            }
        }
    }

    /// Waits until every stream has had its first event; says why not.
    func waitForOpen(within limit: Duration = .seconds(120)) -> String? {
        let isOpen = waitUntilOpen(limit)
        return state.withLock { state in
            isOpen ? nil : "\(state.open) of \(count) are open: \(state.failures.prefix(5))"
        }
    }

    private func waitUntilOpen(_ limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let (open, failed) = state.withLock { ($0.open, !$0.failures.isEmpty) }
            if open == count { return true }
            if failed { return false }
            usleep(10_000)
        }
        return false
    }

    /// The name of the next report's message; its callback is sent at once.
    func nextName() -> String {
        state.withLock { state in
            state.sentAt.append(.now)
            return "\(prefix)\(state.sentAt.count - 1)"
        }
    }

    /// How many events have come.
    var events: Int { state.withLock { $0.events } }
    /// How many streams have ended.
    var ends: Int { state.withLock { $0.ends } }
    var resets: Int { state.withLock { $0.resets } }

    /// Which client was not shown which report exactly once.
    var mistakes: [(client: Int, report: Int, shown: Int)] {
        state.withLock { state in
            state.shown.enumerated().flatMap { client, reports in
                reports.prefix(state.sentAt.count).enumerated().compactMap { report, shown in
                    shown == 1 ? nil : (client, report, Int(shown))
                }
            }
        }
    }

    /// The delay that a share of the events does not exceed.
    func delay(at share: Double) -> Duration {
        let delays = state.withLock { $0.delays }.sorted()
        guard !delays.isEmpty else { return .zero }
        return delays[min(delays.count - 1, Int(Double(delays.count) * share))]
    }

    /// Closes all connections.
    func close() {
        isClosed.store(true, ordering: .relaxed)
        threads.withLock { $0 }?.wait()
    }
}
