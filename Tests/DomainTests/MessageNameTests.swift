import Domain
import Testing

@Suite("Names of messages at the providers")
struct MessageNameTests {
    @Test(
        "a UUID has one spelling; of another name its sender decides",
        arguments: [
            (
                Provider.plivo, "5F0C2F34-9D1B-4c57-8C39-2A64C1F0E7AA",
                "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"
            ),
            (
                .infobip, "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AA",
                "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AA"
            ),
            (
                .infobip, "01890A5D-AC96-774B-BCCE-B302099A8057",
                "01890a5d-ac96-774b-bcce-b302099a8057"
            ),
            (
                .infobip, "01890A5D-AC96-774B-7CCE-B302099A8057",
                "01890A5D-AC96-774B-7CCE-B302099A8057"
            ),
            (.plivo, "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7A", "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7A"),
            (
                .plivo, "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AG",
                "5F0C2F34-9D1B-4C57-8C39-2A64C1F0E7AG"
            ),
            (.plivo, "ABC", "ABC"), (.plivo, "", ""),
        ])
    func canonical(provider: Provider, name: String, expected: String) {
        #expect(provider.canonical(name) == expected)
        #expect(provider.canonical(expected) == expected)
    }
}
