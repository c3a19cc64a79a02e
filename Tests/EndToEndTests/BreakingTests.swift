import Foundation
import TestSupport
import Testing

/// Tests that break parts of the breakable demo, one after the other.
@Suite("What breaks and recovers", .serialized, .timeLimit(.minutes(10)))
enum BreakingTests {}

extension RunningDemo {
    /// Changes nginx's files, runs `body` once nginx has read them, and puts them back.
    ///
    /// - Parameters:
    ///   - edits: by file, relative to nginx's folder: what replaces what; "" replaces all.
    ///   - isActive: whether nginx works with the changed files.
    ///   - isRestored: whether it works with the old ones.
    ///   - body: what is done meanwhile.
    /// - Throws: when nginx does not take the change, and what `body` throws.
    func reconfigured(
        _ edits: [(file: String, old: String, new: String)],
        until isActive: () throws -> Bool, restored isRestored: () throws -> Bool,
        _ body: () throws -> Void
    ) throws {
        var originals: [(path: String, text: String)] = []
        for edit in edits {
            let path = "\(directory)/nginx/\(edit.file)"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            originals.append((path, text))
            let new = edit.old.isEmpty ? edit.new : text.replacing(edit.old, with: edit.new)
            #expect(new != text, "\(edit.file) does not hold \(edit.old)")
            try new.write(toFile: path, atomically: true, encoding: .utf8)
        }
        func reload() throws {
            kill(try currentDocument.pids.nginx, SIGHUP)
        }
        func restore() throws {
            for original in originals.reversed() {
                try original.text.write(toFile: original.path, atomically: true, encoding: .utf8)
            }
            try reload()
            // nginx does not report when new workers have taken over.
            try #require(try waitUntil(within: .seconds(20)) { try fresh(isRestored) })
        }
        func fresh(_ probe: () throws -> Bool) throws -> Bool {
            client.disconnect()
            return (try? probe()) ?? false
        }
        try reload()
        do {
            try #require(try waitUntil(within: .seconds(20)) { try fresh(isActive) })
            try body()
        } catch {
            try restore()
            throw error
        }
        try restore()
    }
}

extension BreakingTests {
    @Suite("nginx's limits and allow-lists")
    struct LimitTests {
        @Test("A low limit for callbacks answers 429, and the API goes on")
        func callbacksLimit() throws {
            let demo = try RunningDemo.breakable
            func post() throws -> HTTPAnswer { try demo.infobip(InfobipBody.of(uniqueName())) }
            try demo.reconfigured(
                [
                    ("nginx.conf", "rate=100000r/s", "rate=1r/m"),
                    ("waybill/limit-callbacks.conf", "burst=2000", "burst=2"),
                ],
                until: { try post().status == 429 }, restored: { try post().status == 200 }
            ) {
                let answer = try post()
                expectProblem(answer, 429, "rate_limited")
                #expect(answer["retry-after"] == "1")
                #expect(try demo.api("/health/live").status == 200)
            }
        }

        @Test("A low limit by key answers 429 for that key only")
        func keyLimit() throws {
            let demo = try RunningDemo.breakable
            func ask(_ key: String?) throws -> HTTPAnswer {
                try demo.api("/v1/status", key: .some(key))
            }
            let key = demo.document.api_key
            try demo.reconfigured(
                [
                    ("nginx.conf", "waybill_key:1m rate=10000r/s", "waybill_key:1m rate=1r/m"),
                    ("waybill/limit-api.conf", "waybill_key burst=100", "waybill_key burst=1"),
                ],
                until: { try ask(key).status == 429 }, restored: { try ask(key).status == 200 }
            ) {
                expectProblem(try ask(key), 429, "rate_limited")
                #expect(try ask("wb_other").status == 401)
                #expect(try ask(nil).status == 401)
            }
        }

        @Test(
            "An allow-list refuses others with 403",
            arguments: [
                ("allow-infobip.conf", "/callbacks/infobip", "/callbacks/plivo"),
                ("allow-infobip.conf", "/infobip-dlr", "/callbacks/plivo"),
                ("allow-plivo.conf", "/callbacks/plivo", "/callbacks/infobip"),
                ("allow-admins.conf", "/metrics", "/health/live"),
            ])
        func allowList(file: String, closed: String, open: String) throws {
            let demo = try RunningDemo.breakable
            func code(_ path: String) throws -> String? {
                let answer = try demo.api(path, method: path.contains("call") ? "POST" : "GET")
                return answer.status == 403 ? try JSON(answer)["code"].string : nil
            }
            try demo.reconfigured(
                [("waybill/" + file, "", "allow 192.0.2.0/24;\ndeny all;\n")],
                until: { try code(closed) == "address_not_allowed" },
                restored: { try code(closed) != "address_not_allowed" }
            ) {
                expectProblem(
                    try demo.api(closed, method: closed == "/metrics" ? "GET" : "POST"), 403,
                    "address_not_allowed")
                #expect(try code(open) != "address_not_allowed")
            }
        }

        @Test(
            "A responder that is away is 502, for callbacks and for the API",
            arguments: [
                ("callbacks.sock", "/callbacks/infobip", "POST"),
                ("api.sock", "/health/live", "GET"),
            ])
        func away(socket: String, path: String, method: String) throws {
            let demo = try RunningDemo.breakable
            let file = "\(demo.directory)/nginx/\(socket)"
            // New connections are refused; the kept ones are closed with their workers.
            try demo.reconfigured(
                [("waybill/allow-admins.conf", "", "# nothing\n")],
                until: { true }, restored: { try demo.api(path, method: method).status < 500 }
            ) {
                rename(file, file + ".away")
                defer { rename(file + ".away", file) }
                var answer: HTTPAnswer?
                _ = try waitUntil(within: .seconds(10)) {
                    demo.client.disconnect()
                    answer = try demo.api(path, method: method)
                    return answer?.status == 502
                }
                let last = try #require(answer)
                expectProblem(last, 502, "upstream_unavailable")
                #expect(last["retry-after"] == "5")
            }
        }

        @Test("A responder that hangs is 504")
        func hanging() throws {
            let demo = try RunningDemo.breakable
            func post() throws -> HTTPAnswer { try demo.infobip(InfobipBody.of(uniqueName())) }
            let responder = try demo.currentDocument.pids.responder
            // A second instead of ten; the size of a buffer shows that nginx has read it.
            try demo.reconfigured(
                [
                    (
                        "waybill/callbacks.conf", "fastcgi_read_timeout 10s",
                        "fastcgi_read_timeout 1s"
                    ),
                    (
                        "waybill/callbacks-of-infobip.conf", "client_max_body_size 12m",
                        "client_max_body_size 100k"
                    ),
                ],
                until: {
                    try demo.infobip([UInt8](repeating: 0x20, count: 110_000)).status == 413
                },
                restored: { try post().status == 200 }
            ) {
                kill(responder, SIGSTOP)
                defer { kill(responder, SIGCONT) }
                var last: HTTPAnswer?
                // A worker of before the reload may take a connection and close it again.
                _ = waitUntil(within: .seconds(10)) {
                    demo.client.disconnect()
                    last = try? post()
                    return last != nil
                }
                let answer = try #require(last)
                expectProblem(answer, 504, "upstream_timeout")
                #expect(answer["retry-after"] == "5")
            }
        }
    }
}
