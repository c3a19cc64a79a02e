import TestSupport
import Testing

@testable import System

@Suite("systemd's sockets", .blocking)
struct InheritedSocketsTests {
    private static func path(_ descriptor: Int32) -> String? {
        descriptor == 9
            ? nil
            : [3: "/run/waybill/callbacks.sock", 4: "/run/waybill/api.sock", 5: "/run/x/events"][
                descriptor] ?? "/run/waybill/more-\(descriptor).sock"
    }

    @Test("systemd's sockets are told apart by the names of their files")
    func environment() throws {
        func parse(_ environment: [String: String]) throws -> [String: Int32] {
            try InheritedSockets(environment: environment, processID: 42, path: Self.path)
                .descriptors
        }
        #expect(try parse([:]).isEmpty)
        #expect(try parse(["LISTEN_FDS": "1"]).isEmpty)
        #expect(try parse(["LISTEN_PID": "41", "LISTEN_FDS": "1"]).isEmpty)
        #expect(try parse(["LISTEN_PID": "42", "LISTEN_FDS": "0"]).isEmpty)
        // One unit gives all of its sockets one name.
        let environment = [
            "LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "waybill:waybill:waybill",
        ]
        #expect(try parse(environment) == ["callbacks": 3, "api": 4, "events": 5])
    }

    @Test("the path of a bound socket is found, and that of another descriptor is not")
    func boundPath() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path(of: "api.sock")
        let socket = try ListeningSocket.bind(path, backlog: 8)
        defer { socket.shut() }
        #expect(UnixAddress.path(of: socket.descriptor) == path)
        #expect(UnixAddress.path(of: 0) == nil)
    }

    @Test(
        "variables that are not valid are refused",
        arguments: [
            ["LISTEN_PID": "x", "LISTEN_FDS": "1"], ["LISTEN_PID": "42", "LISTEN_FDS": "-1"],
            ["LISTEN_PID": "42", "LISTEN_FDS": "+1"], ["LISTEN_PID": "42", "LISTEN_FDS": ""],
            ["LISTEN_PID": "42", "LISTEN_FDS": "65"], ["LISTEN_PID": "42", "LISTEN_FDS": "7"],
        ])
    func contradiction(environment: [String: String]) {
        let error = #expect(throws: SystemError.self) {
            try InheritedSockets(environment: environment, processID: 42, path: Self.path)
        }
        #expect(error?.code == .badEnvironment)
    }

    @Test("two sockets of one name are refused")
    func sameName() {
        let error = #expect(throws: SystemError.self) {
            try InheritedSockets(
                environment: ["LISTEN_PID": "42", "LISTEN_FDS": "2"], processID: 42,
                path: { _ in "/run/api.sock" })
        }
        #expect(error?.code == .badEnvironment)
    }
}
