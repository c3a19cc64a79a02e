import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("The audit", .blocking)
struct AuditTests {
    private let sending: SendingHarness
    private let keys: APIKeys

    init() throws {
        sending = try SendingHarness()
        keys = APIKeys(try sending.database.pool(), logger: .silent)
    }

    private func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    private func rows(_ columns: String) throws -> String {
        try sending.database.run(
            "select \(columns) from audit where action <> 'message.send' order by number")
    }

    private func key(_ byte: UInt8) throws -> APIKey {
        try #require(try keys.key(hash: hash(byte)))
    }

    @Test("each act on a key leaves an entry: who, what, to what, and never a secret")
    func keyActs() throws {
        _ = try keys.create(name: "shop", scopes: [.send, .read], hash: hash(1), by: .sample)
        let id = try key(1).id
        _ = try keys.rotate(name: "shop", hash: hash(2), overlap: .seconds(60), by: .sample)
        _ = try keys.revoke(name: "shop", by: .sample)
        #expect(
            try rows("principal_kind, principal_id, principal_name, action, object, detail")
                == """
                command_line|00000000-0000-8000-8000-000000000007|tester|key.create|\(id)|\
                {"name": "shop", "scopes": "read,send"}
                command_line|00000000-0000-8000-8000-000000000007|tester|key.rotate|\(id)|\
                {"name": "shop", "overlap_seconds": "60"}
                command_line|00000000-0000-8000-8000-000000000007|tester|key.revoke|\(id)|\
                {"name": "shop"}
                """)
        #expect(try rows("request_id is null and address is null") == "t\nt\nt")
        #expect(try rows("abs(extract(epoch from now() - at)) < 60") == "t\nt\nt")
    }

    @Test("a key's entries are the same principal's before and after a rotation")
    func survivesRotation() throws {
        _ = try keys.create(name: "shop", scopes: [.send], hash: hash(1), by: .sample)
        func cancel(_ byte: UInt8) throws {
            let requester = Requester(
                Principal(try key(byte)), requestID: "r\(byte)", address: "192.0.2.\(byte)")
            let message = try sending.accept(.sample())[0]
            #expect(try sending.queue.cancel(message, at: .now, by: requester) == .cancelled)
        }
        try cancel(1)
        _ = try keys.rotate(name: "shop", hash: hash(2), overlap: .zero, by: .sample)
        try cancel(2)
        #expect(
            try sending.database.run(
                """
                select principal_kind, principal_name, request_id, address, detail,
                    principal_id = (select id from api_key)
                from audit where action = 'message.cancel' order by number
                """) == "key|shop|r1|192.0.2.1|{}|t\nkey|shop|r2|192.0.2.2|{}|t")
    }

    @Test("a cancelled message has one entry, however often it is asked for")
    func cancelsOnce() throws {
        let id = try sending.accept(.sample())[0]
        #expect(try sending.queue.cancel(id, at: .now, by: .sample) == .cancelled)
        #expect(try sending.queue.cancel(id, at: .now, by: .sample) == .tooLate(.cancelled))
        #expect(try rows("action, object") == "message.cancel|\(id)")
    }

    @Test("what did nothing leaves no entry")
    func nothingDone() throws {
        _ = try keys.create(name: "shop", scopes: [.send], hash: hash(1), by: .sample)
        #expect(try rows("action") == "key.create")
        #expect(try !keys.create(name: "shop", scopes: [.read], hash: hash(2), by: .sample))
        #expect(try !keys.rotate(name: "no", hash: hash(2), overlap: .zero, by: .sample))
        #expect(try !keys.revoke(name: "no", by: .sample))
        let (leased, _) = try sending.leased()
        #expect(try sending.queue.cancel(leased, at: .now, by: .sample) == .tooLate(.queued))
        #expect(try sending.queue.cancel(.new(at: .now), at: .now, by: .sample) == .unknown)
        #expect(try rows("action") == "key.create")
    }

    @Test("an act that fails leaves no entry, and one whose entry fails is not done")
    func allOrNothing() throws {
        _ = try keys.create(name: "shop", scopes: [.send], hash: hash(1), by: .sample)
        // The hash is another secret's.
        _ = try keys.create(name: "other", scopes: [.send], hash: hash(2), by: .sample)
        #expect(throws: StoreFailure.self) {
            try keys.rotate(name: "shop", hash: hash(2), overlap: .zero, by: .sample)
        }
        #expect(try rows("action") == "key.create\nkey.create")
        #expect(try key(1).name == "shop")

        let id = try sending.accept(.sample())[0]
        try sending.database.run("revoke insert on audit from waybill")
        #expect(throws: StoreFailure.self) {
            try sending.queue.cancel(id, at: .now, by: .sample)
        }
        #expect(throws: StoreFailure.self) { try keys.revoke(name: "shop", by: .sample) }
        #expect(throws: StoreFailure.self) {
            try keys.rotate(name: "shop", hash: hash(3), overlap: .zero, by: .sample)
        }
        #expect(try sending.status(id) == .queued)
        #expect(try sending.row(id) == "1")
        #expect(try key(1).name == "shop")
        #expect(try keys.key(hash: hash(3)) == nil)
    }
}
