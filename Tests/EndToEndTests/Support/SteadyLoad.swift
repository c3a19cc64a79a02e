import Foundation
import Synchronization
import TestSupport

/// Runs work on threads of its own: tests share two threads, on which nothing may wait for others.
enum Crew {
    /// Runs `work` on as many threads at once, and returns when all have ended.
    static func run(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
        let group = start(count, work)
        group.wait()
    }

    /// As `run`, without waiting.
    static func start(
        _ count: Int, _ work: @escaping @Sendable (Int) -> Void
    ) -> DispatchGroup {
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            let thread = Thread {
                work(index)
                group.leave()
            }
            thread.stackSize = 1 << 18
            thread.start()
        }
        return group
    }
}

/// Posts callbacks of one report each, or sends what else it is told to, without a pause, until it
/// is stopped or nobody holds it any more, as when a test fails halfway.
final class SteadyLoad: Sendable {
    /// The outcome of one callback.
    struct Outcome: Sendable {
        let name: String
        /// Nil if there was no answer at all.
        let status: Int?
        let retryAfter: String?
        let text: String
    }

    /// Outcomes that several threads add to.
    final class Outcomes: Sendable {
        private let list = Mutex<[Outcome]>([])

        func append(_ outcome: Outcome) { list.withLock { $0.append(outcome) } }

        var all: [Outcome] { list.withLock { $0 } }
    }

    /// What the threads share, so that they do not keep the load itself alive.
    private final class Work: Sendable {
        private struct State {
            var outcomes: [Outcome] = []
            var isStopped = false
        }

        private let state = Mutex(State())
        private let send: @Sendable (_ name: String) throws -> HTTPAnswer

        init(_ send: @escaping @Sendable (_ name: String) throws -> HTTPAnswer) {
            self.send = send
        }

        var isStopped: Bool { state.withLock { $0.isStopped } }
        var outcomes: [Outcome] { state.withLock { $0.outcomes } }

        func stop() { state.withLock { $0.isStopped = true } }

        func post(_ name: String) {
            let outcome: Outcome
            do {
                let answer = try send(name)
                outcome = Outcome(
                    name: name, status: answer.status, retryAfter: answer["retry-after"],
                    text: answer.text)
            } catch {
                outcome = Outcome(name: name, status: nil, retryAfter: nil, text: "\(error)")
            }
            state.withLock { $0.outcomes.append(outcome) }
        }
    }

    private let work: Work
    private let demo: RunningDemo
    private let prefix: String
    private let threadCount: Int
    private let threads: DispatchGroup

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - demo: the demo that gets the load.
    ///   - count: of the threads.
    ///   - send: one request; a callback with a report on this message unless given.
    init(
        on demo: RunningDemo, threads count: Int = 6,
        send: (@Sendable (_ name: String) throws -> HTTPAnswer)? = nil
    ) {
        self.demo = demo
        let work = Work(send ?? { try demo.infobip(InfobipBody.of($0)) })
        self.work = work
        let prefix = uniqueName("load")
        self.prefix = prefix
        threadCount = count
        threads = Crew.start(count) { thread in
            var number = 0
            while !work.isStopped {
                work.post("\(prefix)-\(thread)-\(number)")
                number += 1
            }
        }
    }

    deinit { work.stop() }

    /// Waits until so many more callbacks were answered 200, some of them of each thread: then
    /// whatever was in flight before has been answered.
    ///
    /// - Throws: after half a minute.
    func waitForAccepted(_ count: Int) throws {
        let before = work.outcomes.count
        func isEnough() -> Bool {
            let accepted = work.outcomes.dropFirst(before).filter { $0.status == 200 }
            let threads = Set(
                accepted.map { $0.name.dropFirst(prefix.count + 1).prefix { $0 != "-" } })
            return accepted.count >= count && threads.count == threadCount
        }
        guard waitUntil(within: .seconds(30), isEnough) else {
            throw ConnectionFailure("not \(count) more callbacks were answered 200 in time")
        }
    }

    /// Stops and returns all outcomes.
    func stop() -> [Outcome] {
        work.stop()
        threads.wait()
        return work.outcomes
    }

    /// The names that were answered 200 and are not in the database.
    func lost(of outcomes: [Outcome]) throws -> Set<String> {
        let stored = try demo.sql(
            "select provider_message_id from message where provider_message_id like '\(prefix)-%'")
        return Set(outcomes.filter { $0.status == 200 }.map(\.name))
            .subtracting(stored.split(separator: "\n").map(String.init))
    }
}
