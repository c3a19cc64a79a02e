import Foundation
import TestSupport
import Testing

/// The list of messages while somebody works with it all day.
@Suite(
    "The list of the page", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageListTests {
    private func list(_ page: WebPage) throws {
        try page.press("Messages")
        try page.wait(for: "rows", "return document.querySelectorAll('tbody tr').length > 0")
        try page.wait(forText: "Live")
    }

    private func send(to number: String, _ page: WebPage) throws {
        let status =
            try page.run(
                """
                return fetch('/v1/messages', {method: 'POST', headers: {'Content-Type': 'application/json'},
                    body: JSON.stringify({to: arguments[0], text: 'New.'})}).then((answer) => answer.status);
                """, number) as? Int
        #expect(status == 202)
    }

    @Test("A new message comes by itself, and waits while somebody reads")
    func fresh() throws {
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        try list(page)
        try send(to: "+447700900701", page)
        try page.wait(
            for: "the new row",
            "return document.querySelector('tbody').innerText.includes('+44 770 090 0701')")
        // Somebody is in the middle of the list.
        try page.run("document.querySelector('tbody a').focus()")
        try send(to: "+447700900702", page)
        try page.wait(
            for: "a number of new ones",
            """
            const button = document.querySelector('.fresh');
            return button.checkVisibility() && /^[1-9]\\d* new$/.test(button.innerText.trim());
            """)
        let isHidden =
            try page.run(
                "return !document.querySelector('tbody').innerText.includes('+44 770 090 0702')")
            as? Bool
        #expect(isHidden == true)
        try page.press(selector: ".fresh")
        try page.wait(
            for: "the row that waited",
            "return document.querySelector('tbody').innerText.includes('+44 770 090 0702')")
        #expect(try page.complaints() == [])
    }

    @Test("The filter is in the address: back, forward and a shared link show the same")
    func filters() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        try list(page)
        try page.press("7 days")
        try page.wait(
            for: "the period", "return location.hash === '#/messages?range=week'")
        try page.press(selector: ".filters .menu summary")
        try page.press(selector: "input[value=delivered]")
        let both = "return location.hash === '#/messages?range=week&status=delivered'"
        try page.wait(for: "the status", both)
        try page.run("history.back()")
        try page.wait(
            for: "the step before", "return document.querySelectorAll('.chip').length === 0")
        try page.run("history.forward()")
        try page.wait(for: "the step after", both)
        let address = try #require(try page.run("return location.href") as? String)

        let other = try demo.signedIn()
        try other.open(address)
        try other.wait(
            for: "the shared filter",
            "return document.querySelector('.chip')?.innerText.includes('Delivered')")
        try other.wait(
            for: "delivered ones only",
            """
            const badges = [...document.querySelectorAll('tbody td .badge')];
            return badges.length > 0 && badges.every((one) => one.innerText.trim() === 'Delivered');
            """)
    }

    @Test("Columns that somebody chose are remembered")
    func columns() throws {
        let page = try PageDemo.shared.get().signedIn()
        try list(page)
        try page.press("Columns")
        try page.press(selector: "input[value=country]")
        let sign = "return document.querySelector('thead').innerText.includes('Country')"
        try page.wait(for: "the column", sign)
        try page.run("location.reload()")
        try page.wait(for: "the column after a reload", sign)
    }

    @Test("A lost line shows, and comes back by itself")
    func lostLine() throws {
        let page = try PageDemo.shared.get().signedIn()
        try list(page)
        try page.offline(true)
        try page.wait(forText: "This device is offline.")
        try page.wait(forText: "No live line: looking every 5 seconds")
        try page.offline(false)
        try page.wait(
            for: "the live line",
            "return document.querySelector('.live')?.innerText.trim() === 'Live'")
        try page.wait(
            for: "no notice",
            "return !document.body.innerText.includes('This device is offline.')")
        try send(to: "+447700900703", page)
        try page.wait(
            for: "what happens then",
            "return document.querySelector('tbody').innerText.includes('+44 770 090 0703')")
    }
}
