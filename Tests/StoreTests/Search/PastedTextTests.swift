import Domain
import TestSupport
import Testing

@testable import Store

@Suite("The search for what somebody pasted", .blocking, .timeLimit(.minutes(10)))
struct PastedTextTests {
    private let database: TestDatabase
    private let finder: MessageFinder
    private let samples: SearchSamples

    init() throws {
        database = try TestDatabase()
        samples = SearchSamples(count: 60, seed: 7)
        // As the parsers do it, only simpler: "foreign-…" is kept under its hash.
        finder = MessageFinder(
            try database.pool(), logger: .silent, providers: Provider.samples
        ) { _, name in
            MessageID(anyCase: name)
                ?? MessageID(high: 0x8000, low: UInt64(name.utf8.count) | 1 << 63)
        }
        try samples.write(to: database)
    }

    private func find(
        _ text: String, with change: (inout MessageFilter) -> Void = { _ in }
    ) throws -> Set<MessageID> {
        var filter = MessageFilter()
        filter.query = SearchText(text)
        change(&filter)
        let page = try finder.page(of: filter, limit: 200, after: nil, within: .seconds(5))
        #expect(page.next == nil)
        return Set(page.messages.map(\.id))
    }

    @Test("finds a message by its id in any form")
    func byID() throws {
        let message = try #require(samples.messages.first)
        let id = message.id.description
        for form in [id, id.uppercased(), id.replacing("-", with: ""), "  \(id)\n"] {
            #expect(try find(form) == [message.id], "\(form)")
        }
        #expect(try find("01a1fe3e-56fc-7b8e-b8d5-90733bb58452") == [])
    }

    @Test("finds the messages of a send request, by its id and by the id of the HTTP request")
    func bySendRequest() throws {
        let request = try #require(samples.requests.first)
        let messages = Set(
            samples.messages.filter { $0.request?.id == request.id }.map(\.id))
        #expect(try find(request.id.description.uppercased()) == messages)
        let requestID = "d562b0daa979ccab9741bfc5980f6705"
        try database.run(
            """
            insert into audit (at, principal_kind, principal_id, principal_name, action, object,
                detail, request_id)
            values (now(), 'key', '\(request.submitter)', 'shop', 'message.send', '\(request.id)',
                '{}', '\(requestID)')
            """)
        #expect(try find(requestID) == messages)
        #expect(try find(requestID) { $0.statuses = [.partiallyDelivered] } == [])
    }

    @Test("finds a message by the provider's id")
    func byName() throws {
        try database.run(
            """
            update message set provider_message_id = 'Its own name', is_key_derived = false
            where id = '\(samples.messages[3].id)'
            """)
        #expect(try find("Its own name") == [samples.messages[3].id])
        #expect(try find("its own name") == [])
    }

    @Test("finds a number in any spelling, its beginning, and its end without the country code")
    func byNumber() throws {
        let numbers = samples.messages.compactMap(\.recipient)
        let number = try #require(numbers.first { $0.hasPrefix("+44") })
        let to = { (test: (String) -> Bool) in
            Set(samples.messages.filter { $0.recipient.map(test) ?? false }.map(\.id))
        }
        let exact = to { $0 == number }
        let digits = String(number.dropFirst())
        for form in [
            number, digits, "00" + digits, "+\(digits.prefix(4)) (\(digits.dropFirst(4)))",
        ] {
            #expect(try find(form) == exact, "\(form)")
        }
        // With the 0 that is dialled only within the country, and as pages, contacts and exports
        // give it.
        let national = number.dropFirst(3)
        for form in [
            "+44 (0)\(national)", "0044 (0) \(national)", "+440\(national)", "44 (0)\(national)",
            "tel:\(number)", "SMS:\(number)?body=hello", "tel:\(number);ext=1", "'\(number)",
            "\"\(number)\"", "<\(number)>", "\(number),", "\u{202A}\(number)\u{202C}",
            "+44\u{2013}\(national)",
            "\u{FF0B}\u{FF14}\u{FF14}\(national)",
        ] {
            #expect(try find(form) == exact, "\(form)")
        }
        #expect(try find("+44 (0)77") == to { $0.hasPrefix("+4477") })
        #expect(try find("tel:nobody") == [])
        let local = String(digits.suffix(9))
        #expect(try find("0" + local) == to { $0.hasSuffix(local) })
        #expect(try find(local) == to { $0.hasSuffix(local) })
        #expect(try find("+4477") == to { $0.hasPrefix("+4477") })
        #expect(try find("nobody") == [])
        let other = number == "+44" ? "+49" : "+1"
        #expect(try find(number) { $0.recipientPrefix = other } == [])
    }

    @Test("takes no text without anything in it")
    func refusesEmpty() {
        for text in ["", " \n", "\u{0}", String(repeating: "x", count: 257)] {
            #expect(SearchText(text) == nil)
        }
    }
}
