import Domain
import Testing

@Suite("Which message of a send request a callback is about")
struct SendRequestMessagesTests {
    private static let sendRequest = SendRequestID(high: 0x7000, low: 1 << 63)

    private static func id(_ number: Int) -> MessageID {
        MessageID(high: 0x7000, low: 1 << 63 | UInt64(number))
    }

    /// Messages to these numbers, in this order.
    private func members(
        _ recipients: [String], names: [Int: String] = [:], statuses: [Int: Status] = [:],
        providers: [Int: Provider] = [:]
    ) -> [SendRequestMessages.Member] {
        recipients.enumerated().map { index, recipient in
            SendRequestMessages.Member(
                id: Self.id(index), provider: providers[index] ?? .plivo,
                status: statuses[index] ?? .accepted, recipient: recipient, name: names[index])
        }
    }

    private func report(_ name: String, to recipient: String?) -> Report {
        Report(
            message: Self.id(99), sendRequest: Self.sendRequest, isKeyDerived: false,
            provider: .plivo,
            providerMessageID: name, status: .sent, outcome: Outcome(provider: .plivo),
            recipient: recipient)
    }

    private func match(
        _ members: [SendRequestMessages.Member], _ reports: [Report]
    ) -> [Int?] {
        var messages = SendRequestMessages(members)
        return messages.match(reports).map { id in members.firstIndex { $0.id == id } }
    }

    @Test(
        "another spelling of the number is the same number",
        arguments: [
            ("+5491123456789", "541123456789"), ("+5491123456789", "+541123456789"),
            ("+541123456789", "+5491123456789"), ("+5491123456789", "54111523456789"),
            ("+5215512345678", "525512345678"), ("+525512345678", "5215512345678"),
            ("+447700900123", "07700900123"), ("+447700900123", "00447700900123"),
            ("+447700900123", "4407700900123"), ("+4407700900123", "447700900123"),
            ("+5511987654321", "551187654321"), ("+393471234567", "0393471234567"),
            ("+447700900123", "+44 7700 900-123"), ("+447700900123", "447700900123"),
        ])
    func spelling(sent: String, told: String) {
        let others = ["+33612345678", "+4915123456780", "+12025550123", "+447700900124"]
        for place in 0...others.count {
            var recipients = others
            recipients.insert(sent, at: place)
            #expect(match(members(recipients), [report("u", to: told)]) == [place])
        }
    }

    @Test("a message that Plivo has named is found by the name, whatever the reported recipient")
    func name() {
        let members = members(["+447700900101", "+447700900102"], names: [0: "a"])
        for told in ["447700900102", "541123456789", "Acme", nil] {
            #expect(match(members, [report("a", to: told)]) == [0])
        }
    }

    @Test("of two spellings of one phone in a send request each is one message")
    func twoSpellings() {
        let recipients = ["+5491123456789", "+541123456789"]
        let told = "541123456789"
        #expect(match(members(recipients), [report("a", to: told)]) == [1])
        #expect(match(members(recipients, names: [1: "a"]), [report("b", to: told)]) == [0])
        #expect(
            match(members(recipients), [report("a", to: told), report("b", to: told)]) == [1, 0])
        #expect(
            match(members(recipients, names: [0: "b", 1: "a"]), [report("c", to: told)]) == [1])
    }

    @Test("a second attempt has another name and is the same message")
    func attempts() {
        let members = members(["+447700900101", "+447700900102"], names: [0: "a"])
        #expect(match(members, [report("b", to: "447700900101")]) == [0])
        #expect(match(members, [report("b", to: "07700900101")]) == [0])
    }

    @Test("where all others are known, it is the only one that is left")
    func onlyOneLeft() {
        let recipients = ["+447700900101", "+447700900102", "+447700900103"]
        let strange = report("c", to: "12025550199")
        #expect(match(members(recipients, names: [0: "a", 2: "b"]), [strange]) == [1])
        #expect(match(members(recipients, names: [0: "a"]), [strange]) == [nil])
        #expect(match(members(recipients), [strange]) == [nil])
        #expect(match(members(["+447700900101"]), [strange]) == [0])
        #expect(match(members([]), [strange]) == [nil])
        // What came with it tells, too, in whatever order.
        let others = [report("a", to: "447700900101"), report("b", to: "447700900103")]
        #expect(match(members(recipients), [strange] + others) == [1, 0, 2])
        // Messages of another provider, and one that Plivo never had, do not count.
        #expect(
            match(members(recipients, names: [0: "a"], providers: [2: .infobip]), [strange]) == [1])
        for status in [Status.rejected, .cancelled] {
            #expect(
                match(members(recipients, names: [0: "a"], statuses: [2: status]), [strange]) == [1]
            )
        }
        #expect(
            match(members(recipients, names: [0: "a"], statuses: [2: .failed]), [strange]) == [1])
        #expect(
            match(
                members(recipients, names: [0: "a", 1: "b"], statuses: [2: .failed]), [strange])
                == [2])
    }

    @Test("two that are equally close do not match, unless one of them is taken")
    func ambiguous() {
        let recipients = ["+447700900123", "+17700900123", "+33612345678"]
        #expect(match(members(recipients), [report("u", to: "7700900123")]) == [nil])
        #expect(match(members(recipients), [report("u", to: "4407700900123")]) == [0])
        #expect(
            match(members(recipients, names: [0: "a"]), [report("u", to: "7700900123")]) == [1])
    }

    @Test("a few equal digits at the end do not count as similar")
    func stranger() {
        let recipients = ["+447700900123", "+33612345678"]
        for told in ["900123", "+12025900123", "+5217700900123", "", "Acme"] {
            #expect(match(members(recipients), [report("u", to: told)]) == [nil])
        }
    }
}
