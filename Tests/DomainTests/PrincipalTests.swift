import Testing

@testable import Domain

@Suite("Principals")
struct PrincipalTests {
    private static let uuid = Identifier<Principal>(high: 0x0199_0000_0000_7000, low: 1 << 63 | 7)

    @Test("An id is told by its kind and its UUID", arguments: PrincipalID.Kind.allCases)
    func ids(kind: PrincipalID.Kind) {
        let id = PrincipalID(kind, Self.uuid)
        #expect(id.kind == kind)
        #expect(id.uuid == Self.uuid)
        for other in PrincipalID.Kind.allCases where other != kind {
            #expect(PrincipalID(other, Self.uuid) != id)
        }
    }

    @Test("A user of the operating system is known by number, and may do everything")
    func commandLine() {
        let root = Principal.commandLine(name: "root", number: 0)
        #expect(root.id.uuid.description == "00000000-0000-8000-8000-000000000000")
        #expect(root.id.uuid.version == 8)
        #expect(root.scopes == Set(Scope.allCases))
        let renamed = Principal.commandLine(name: "admin", number: 0)
        #expect(renamed.id == root.id && renamed != root)
        let last = Principal.commandLine(name: "x", number: .max)
        #expect(last.id.uuid.description == "00000000-0000-8000-8000-0000ffffffff")
    }

    @Test("A key stands for a principal with its id, name and scopes")
    func key() {
        let id = APIKeyID(high: 1, low: 2)
        let key = APIKey(
            id: id, name: "shop", scopes: [.read, .send], createdAt: Timestamp(microseconds: 0))
        #expect(
            Principal(key) == Principal(id: .key(id), name: "shop", scopes: [.read, .send]))
        #expect(Submitter(Principal(key)) == Submitter(id: .key(id), name: "shop"))
    }
}
