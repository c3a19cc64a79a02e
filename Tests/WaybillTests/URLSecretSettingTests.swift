import Domain
import Providers
import Settings
import Testing

@testable import waybill

@Suite("The setting of secrets in Infobip's URL")
struct URLSecretSettingTests {
    private static let secret = "abc_DEF-0123456789"
    private static let problem =
        "INFOBIP_WEBHOOK_URL_SECRET: takes secrets of at least 16 characters, only letters,"
        + " digits, - and _"

    private func read(_ value: String) -> (settings: InfobipWebhook.Settings?, problems: [String]) {
        var environment = Environment(["INFOBIP_WEBHOOK_URL_SECRET": value]) { _ in nil }
        let settings = InfobipWebhook.Settings(&environment)
        return (settings, environment.problems.map(\.description))
    }

    @Test("it suffices alone, and a list holds several secrets")
    func list() throws {
        let (settings, problems) = read("\(Self.secret),0123456789abcdef")
        #expect(problems.isEmpty)
        let webhook = try #require(settings.flatMap { InfobipWebhook($0) })
        for (secret, number) in [(Self.secret, 1), ("0123456789abcdef", 2)] {
            let request = CallbackRequest(
                uri: "/callbacks/infobip?token=\(secret)", body: [], header: { _ in nil })
            #expect(
                try webhook.authenticate(request)
                    == Verification(method: "url token", secret: number))
        }
    }

    @Test(
        "a short secret, and one that a URL would have to escape, are problems",
        arguments: [
            "0123456789abcde", "\(secret),short", "0123456789abcdef=", "0123456789 abcdef",
            "0123456789abcdeé", "0123456789abcdef\\,0123456789", "0123456789abcdef&",
        ])
    func bad(value: String) {
        let problems = read(value).problems
        #expect(problems == [Self.problem])
        #expect(!problems.joined().contains(value))
    }

    @Test("without it, it is off")
    func absent() {
        var environment = Environment(["INFOBIP_WEBHOOK_SECRET": "s"]) { _ in nil }
        #expect(InfobipWebhook.Settings(&environment)?.urlSecrets.isEmpty == true)
        var empty = Environment([:]) { _ in nil }
        #expect(InfobipWebhook.Settings(&empty) == nil)
    }
}
