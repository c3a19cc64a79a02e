import TestSupport
import Testing

/// `waybill send` and `waybill message` as programs, on a real database.
@Suite("Messages on the command line", .blocking)
struct MessageCommandTests {
    private static let id = "01990000-0000-7000-8000-000000000001"
    private let server: PostgresServer
    private let url: String
    private var name: String { String(url.split(separator: "/").last ?? "") }

    init() throws {
        server = try PostgresServer.shared
        url = try server.createDatabase()
        _ = try Executable.run(["migrate"], environment: ["DATABASE_URL": url])
    }

    private func run(_ words: String...) throws -> (
        exit: ChildProcess.Exit, output: String, errors: String
    ) {
        try Executable.run(words, environment: ["DATABASE_URL": url])
    }

    /// A message of ours that a provider accepted.
    private func insert(status: Int) throws {
        try server.run(
            """
            insert into send_request (id, accepted_at, give_up_at, segments, encoding, is_pinned, body)
                values ('01990000-0000-7000-8000-000000000002', now(), now(), 1, 'gsm-7', false, 'a');
            insert into message (id, precedence, fingerprint, created_at, updated_at, provider,
                status, is_ours, is_key_derived, provider_message_id, recipient, send_request_id)
                values ('\(Self.id)', 0, 0, '2026-11-18T11:06:40Z', now(), 2, \(status), true, false,
                'uuid-1', '+41791234567', '01990000-0000-7000-8000-000000000002');
            insert into event (message_id, at, kind, provider, attempt, status)
                values ('\(Self.id)', '2026-11-18T11:06:41Z', 1, 2, 1, 2);
            """, in: name)
    }

    @Test("A message is shown by our id or the provider's")
    func show() throws {
        try insert(status: 2)
        for name in [Self.id, Self.id.uppercased(), "uuid-1"] {
            let result = try run("message", name)
            #expect(result.exit == .status(0), "\(result.errors)")
            #expect(result.output.hasPrefix("message   \(Self.id)\nstatus    accepted\n"))
            #expect(
                result.output.contains(
                    "2026-11-18T11:06:41.000Z    accepted      plivo     accepted            attempt 1"
                ))
        }
        let json = try run("message", Self.id, "--json")
        #expect(json.output.hasPrefix(#"{"message":{"id":"\#(Self.id)","provider":"plivo""#))
        #expect(json.output.contains(#""timeline":{"message_id":"\#(Self.id)""#))
    }

    @Test(
        "The exit status shows the message's status",
        arguments: [(4, Int32(0)), (8, 3), (10, 3)])
    func exitStatus(status: Int, exit: Int32) throws {
        try insert(status: status)
        #expect(try run("message", Self.id, "--follow").exit == .status(exit))
    }

    @Test("An unknown message exits 1")
    func unknown() throws {
        let result = try run("message", Self.id)
        #expect(result.exit == .status(1))
        #expect(
            result.errors
                == "waybill: message: nobody has sent this message through us or reported on it\n")
    }

    @Test("With --follow all events are shown until the end")
    func follow() throws {
        try insert(status: 2)
        let process = try ChildProcess(
            Executable.path, ["message", Self.id, "--follow"],
            environment: ["DATABASE_URL": url, "PATH": "/usr/bin:/bin"])
        try process.waitForOutput("attempt 1\n")
        try server.run(
            """
            insert into event (message_id, at, kind, status, code, detail)
                values ('\(Self.id)', '2026-11-18T11:06:42Z', 11, 6, 'expired', 'nobody knows it');
            update message set status = 6 where id = '\(Self.id)';
            notify waybill_sent;
            """, in: name)
        #expect(try process.waitForExit() == .status(3))
        #expect(
            process.output.hasSuffix(
                "2026-11-18T11:06:42.000Z    expired                 expired             "
                    + "expired nobody knows it\nstatus    expired (final)\n"))
    }

    @Test("A sent message is queued, shown by its id, and answered when a provider has it")
    func send() throws {
        let queued = try run(
            "send", "--to", "+41 79 123 45 67", "--text", "a", "--provider", "plivo")
        #expect(queued.exit == .status(0), "\(queued.errors)")
        let columns = queued.output.split(separator: "\t").map(String.init)
        #expect(columns.dropFirst() == ["+41791234567", "queued", "plivo", "1 SMS\n"])
        let shown = try run("message", columns[0])
        #expect(shown.output.contains("status    queued\nto        +41791234567\n"))

        let process = try ChildProcess(
            Executable.path,
            ["send", "--to", "+41791234568", "--text", "a", "--wait", "600", "--json"],
            environment: ["DATABASE_URL": url, "PATH": "/usr/bin:/bin"])
        let isQueued = try waitUntil(within: .seconds(30)) {
            try server.run(
                "select count(*) from message where recipient = '+41791234568'", in: name
            ).contains("1")
        }
        #expect(isQueued)
        try server.run(
            """
            update message set status = 2 where recipient = '+41791234568';
            notify waybill_sent;
            """, in: name)
        #expect(try process.waitForExit() == .status(0))
        #expect(process.output.contains(#""to":"+41791234568","status":"accepted""#))
    }

    @Test("An invalid message exits 65 and names every mistake")
    func problems() throws {
        let result = try run(
            "send", "--to", "079 123 45 67", "--to", "+41791234567", "--to", "0041791234567",
            "--text", "a", "--from", "xé", "--provider", "twilio", "--send-at", "now",
            "--validity", "0")
        #expect(result.exit == .status(65))
        #expect(
            result.errors == """
                waybill: send: the message has 6 problem(s):
                  --provider: There is no provider of this name; known: infobip, plivo.
                  --to (1 of 3): It begins with a national 0; write it with its country code, as in \
                +41….
                  --to (3 of 3): It is the same number as --to (2 of 3); a send request sends once to each.
                  --from: Its character 2 is U+00E9 ("é"), which networks do not carry in a sender's \
                name: it takes letters from a to z, digits, blanks and !"#$%&'()*+,-./:;<=>?@_ in it.
                  --validity: It takes a whole number of minutes from 1 to 2880.
                  --send-at: It must be a time with its zone, as in 2027-01-31T08:00:00+01:00.

                """)
    }

    @Test("One recipient is --to, and an empty text is reported as --text")
    func oneRecipient() throws {
        let result = try run("send", "--to", "+44 (07700) 900131")
        #expect(result.exit == .status(65))
        #expect(
            result.errors == """
                waybill: send: the message has 2 problem(s):
                  --to: A 0 follows the country code 44, which is dialled only within the country; \
                write it without.
                  --text: There is no text to send.

                """)
    }

    @Test("A UUID of Plivo's is found in capitals, too")
    func providerUUID() throws {
        let uuid = "5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"
        try insert(status: 2)
        try server.run("update message set provider_message_id = '\(uuid)'", in: name)
        for name in [uuid, uuid.uppercased()] {
            #expect(try run("message", name).output.hasPrefix("message   \(Self.id)\n"))
        }
    }

    @Test("Without a database nothing is tried", arguments: ["send", "message"])
    func noDatabase(command: String) throws {
        let words =
            command == "send"
            ? ["send", "--to", "+41791234567", "--text", "a"] : ["message", Self.id]
        let missing = try Executable.run(words)
        #expect(missing.exit == .status(78))
        let away = try Executable.run(
            words,
            environment: ["DATABASE_URL": "postgresql://127.0.0.1:\(try FreePort.next())/x"])
        #expect(away.exit == .status(1))
        #expect(away.output.isEmpty)
    }
}
