import Domain
import Testing

@Suite("Opt-outs")
struct OptOutTests {
    private static func words() -> OptOutWords {
        var words = OptOutWords()
        let isRead =
            words.add(.out, "en: stop, stop all, end; fr: arrêt, arret")
            && words.add(.in, "en: start, yes") && words.add(.help, "en: help")
        #expect(isRead)
        return words
    }

    @Test(
        "A word counts if it is the whole message",
        arguments: [
            ("STOP", OptOutWords.Meaning.out), (" stop \r\n", .out), ("Stop.", .out),
            ("stop!", .out), ("Stop !", .out), ("STOP  ALL", .out), ("\u{FEFF}stop\u{200B}", .out),
            ("ARRÊT", .out), ("arre\u{302}t", .out), ("停\u{3002}", nil), ("START", .in),
            ("Yes.", .in), ("HELP!", .help), ("STOP 12345", nil), ("please stop", nil),
            ("stop!!", nil), ("stop.!", nil), ("\"stop\"", nil), ("stopp", nil), ("", nil),
            (".", nil), ("s t o p", nil), ("yes please", nil),
            (String(repeating: " ", count: 5000) + "stop", nil),
        ] as [(String, OptOutWords.Meaning?)])
    func meaning(text: String, meaning: OptOutWords.Meaning?) {
        #expect(Self.words().meaning(of: text)?.meaning == meaning)
    }

    @Test(
        "A list that is none, or says two things of a word, is refused",
        arguments: ["stop", "en stop", "en: start", ": stop", "en: a:b", "en: , x", "en: x, "])
    func lists(text: String) {
        var words = Self.words()
        let isRead = words.add(.out, text)
        #expect(!isRead)
    }

    private static func entry(
        _ number: Int, _ isOut: Bool, at second: Int64, _ source: OptOutEntry.Source = .word,
        sender: String? = nil
    ) -> OptOutEntry {
        let at = Timestamp(microseconds: second * 1_000_000)
        return OptOutEntry(
            id: OptOutID(high: 0, low: UInt64(number)), recipient: "+447700900123", sender: sender,
            isOut: isOut, source: source, provider: nil, at: at,
            recordedAt: Timestamp(microseconds: 1_000_000_000_000))
    }

    @Test("The latest holds, in whatever order they come")
    func latest() {
        let entries = [
            Self.entry(1, true, at: 10), Self.entry(2, false, at: 20), Self.entry(3, true, at: 30),
            Self.entry(4, false, at: 5, .operator),
        ]
        for _ in 0..<20 {
            #expect(OptOutStanding.block(for: "X", among: entries.shuffled())?.id.low == 3)
            let earlier = entries.filter { $0.id.low != 3 }.shuffled()
            #expect(OptOutStanding.block(for: "X", among: earlier) == nil)
        }
        // At the same moment the one that keeps messages away holds.
        #expect(
            OptOutStanding.block(
                for: nil, among: [Self.entry(1, true, at: 1), Self.entry(2, false, at: 1)]) != nil)
    }

    @Test("A person's START never lifts an operator's block; an operator lifts both")
    func operators() {
        let block = Self.entry(1, true, at: 10, .operator)
        let start = Self.entry(2, false, at: 20)
        #expect(OptOutStanding.block(for: "X", among: [block, start])?.source == .operator)
        let stop = Self.entry(3, true, at: 15)
        let lift = Self.entry(4, false, at: 30, .operator)
        #expect(OptOutStanding.block(for: "X", among: [block, stop, lift]) == nil)
        #expect(
            OptOutStanding.block(
                for: "X", among: [block, stop, lift, Self.entry(5, true, at: 31)])?
                .id.low == 5)
        #expect(Set(OptOutStanding.holding([block, stop]).map(\.id.low)) == [1, 3])
        #expect(OptOutStanding.holding([block, stop, lift]).isEmpty)
    }

    @Test("An entry of one sender is about that sender, with or without a +")
    func senders() {
        let stop = Self.entry(1, true, at: 10, sender: "+12025550100")
        #expect(OptOutStanding.block(for: "12025550100", among: [stop]) != nil)
        #expect(OptOutStanding.block(for: "Shop", among: [stop]) == nil)
        // A sender that the provider chooses may be that one.
        #expect(OptOutStanding.block(for: nil, among: [stop]) != nil)
        let start = Self.entry(2, false, at: 20)
        #expect(OptOutStanding.block(for: nil, among: [stop, start]) == nil)
        let all = Self.entry(3, true, at: 30)
        let back = Self.entry(4, false, at: 40, sender: "shop")
        #expect(OptOutStanding.block(for: "Shop", among: [all, back]) == nil)
        #expect(OptOutStanding.block(for: "Other", among: [all, back]) != nil)
    }

    @Test("A time of the future does not outlast what is said later")
    func future() {
        let now = Timestamp(microseconds: 1_000_000)
        let entry = OptOutEntry(
            id: .new(at: now), recipient: "+1", sender: nil, isOut: true, source: .event,
            provider: nil, at: now.advanced(by: .seconds(86_400)), recordedAt: now)
        #expect(entry.at == now)
    }
}
