import TestSupport
import Testing

@testable import Postgres

@Suite("The state of a pool, without connections")
struct PoolStateTests {
    private let start = ContinuousClock.now
    private let refused = PostgresError(.connection, "refused")

    private func pool(_ count: Int) -> Pool {
        Pool(maximumCount: count, backoff: ReconnectBackoff(first: .seconds(1)))
    }

    @Test("a returned connection goes to the caller that has waited for longest")
    func handsOver() throws {
        var pool = pool(1)
        let (first, second) = (Caller(), Caller())
        guard case .connect = pool.acquire(at: start, orWaitAs: { first }) else {
            Issue.record("no room")
            return
        }
        pool.connected(host: 0)
        for caller in [first, second] {
            guard case .wait(let waiter) = pool.acquire(at: start, orWaitAs: { caller }) else {
                Issue.record("nobody waits")
                return
            }
            #expect(waiter === caller)
        }
        let loan = Pool.Loan(connection: 7, generation: 0)
        guard case .resume(let caller, .lent(let lent)) = pool.release(loan) else {
            Issue.record("nobody is resumed")
            return
        }
        #expect(caller === first && lent.connection == 7)
        #expect(pool.statistics.inUse == 1 && pool.statistics.waiting == 1)
    }

    @Test("waiters without a lent connection fail with the caller that cannot connect")
    func leavesNobodyWaiting() {
        var pool = pool(2)
        for _ in 0..<2 { _ = pool.acquire(at: start, orWaitAs: { Caller() }) }
        pool.connected(host: 0)
        let (first, second) = (Caller(), Caller())
        _ = pool.acquire(at: start, orWaitAs: { first })
        _ = pool.acquire(at: start, orWaitAs: { second })
        // One may still be returned, so they keep waiting.
        #expect(pool.connectFailed(refused, at: start, jitter: 1).failed.isEmpty)
        guard case .resume(let caller, .mayTryAgain) = pool.gaveUp() else {
            Issue.record("nobody is resumed")
            return
        }
        #expect(caller === first)
        // It may not connect yet, and no other event would wake the other one.
        let others = pool.acquire(at: start, orWaitAs: { first }).failed
        #expect(others.count == 1 && others.first === second)
        #expect(pool.statistics.waiting == 0)
    }

    @Test("a connection of a retired generation is not lent again")
    func generations() {
        var pool = pool(2)
        _ = pool.acquire(at: start, orWaitAs: { Caller() })
        pool.connected(host: 0)
        _ = pool.acquire(at: start, orWaitAs: { Caller() })
        pool.connected(host: 0)
        _ = pool.release(Pool.Loan(connection: 1, generation: 0))
        guard case .close([1], failing: let waiters) = pool.retire(generation: 0) else {
            Issue.record("the idle one stays")
            return
        }
        #expect(waiters.isEmpty)
        _ = pool.release(Pool.Loan(connection: 2, generation: 0))
        #expect(pool.statistics.idle == 0 && pool.statistics.inUse == 0)
        guard case .close([], failing: _) = pool.close() else {
            Issue.record("something is idle")
            return
        }
    }

    @Test(
        "whatever happens, no caller waits for ever and no connection is lent twice or lost",
        arguments: 0..<40 as Range<UInt64>)
    func invariants(seed: UInt64) {
        var model = PoolModel(seed: seed)
        for _ in 0..<2_000 {
            model.step()
            #expect(model.problems.isEmpty, "\(model.problems)")
            if !model.problems.isEmpty { return }
        }
        model.finish()
        #expect(model.problems.isEmpty, "\(model.problems)")
    }
}

typealias Pool = PoolState<Int, Caller>

/// A caller that wants a connection.
final class Caller {}

extension PoolState<Int, Caller>.Action {
    var failed: [Caller] { if case .fail(_, let others) = self { others } else { [] } }
}

/// Callers without connections: gives random events to the state and does the actions.
private struct PoolModel {
    private static let most = 3

