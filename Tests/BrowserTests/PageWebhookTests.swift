import Foundation
import TestSupport
import Testing

/// Webhooks on the page, in a real browser in front of a real system.
@Suite(
    "Webhooks on the page", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageWebhookTests {
    @Test(
        "Make a webhook, change its filters, see what is wrong, try it, see its attempts, delete it"
    )
    func life() throws {
        let port = try FreePort.next()
        // Other tests have webhooks on this page, too.
        let shop = "the shop \(UInt32.random(in: 0 ..< .max))"
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        try page.go("#/webhooks")
        try page.press("Make a webhook")
        try page.type("http://127.0.0.1:\(port)/hook", into: "Address")
        try page.type(shop, into: "Description")
        // Of an event that does not happen here: what fails often rests, and the test event would wait.
        try page.run(
            """
            for (const label of document.querySelectorAll('dialog[open] label'))
                if (/^(Status of a message|Provider silent)/.test(label.innerText.trim())) label.control.click();
            """)
        try page.press("Make")
        try page.wait(forText: "It is shown only now")
        try page.wait(forText: "whsec_")
        try page.press("Done")
        try page.wait(forText: shop)

        try page.press("Change", inRowOf: shop)
        try page.press("Filters")
        try page.type("gb, ch", into: "Countries")
        try page.type("[1", into: "Metadata")
        try page.press("Save")
        try page.wait(
            for: "what is wrong with the metadata",
            """
            const wrong = document.querySelector('dialog[open] [aria-invalid]');
            return wrong?.value === '[1' && wrong.checkVisibility();
            """)
        try page.run("document.querySelector('dialog[open] [aria-invalid]').value = ''")
        try page.type(#"{"team":"a"}"#, into: "Metadata")
        try page.press("Rate, concurrency, headers")
        try page.type("50", into: "Events a second")
        try page.type("X-Team: a b", into: "Headers")
        try page.press("Save")
        try page.wait(
            for: "the changed webhook",
            """
            const all = () => fetch('/v1/webhooks').then((answer) => answer.json());
            return all().then(({webhooks}) => webhooks.find((one) => one.description === arguments[0])).then((one) =>
                one.countries?.join() === 'GB,CH' && one.metadata?.team === 'a' && one.rate === 50
                && one.headers['X-Team'] === 'a b' && one.concurrency === 8
                && one.events.join() === 'provider.silent' && one.url.endsWith('/hook')
                && document.querySelector('dialog[open]') === null);
            """, shop)
        // What was not touched stays, and the form shows what there is.
        try page.press("Change", inRowOf: shop)
        try page.press("Filters")
        try page.wait(
            for: "the filters in the form",
            """
            return [...document.querySelectorAll('dialog[open] input')]
                .some((one) => one.value === 'GB, CH' && one.checkVisibility());
            """)
        try page.press("Close")

        // Nobody listens there: the attempt says so.
        try page.press("Test", inRowOf: shop)
        try page.wait(
            for: "its attempts",
            """
            const row = [...document.querySelectorAll('tbody tr')].find((one) => /Test/.test(one.innerText));
            return /[1-9] attempt/.test(row?.innerText ?? '');
            """)
        try page.press("Attempts", inRowOf: "Test")
        try page.wait(forText: "no connection: refused")
        try page.press("Close")
        try page.go("#/webhooks")
        try page.wait(forText: "Failing")
        try page.press("Delete", inRowOf: shop)
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(
            for: "the list without it",
            "return !document.querySelector('main').innerText.includes(arguments[0])", shop)
        #expect(try page.complaints() == [])
    }
}
