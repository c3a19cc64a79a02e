import Foundation
import TestSupport
import Testing

/// The page in a real browser, in front of a real system.
@Suite(
    "The page", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageTests {
    @Test("Send a message, watch it arrive, find it, export it, cancel another, sign out")
    func walk() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        _ = try page.complaints()
        try page.wait(
            for: "a sentence", "return document.querySelector('.verdict-sentence') !== null")

        try page.press("Send")
        try page.type("+44 7700 900888", into: "To")
        try page.type("Your order 1001 is on its way.", into: "Text")
        try page.wait(forText: "+44 770 090 0888 United Kingdom")
        try page.wait(forText: "GSM 7-bit")
        // What a reload would take away.
        try page.run("window.stillThere = true")
        try page.press(selector: "button[type=submit]")
        try page.wait(
            for: "Delivered", within: .seconds(60),
            "return document.querySelector('main .badge')?.innerText.trim() === 'Delivered'")
        #expect(try page.run("return window.stillThere") as? Bool == true)
        try page.wait(forText: "Report from the provider")
        try page.wait(forText: "Your order 1001 is on its way.")

        try page.press("Messages")
        try page.type("07700 900888", into: "Search messages")
        try page.run("document.querySelector('#search').value = '0044 7700 900888'")
        try page.press("Search")
        try page.wait(
            for: "the message in the list",
            "return document.querySelectorAll('tbody tr').length === 1 && location.hash.includes('q=')"
        )
        try page.press("Export")
        try page.wait(forText: "1 row exported")
        try page.press("Close")

        try page.go("#/send")
        try page.type("+447700900124", into: "To")
        try page.type("Later.", into: "Text")
        try page.press("Sender, time, provider")
        try page.run(
            """
            const field = document.querySelector('input[type=datetime-local]');
            field.value = new Date(Date.now() + 86400000).toISOString().slice(0, 16);
            """)
        try page.press(selector: "button[type=submit]")
        try page.press("Cancel it")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(
            for: "Cancelled",
            "return document.querySelector('main .badge')?.innerText.trim() === 'Cancelled'")

        try page.press("Sign out")
        try page.wait(forText: "You are signed out.")
        let complaints = try page.complaints()
        #expect(complaints == [])
    }

    @Test("Every process is shown, with what it does")
    func processes() throws {
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        try page.press("Status")
        try page.wait(
            for: "both processes",
            """
            const rows = [...document.querySelectorAll('tbody tr')].map((one) => one.innerText);
            return rows.some((one) => /Responder[^]*process \\d+[^]*Running[^]*live stream[^]*MB/.test(one))
                && rows.some((one) => /Dispatcher[^]*Running[^]*sends through 2 providers/.test(one));
            """)
        #expect(try page.complaints() == [])
    }

    @Test("Many recipients: what is wrong line by line, and a progress that follows them")
    func many() throws {
        let page = try PageDemo.shared.get().signedIn()
        try page.press("Send")
        try page.type("+447700900201, 0044 7700 900202\n0777\n+447700900203", into: "To")
        try page.wait(forText: "3 recipients · 1 left out")
        try page.wait(forText: "Line 2: 0777 It begins with a national 0")
        try page.type("“Hello”", into: "Text")
        try page.wait(forText: "UCS-2")
        try page.press("Replace them")
        try page.wait(forText: "GSM 7-bit")
        try page.press(selector: "button[type=submit]")
        try page.press("Send to 3")
        try page.wait(forText: "All 3 messages have ended.", within: .seconds(60))
        try page.wait(
            for: "three rows", "return document.querySelectorAll('tbody tr').length === 3")
    }

    @Test("A viewer chooses a password by the link, sees no numbers, and no button that fails")
    func viewer() throws {
        let demo = try PageDemo.shared.get()
        let admin = try demo.signedIn()
        try admin.press("Send")
        try admin.type("+447700900555", into: "To")
        try admin.type("Seen by a viewer?", into: "Text")
        try admin.press(selector: "button[type=submit]")
        try admin.wait(forText: "+44 770 090 0555")
        let viewer = try demo.viewer(addedBy: admin)
        _ = try viewer.complaints()
        let links =
            try viewer.run(
                "return [...document.querySelectorAll('nav a')].map((one) => one.innerText.trim())")
            as? [String] ?? []
        #expect(links.contains("Messages") && links.contains("Status"))
        for hidden in ["Send", "People", "API keys", "Audit"] { #expect(!links.contains(hidden)) }
        try viewer.press("Messages")
        try viewer.wait(for: "rows", "return document.querySelectorAll('tbody tr').length > 0")
        let text = try #require(
            try viewer.run("return document.querySelector('tbody').innerText") as? String)
        #expect(!text.contains("+44 770") && !text.contains("7700900") && text.contains("•"))
        try viewer.press(selector: "tbody a")
        try viewer.wait(forText: "What happened")
        let detail = try #require(
            try viewer.run("return document.querySelector('main').innerText") as? String)
        #expect(!detail.contains("Send again") && !detail.contains("Seen by a viewer?"))
        #expect(!detail.contains("The callback as received"))
        // One of those that the demo sends at its first start was refused.
        try viewer.press("Dead letters")
        try viewer.wait(
            for: "a dead letter", "return document.querySelectorAll('tbody tr').length > 0")
        let letters = try #require(
            try viewer.run("return document.querySelector('main').innerText") as? String)
        #expect(letters.contains("•") && !letters.contains("+44 7") && !letters.contains("again"))
        #expect(
            try viewer.run("return document.querySelectorAll('tbody button, tbody input').length")
                as? Int == 0)
        try viewer.press("Quarantine")
        try viewer.wait(
            for: "the quarantine",
            """
            return document.querySelector('h1')?.innerText === 'Quarantine'
                && document.querySelector('main .state.empty, main tbody tr') !== null;
            """)
        #expect(
            try viewer.run("return document.querySelectorAll('tbody button, tbody input').length")
                as? Int == 0)
        let complaints = try viewer.complaints()
        #expect(complaints == [])
    }

    @Test("A session that ends leads to the sign-in, and back to the same place")
    func ending() throws {
        let page = try PageDemo.shared.get().signedIn()
        try page.go("#/messages?status=failed")
        try page.wait(for: "the filter", "return document.querySelector('.chip') !== null")
        try page.run("return fetch('/v1/session', {method: 'DELETE'}).then(() => true)")
        try page.go("#/status")
        try page.wait(forText: "Your session has ended.")
        let demo = try PageDemo.shared.get()
        try page.type("\(demo.email)", into: "E-mail")
        try page.type("wrong", into: "Password")
        try page.press("Sign in")
        try page.wait(forText: "The address or the password is wrong")
        try page.run("document.querySelector('input[type=password]').value = ''")
        try page.type(demo.password, into: "Password")
        try page.press("Sign in")
        try page.wait(
            for: "the status", "return document.querySelector('h1')?.innerText === 'Status'")
    }
}
