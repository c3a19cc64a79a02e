import Foundation
import TestSupport
import Testing

/// Webhooks on the page, in a real browser in front of a real system.
@Suite(
    "Webhooks on the page", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageWebhookTests {
    @Test(
        "Make a webhook, change its filters, see what is wrong, try it, see its attempts, delete it"
    )
    func life() throws {
        let port = try FreePort.next()
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        try page.go("#/webhooks")
        try page.press("Make a webhook")
        try page.type("http://127.0.0.1:\(port)/hook", into: "Address")
        try page.type("the shop", into: "Description")
        try page.press("Make")
        try page.wait(forText: "It is shown only now")
        try page.wait(forText: "whsec_")
        try page.press("Done")
        try page.wait(forText: "the shop")

        try page.press(selector: "tbody tr button:nth-of-type(2)")
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
            return fetch('/v1/webhooks').then((answer) => answer.json()).then(({webhooks: [one]}) =>
                one.countries?.join() === 'GB,CH' && one.metadata?.team === 'a' && one.rate === 50
                && one.headers['X-Team'] === 'a b' && one.concurrency === 8
                && one.events.join() === 'message.status_changed' && one.url.endsWith('/hook')
                && document.querySelector('dialog[open]') === null);
            """)
        // What was not touched stays, and the form shows what there is.
        try page.press(selector: "tbody tr button:nth-of-type(2)")
        try page.press("Filters")
        try page.wait(
            for: "the filters in the form",
            """
            return [...document.querySelectorAll('dialog[open] input')]
                .some((one) => one.value === 'GB, CH' && one.checkVisibility());
            """)
        try page.press("Close")

        // Nobody listens there: the attempt says so.
        try page.press(selector: "tbody tr button:nth-of-type(1)")
        try page.wait(
            for: "its attempts",
            """
            const row = [...document.querySelectorAll('tbody tr')].find((one) => /Test/.test(one.innerText));
            return /[1-9] attempt/.test(row?.innerText ?? '');
            """)
        try page.press("Attempts")
        try page.wait(forText: "no connection: refused")
        try page.press("Close")
        try page.go("#/webhooks")
        try page.wait(forText: "Failing")
        try page.press(selector: "tbody tr button:last-of-type")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(forText: "No webhooks.")
        #expect(try page.complaints() == [])
    }
}
