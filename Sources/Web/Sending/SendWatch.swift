private import Dispatch
package import Domain
private import Foundation
private import Synchronization
package import Telemetry

/// Lets callers wait for what providers answer, without a thread for each.
///
/// One thread asks the queue for all of them at once: whenever somebody rings, and every quarter of
/// a second in case a ring was lost. Any thread.
package final class SendWatch: Sendable {
    /// Called once, on the watch's thread, with what is known. False if the queue did not answer.
    typealias Completion = @Sendable ([MessageID: SendState], _ isReachable: Bool) -> Void

    private struct State {
        var list = WatchList()
        var completions: [UInt64: Completion] = [:]
    }

    private let queue: any MessageQueue
    private let logger: Logger
    private let fallback: Duration
    private let state = Mutex(State())
    private let isRung = Atomic<Bool>(false)
    private let bell = DispatchSemaphore(value: 0)
    private let ended = DispatchGroup()

    /// Starts the thread, which lives until `stop`.
    package init(
        _ queue: any MessageQueue, fallback: Duration = .milliseconds(250), logger: Logger
    ) {
        self.queue = queue
        self.fallback = fallback
        self.logger = logger
        ended.enter()
        let thread = Thread { [self] in
            run()
            ended.leave()
        }
        thread.name = "send-watch"
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// How many calls wait now.
    package var waiting: Int { state.withLock { $0.list.count } }

    /// Something may be known now. Never blocks.
    package func wake() {
        if !isRung.exchange(true, ordering: .acquiringAndReleasing) { bell.signal() }
    }

    /// Answers all who wait with what is known, takes in nobody from now on, and ends the thread.
    package func stop() {
        state.withLock { $0.list.close() }
        wake()
        ended.wait()
    }

    /// Waits for messages on behalf of a caller.
    ///
    /// - Returns: false if there is no room; then the completion is not called.
    func watch(
        _ messages: [MessageID], until deadline: ContinuousClock.Instant,
        completion: @escaping Completion
    ) -> Bool {
        let isTaken = state.withLock { state in
            guard let id = state.list.add(messages, until: deadline) else { return false }
            state.completions[id] = completion
            return true
        }
        // The answer may have come before anybody waited for it.
        if isTaken { wake() }
        return isTaken
    }

    private func run() {
        while true {
            if let deadline = state.withLock({ $0.list.deadline }) {
                let rest = max(.zero, min(fallback, deadline - .now))
                _ = bell.wait(timeout: .now() + rest / .seconds(1))
            } else if !state.withLock({ $0.list.isClosed }) {
                bell.wait()
            }
            isRung.store(false, ordering: .releasing)
            let (pending, isClosed) = state.withLock { ($0.list.pending, $0.list.isClosed) }
            let states = isClosed || pending.isEmpty ? [:] : ask(pending)
            let done = state.withLock { state in
                state.list.settle(states ?? [:], at: .now).map { leaver in
                    (state.completions.removeValue(forKey: leaver.id), leaver.states)
                }
            }
            for (completion, known) in done { completion?(known, states != nil) }
            if isClosed { return }
        }
    }

    private func ask(_ messages: [MessageID]) -> [MessageID: SendState]? {
        do {
            return try queue.states(of: messages)
        } catch {
            logger.log(
                .warning, "cannot look at what callers wait for", limitKey: "",
                ["failure": "\(error)"])
            return nil
        }
    }
}
