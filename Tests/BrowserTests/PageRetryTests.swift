import Foundation
import TestSupport
import Testing

/// What was given up or could not be read, and doing it again.
@Suite(
    "The page's second tries", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageRetryTests {
    /// Sends a text to numbers that the provider refuses; returns the send request's id.
    private func refused(_ numbers: [String], _ page: WebPage) throws -> String {
        let id =
            try page.run(
                """
                return fetch('/v1/messages', {method: 'POST', headers: {'Content-Type': 'application/json'},
                    body: JSON.stringify({to: arguments[0], text: 'Refused.'})})
                    .then((answer) => answer.json()).then((answer) => answer.send_request_id);
                """, numbers) as? String
        return try #require(id)
    }

    private func waitForLetters(_ count: Int, _ request: String, _ page: WebPage) throws {
        try page.wait(
            for: "\(count) dead letters",
            """
            return fetch('/v1/dead-letters?send_request_id=' + arguments[0])
                .then((answer) => answer.json()).then((answer) => answer.count === arguments[1]);
            """, request, count)
    }

    private func open(_ request: String, _ count: Int, _ page: WebPage) throws {
        try page.go("#/")
        try page.go("#/dead-letters?send_request_id=\(request)")
        try page.wait(
            for: "\(count) rows",
            "return document.querySelectorAll('tbody tr').length === arguments[0]", count)
    }

    @Test("Dead letters are sent again: one, those that are chosen, and all that the filter finds")
    func letters() throws {
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        let numbers = ["+447701999920", "+447702999920", "+447703999920"]
        let request = try refused(numbers, page)
        try waitForLetters(3, request, page)

        try open(request, 3, page)
        try page.press(selector: "tbody .button")
        try page.press("Send again")
        try page.wait(forText: "1 message queued again.")
        // The provider refuses it once more.
        try waitForLetters(3, request, page)

        try open(request, 3, page)
        try page.press(selector: "thead input")
        try page.press("Send 3 again")
        try page.press(selector: "dialog[open] .button.main")
        try page.wait(forText: "3 messages queued again.")
        try page.press("Done")
        try waitForLetters(3, request, page)

        try open(request, 3, page)
        try page.press("Send all again")
        try page.press(selector: "dialog[open] .button.main")
        try page.wait(forText: "3 messages queued again.")
        try page.press("Done")
        try waitForLetters(3, request, page)
        #expect(try page.complaints() == [])
    }

    @Test("What could not be read shows why and its bytes, is replayed, and deleted")
    func quarantine() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        // One part that is in order, and one with bytes that are no text.
        let name = "quarantine-\(UInt32.random(in: 0 ..< .max))"
        let id =
            try page.run(
                """
                const good = {messageId: arguments[1], to: '447700900321', status: {groupId: 3, groupName: 'DELIVERED',
                    id: 5, name: 'DELIVERED_TO_HANDSET', description: 'Delivered'}};
                const body = JSON.stringify({results: [good, {messageId: arguments[1] + '-bad', status: '<b>odd</b>'}]});
                const find = () => fetch('/v1/quarantine?limit=10').then((answer) => answer.json());
                return fetch('/callbacks/infobip', {method: 'POST', body,
                    headers: {Authorization: arguments[0], 'Content-Type': 'application/json'}})
                    .then((answer) => answer.ok ? find() : Promise.reject(answer.status))
                    .then(({quarantine: [one]}) => one.id);
                """, demo.callbackCredentials, name) as? Int
        let number = try #require(id)
        _ = try page.complaints()
        try page.press("Quarantine")
        try page.wait(
            for: "its row",
            "return document.querySelector('tbody a[href=\"#/quarantine/' + arguments[0] + '\"]') !== null",
            number)
        try page.press(selector: "tbody a[href=\"#/quarantine/\(number)\"]")
        try page.wait(forText: "What came")
        try page.wait(forText: "<b>odd</b>")
        try page.press("As bytes")
        try page.wait(forText: "000000  7b")
        try page.press("The whole callback as received")
        try page.wait(forText: "447700900321")

        try page.press("Replay")
        try page.press(selector: "dialog[open] .button.main")
        try page.wait(forText: "1 part of the callback cannot be read today either.")
        try page.press("Delete")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(
            for: "the list without it",
            """
            return document.querySelector('h1')?.innerText === 'Quarantine'
                && !document.querySelector('main .loading')
                && document.querySelector('tbody a[href="#/quarantine/' + arguments[0] + '"]') === null;
            """, number)
        #expect(try page.complaints() == [])
    }

    @Test("A message is sent again as a new one that names the first")
    func again() throws {
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        let request = try refused(["+447704999920"], page)
        try waitForLetters(1, request, page)
        try page.go("#/sent/\(request)")
        try page.press("+44 770 499 9920")
        try page.wait(forText: "The provider refused it.")
        let first = try #require(try page.run("return location.hash") as? String)
        try page.press("Send again")
        try page.wait(forText: "A new message with the same text goes to +44 770 499 9920.")
        try page.press(selector: "dialog[open] .button.main")
        try page.wait(
            for: "the new message",
            "return location.hash.startsWith('#/messages/') && location.hash !== arguments[0]",
            first)
        try page.wait(forText: "Refused.")
        try page.press("Show the first one")
        try page.wait(
            for: "the first message", "return location.hash === arguments[0]", first)
        #expect(try page.complaints() == [])
    }
}