    private var pool = Pool(
        maximumCount: most, backoff: ReconnectBackoff(first: .milliseconds(20), cap: .seconds(1)))
    private var random: SplitMix64
    private var now = ContinuousClock.now
    private var nextConnection = 0
    private var isServerAway = false
    private var isClosed = false
    private var connecting: [Int] = []
    private var lent: [Pool.Loan] = []
    private var idle: Set<Int> = []
    private var waiting: [ObjectIdentifier: Caller] = [:]
    /// Told that they may try again, which they have not done yet.
    private var mayTry = 0
    private(set) var mistakes: [String] = []

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    mutating func step() {
        now += .milliseconds(Int.random(in: 0...50, using: &random))
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2: acquire()
        case 3: if mayTry > 0 { tryAgain() }
        case 4, 5: if !connecting.isEmpty { connect() }
        case 6, 7: release(isUsable: true)
        case 8: release(isUsable: false)
        case 9: waiting.values.first.map { giveUpWaiting($0) }
        case 10: isServerAway = Int.random(in: 0..<3, using: &random) == 0
        default:
            if Int.random(in: 0..<10, using: &random) == 0 {
                perform(pool.retire(generation: lent.last?.generation ?? 0))
            }
        }
    }

    mutating func finish() {
        isClosed = true
        perform(pool.close())
        while mayTry > 0 { tryAgain() }
        while !connecting.isEmpty { connect() }
        while !lent.isEmpty { release(isUsable: true) }
        if !waiting.isEmpty { mistakes.append("\(waiting.count) wait for a closed pool") }
        if !idle.isEmpty { mistakes.append("\(idle.count) connections are left open") }
        if pool.statistics.inUse + pool.statistics.connecting > 0 { mistakes.append("in use") }
    }

    private mutating func acquire() { perform(pool.acquire(at: now, orWaitAs: { Caller() })) }

    private mutating func tryAgain() {
        mayTry -= 1
        acquire()
    }

    private mutating func connect() {
        let generation = connecting.removeLast()
        if isServerAway {
            let failure = PostgresError(.connection, "refused")
            perform(pool.connectFailed(failure, at: now, jitter: 1))
        } else {
            pool.connected(host: 0)
            nextConnection += 1
            lent.append(Pool.Loan(connection: nextConnection, generation: generation))
        }
    }

    private mutating func release(isUsable: Bool) {
        guard let loan = lent.popLast() else { return }
        guard isUsable else { return perform(pool.gaveUp()) }
        let before = pool.statistics.idle
        let action = pool.release(loan)
        if pool.statistics.idle > before { idle.insert(loan.connection) }
        perform(action)
    }

    private mutating func giveUpWaiting(_ caller: Caller) {
        guard case .fail = pool.gaveUpWaiting(caller) else {
            mistakes.append("a waiter was forgotten")
            return
        }
        waiting[ObjectIdentifier(caller)] = nil
    }

    private mutating func perform(_ action: Pool.Action) {
        switch action {
        case .nothing, .takeOutcome: break
        case .lend(let loan):
            if idle.remove(loan.connection) == nil { mistakes.append("lent twice") }
            lent.append(loan)
        case .connect(_, let generation): connecting.append(generation)
        case .wait(let caller): waiting[ObjectIdentifier(caller)] = caller
        case .fail(_, let others): for caller in others { resumed(caller) }
        case .resume(let caller, let outcome):
            resumed(caller)
            switch outcome {
            case .lent(let loan): lent.append(loan)
            case .mayTryAgain: mayTry += 1
            case .failed: mistakes.append("resumed to fail")
            }
        case .close(let connections, let waiters):
            for connection in connections where idle.remove(connection) == nil {
                mistakes.append("\(connection) was closed and was not idle")
            }
            for caller in waiters { resumed(caller) }
        }
    }

    private mutating func resumed(_ caller: Caller) {
        if waiting.removeValue(forKey: ObjectIdentifier(caller)) == nil {
            mistakes.append("somebody was resumed who did not wait")
        }
    }

    var problems: [String] {
        var problems = mistakes
        func check(_ isTrue: Bool, _ text: String) { if !isTrue { problems.append(text) } }
        let statistics = pool.statistics
        check(statistics.inUse == lent.count, "\(statistics.inUse) in use, lent \(lent.count)")
        check(statistics.connecting == connecting.count, "connecting")
        check(statistics.idle == idle.count, "idle")
        check(statistics.waiting == waiting.count, "waiting")
        check(lent.count + connecting.count <= Self.most, "more than there may be")
        check(lent.count + idle.count <= Self.most + connecting.count, "more are open")
        check(
            waiting.isEmpty || !lent.isEmpty || !connecting.isEmpty || mayTry > 0,
            "\(waiting.count) wait, and nobody will come back")
        check(Set(lent.map(\.connection)).count == lent.count, "one is lent twice")
        return problems
    }
}
