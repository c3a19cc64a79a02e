import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Who submitted a message", .blocking)
struct SubmitterTests {
    private let sending: SendingHarness

    init() throws {
        sending = try SendingHarness()
    }

    @Test(
        "it is kept with the send request and read back with each of its messages",
        arguments: [
            Submitter(id: .key(APIKeyID(high: 0x0199_0000_0000_7000, low: 1 << 63)), name: "shop"),
            Submitter(id: .user(UserID(high: 0x0199_0000_0000_7000, low: 1 << 63)), name: "Ann"),
            Submitter(Principal.commandLine(name: "deploy", number: 1000)),
        ])
    func isKept(submitter: Submitter) throws {
        let ids = try sending.accept(.sample(recipients: 2, submitter: submitter))
        for id in ids {
            #expect(try sending.messages.message(id)?.sending?.submitter == submitter)
        }
        #expect(
            try sending.database.run(
                "select submitter_kind, submitter_id, submitter_name from send_request")
                == "\(submitter.id.kind.rawValue)|\(submitter.id.uuid)|\(submitter.name)")
    }

    @Test("a request from before anybody noted it has none")
    func isUnknown() throws {
        let id = try sending.accept(.sample())[0]
        try sending.database.run(
            """
            update send_request
            set submitter_kind = null, submitter_id = null, submitter_name = null
            """)
        let message = try #require(try sending.messages.message(id))
        #expect(message.sending != nil && message.sending?.submitter == nil)
    }

    @Test("a submitter's newest requests are found by an index, without a sort")
    func isIndexed() throws {
        try sending.database.run(
            """
            insert into send_request (id, accepted_at, give_up_at, segments, encoding, is_pinned,
                body, submitter_kind, submitter_id, submitter_name)
            select gen_random_uuid(), now(), now(), 1, 'gsm-7', false, '', 'key',
                lpad(to_hex(number % 100), 32, '0')::uuid, 'k'
            from generate_series(1, 20000) as number;
            analyze send_request
            """)
        let plan = try sending.database.run(
            """
            explain select id from send_request
            where submitter_id = '00000000-0000-0000-0000-000000000007' order by id desc limit 50
            """)
        #expect(plan.contains("using send_request_submitter"), "\(plan)")
        #expect(!plan.contains("Sort"), "\(plan)")
    }
}
