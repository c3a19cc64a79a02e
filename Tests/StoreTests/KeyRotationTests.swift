import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Rotation of keys", .blocking)
struct KeyRotationTests {
    private let database: TestDatabase
    private let keys: APIKeys

    init() throws {
        database = try TestDatabase()
        keys = APIKeys(try database.pool(8), logger: .silent)
        _ = try keys.create(name: "shop", scopes: [.send], hash: Self.hash(1), by: .sample)
    }

    private static func hash(_ byte: UInt8) -> [UInt8] { Array(repeating: byte, count: 32) }

    private func rotate(to byte: UInt8, overlap: Duration = .zero) throws -> Bool {
        try keys.rotate(name: "shop", hash: Self.hash(byte), overlap: overlap, by: .sample)
    }

    private func valid(_ bytes: ClosedRange<UInt8>) throws -> [UInt8] {
        try bytes.filter { try keys.key(hash: Self.hash($0)) != nil }
    }

    @Test("the new secret opens the same key, and the old one ends at once")
    func ends() throws {
        let before = try #require(try keys.key(hash: Self.hash(1)))
        #expect(before.id.version == 7)
        #expect(try rotate(to: 2))
        let after = try #require(try keys.key(hash: Self.hash(2)))
        #expect(after.id == before.id)
        #expect(after.name == "shop" && after.scopes == [.send])
        #expect(after.createdAt == before.createdAt)
        #expect(after.secrets.map(\.expiresAt) == [nil])
        #expect(try valid(1...2) == [2])
        #expect(try keys.list().count == 1)
    }

    @Test("with an overlap both are valid until it is over, and the list tells of the old one")
    func overlaps() throws {
        #expect(try rotate(to: 2, overlap: .seconds(3600)))
        #expect(try valid(1...2) == [1, 2])
        let old = try #require(try keys.key(hash: Self.hash(1))?.secrets.first)
        let rest = try #require(old.expiresAt).since(.now) / .seconds(1)
        #expect(rest > 3000 && rest < 3660)
        let listed = try #require(try keys.list().first)
        #expect(listed.secrets.map { $0.expiresAt == nil } == [true, false])
        #expect(listed.secrets.allSatisfy { $0.lastUsedAt != nil })

        try database.run(
            "update api_key_secret set expires_at = now() where expires_at is not null")
        #expect(try valid(1...2) == [2])
        #expect(try keys.list().first?.secrets.count == 1)
    }

    @Test("a rotation within an overlap ends every other secret, and prolongs none")
    func rotatesAgain() throws {
        #expect(try rotate(to: 2, overlap: .seconds(60)))
        #expect(try rotate(to: 3, overlap: .seconds(3600)))
        let ends = try database.run(
            """
            select expires_at < now() + interval '5 minutes' from api_key_secret
            where expires_at is not null order by created_at
            """)
        #expect(ends == "t\nf")
        #expect(try valid(1...3) == [1, 2, 3])
        #expect(try rotate(to: 4))
        #expect(try valid(1...4) == [4])
    }

    @Test("a revocation ends all secrets of a key; what is unknown or revoked is not rotated")
    func revokes() throws {
        #expect(try rotate(to: 2, overlap: .seconds(3600)))
        #expect(try keys.revoke(name: "shop", by: .sample))
        #expect(try valid(1...2) == [])
        #expect(try !rotate(to: 3))
        #expect(try valid(1...3) == [])
        #expect(try !keys.rotate(name: "no", hash: Self.hash(4), overlap: .zero, by: .sample))
        #expect(try keys.create(name: "shop", scopes: [.read], hash: Self.hash(5), by: .sample))
        #expect(try keys.list().map(\.secrets.count) == [2, 1])
        #expect(Set(try keys.list().map(\.id)).count == 2)
    }

    @Test("of rotations at the same time one secret stays valid for good")
    func races() throws {
        let workers = (2..<10).map { [keys] (byte: UInt8) in
            Worker {
                _ = try? keys.rotate(
                    name: "shop", hash: Self.hash(byte), overlap: .zero, by: .sample)
            }
        }
        for worker in workers { #expect(worker.join()) }
        #expect(try valid(1...9).count == 1)
        #expect(try database.run("select count(*) from api_key_secret") == "9")
    }

    @Test("the uses of both secrets are noted, each by itself")
    func notesUses() throws {
        #expect(try rotate(to: 2, overlap: .seconds(3600)))
        func used() throws -> [Bool] {
            try #require(try keys.list().first).secrets.map { $0.lastUsedAt != nil }
        }
        #expect(try used() == [false, false])
        _ = try keys.key(hash: Self.hash(1))
        #expect(try used() == [false, true])
        // The key was used a moment ago, this secret was not.
        _ = try keys.key(hash: Self.hash(2))
        #expect(try used() == [true, true])
    }

    @Test("an Idempotency-Key gives its answer to the same principal after a rotation, to no other")
    func idempotency() throws {
        let queue = SendQueue(try database.pool(), feed: ChangeFeed(), logger: .silent)
        func accept(_ byte: UInt8, _ answer: String) throws -> Acceptance {
            let key = try #require(try keys.key(hash: Self.hash(byte)))
            let stored = StoredAnswer(status: 202, body: Array(answer.utf8))
            return try queue.accept(
                .sample(),
                Idempotency(principal: .key(key.id), key: "order-7", digest: [1], answer: stored))
        }
        #expect(try accept(1, "first") == .queued)
        #expect(try rotate(to: 2))
        let first = StoredAnswer(status: 202, body: Array("first".utf8))
        #expect(try accept(2, "second") == .repeated(first))
        _ = try keys.create(name: "other", scopes: [.send], hash: Self.hash(3), by: .sample)
        #expect(try accept(3, "third") == .queued)
        #expect(try accept(2, "fourth") == .repeated(first))
    }
}
