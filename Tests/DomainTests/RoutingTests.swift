import Domain
import Testing

@Suite("Routing")
struct RoutingTests {
    @Test("without a rule that matches, the fallback decides")
    func fallback() throws {
        let number = try PhoneNumber("+41793026727")
        for provider in Provider.samples {
            #expect(Routing(fallback: provider).provider(for: number) == provider)
        }
        let routing = Routing(
            fallback: .infobip,
            rules: [.init(prefix: "+44", provider: .plivo), .init(prefix: "41", provider: .plivo)])
        #expect(routing.provider(for: number) == .infobip)
    }

    @Test("the longest rule that matches decides, in whatever order they are given")
    func longest() throws {
        let rules: [Routing.Rule] = [
            .init(prefix: "+1", provider: .plivo), .init(prefix: "+1202", provider: .infobip),
            .init(prefix: "+12025", provider: .plivo), .init(prefix: "+44", provider: .plivo),
        ]
        for rules in [rules, rules.reversed()] {
            let routing = Routing(fallback: .infobip, rules: rules)
            for (text, expected) in [
                ("+12025550123", Provider.plivo), ("+12026550123", .infobip),
                ("+13025550123", .plivo), ("+447700900123", .plivo), ("+33123456789", .infobip),
            ] {
                #expect(routing.provider(for: try PhoneNumber(text)) == expected)
            }
        }
    }
}
