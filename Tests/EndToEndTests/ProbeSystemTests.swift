import Foundation
import TestSupport
import Testing

@Suite("Probes again and again", .timeLimit(.minutes(5)))
struct ProbeSystemTests {
    private func settings(_ demo: RunningDemo) -> [String: String] {
        [
            "APP_BASE_URL": demo.document.url, "WAYBILL_API_KEY": demo.document.api_key,
            "INFOBIP_WEBHOOK_USER": demo.document.infobip.user,
            "INFOBIP_WEBHOOK_PASSWORD": demo.document.infobip.password,
        ]
    }

    @Test("A line for each, until a signal comes, and no child that stays")
    func well() throws {
        let demo = try RunningDemo.shared
        let probe = try ChildProcess(
            WaybillProgram.path, ["probe", "--ca", demo.document.ca, "--every", "10s"],
            environment: WaybillProgram.bareEnvironment.merging(settings(demo)) { $1 })
        try probe.waitForOutput("all is well", within: .seconds(30))
        // At once, not at the next probe.
        #expect(try probe.stop() == .status(0))
        let line = try #require(probe.output.split(separator: "\n").first)
        #expect(
            line.wholeMatch(
                of: /\d{4}-\d\d-\d\dT[\d:.]+Z all is well, \d+ ms, message waybill-probe-[\da-f-]+/)
                != nil)
        let name = try #require(line.split(separator: " ").last)
        #expect(try demo.status(String(name)) == "delivered")
    }

    @Test("A failure is told, and the exit status is that of the last one")
    func broken() throws {
        let demo = try RunningDemo.shared
        let wrong = settings(demo).merging(["INFOBIP_WEBHOOK_PASSWORD": "wrong"]) { $1 }
        let probe = try ChildProcess(
            WaybillProgram.path, ["probe", "--ca", demo.document.ca, "--every=10s"],
            environment: WaybillProgram.bareEnvironment.merging(wrong) { $1 })
        try probe.waitForOutput(" failed: POST /callbacks/infobip: answered 401 wrong_credentials")
        #expect(try probe.stop() == .status(1))
    }

    @Test("The time between two is bounded", arguments: ["9s", "2d", "minute", "60"])
    func usage(every: String) throws {
        let outcome = try WaybillProgram.run(
            ["probe", "--every", every],
            [
                "APP_BASE_URL": "https://sms.example.com", "INFOBIP_WEBHOOK_SECRET": "s",
                "WAYBILL_API_KEY": "wb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ])
        #expect(outcome.exit == .status(64))
        #expect(outcome.errors.contains("--every takes a time from 10s to 24h"))
    }
}
