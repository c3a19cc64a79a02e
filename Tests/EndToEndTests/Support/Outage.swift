import Foundation
import Glibc
import TestSupport

/// PostgreSQL as a hanging machine: it takes connections and never answers. Over with the last
/// reference.
final class Outage {
    private let processes: [pid_t]

    init(of demo: RunningDemo) throws {
        let postgres = try demo.currentDocument.pids.postgres
        processes = [postgres] + BreakingTests.FaultTests.children(of: postgres)
        for process in processes { kill(process, SIGSTOP) }
    }

    deinit { end() }

    /// It answers again.
    func end() {
        for process in processes { kill(process, SIGCONT) }
    }
}

/// Callbacks with what they were answered.
struct Receipts {
    struct Receipt {
        let name: String
        let id: String
        let took: Duration
    }

    private(set) var all: [Receipt] = []
    /// Answers other than 200.
    private(set) var others: [HTTPAnswer] = []

    /// Posts a callback of one report.
    @discardableResult
    mutating func post(to demo: RunningDemo, bodyBytes: Int = 0) throws -> HTTPAnswer {
        let name = uniqueName("spool")
        let padding = String(repeating: " ", count: bodyBytes)
        let start = ContinuousClock.now
        let answer = try demo.infobip(InfobipBody.of(name) + Array(padding.utf8))
        if answer.status == 200 {
            all.append(
                Receipt(name: name, id: answer["waybill-receipt"] ?? "", took: .now - start))
        } else {
            others.append(answer)
        }
        return answer
    }

    /// Those of which message and report are not in the database, or which are not archived once.
    func missing(in demo: RunningDemo) throws -> [String] {
        let wanted = all.map { "('\($0.name)', '\($0.id)'::uuid)" }.joined(separator: ",")
        let rows = try demo.sql(
            """
            select name from (values \(wanted)) as wanted (name, id)
            where (select count(*) from callback where callback.id = wanted.id) <> 1
               or not exists (select from message join report on report.message_id = message.id
                  where provider_message_id = name and report.callback_id = wanted.id)
            """)
        return rows.split(separator: "\n").map(String.init)
    }
}
