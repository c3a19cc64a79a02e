import Foundation
import TestSupport
import Testing

/// What people write, and who is out, in a real browser.
@Suite(
    "The page's messages from people", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageInboundTests {
    /// A number that no other test uses, as the API writes it and as the page does.
    private static func number() -> (plain: String, shown: String) {
        let digits = String(UInt32.random(in: 1_000_000...8_999_999))
        return ("44770\(digits)", "+44 770 \(digits.prefix(3)) \(digits.suffix(4))")
    }

    private func rows(_ page: WebPage, _ what: String, _ text: String) throws {
        try page.wait(
            for: what,
            """
            const rows = [...document.querySelectorAll('tbody tr')];
            return rows.length > 0 && rows.every((one) => one.innerText.includes(arguments[0]));
            """, text)
    }

    @Test("A message is found by its words, and leads to the conversation with both directions")
    func conversation() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        let person = Self.number()
        _ = try page.complaints()
        let status =
            try page.run(
                """
                return fetch('/v1/messages', {method: 'POST', headers: {'Content-Type': 'application/json'},
                    body: JSON.stringify({to: '+' + arguments[0], text: 'Your table is booked.'})})
                    .then((answer) => answer.status);
                """, person.plain) as? Int
        #expect(status == 202)
        try demo.receive("Thank you <b>zebra</b>", from: person.plain, page)
        try page.press("Inbound")
        try page.type("zebra", into: "Text or number")
        try page.press(selector: ".filter-bar button[type=submit]")
        try rows(page, "the one message", "Thank you <b>zebra</b>")
        try page.type(person.plain, into: "Text or number")
        try page.run("document.querySelector('.filter-bar input').value = '\(person.plain)'")
        try page.press(selector: ".filter-bar button[type=submit]")
        try rows(page, "the same by its number", person.shown)
        try page.press(person.shown)
        try page.wait(forText: "Your table is booked.")
        try page.wait(forText: "Thank you <b>zebra</b>")
        try page.wait(forText: "Not opted out.")

        // What comes later is there without a reload.
        try demo.receive("One more", from: person.plain, page)
        try page.wait(forText: "One more")
        try demo.receive("STOP", from: person.plain, page)
        try page.wait(forText: "Opted out: gets no messages.")
        try page.press("Lift")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(forText: "Not opted out.")
        try page.press("Block a number")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(forText: "Opted out: gets no messages.")
        try page.press("Lift")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(forText: "Not opted out.")
        try page.press("sent")
        try page.wait(forText: "What happened")
        #expect(try page.complaints() == [])
    }

    @Test("A STOP is listed with what caused it; a number is blocked, and both are lifted")
    func optOuts() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        let (person, other) = (Self.number(), Self.number())
        _ = try page.complaints()
        try demo.receive("STOP", from: person.plain, page)
        try page.go("#/opt-outs?to=%2B\(person.plain)")
        try rows(page, "the one who stopped", "The person, by a word")
        try page.press("what they wrote")
        try page.wait(forText: "Opted out: gets no messages.")
        try page.press("Opt-outs")
        try page.press("Block a number")
        try page.type("0777", into: "Number")
        try page.press(selector: "dialog[open] button[type=submit]")
        try page.wait(
            for: "what is wrong with it",
            "return document.querySelector('dialog[open] [aria-invalid]') !== null")
        try page.run("document.querySelector('dialog[open] input').value = ''")
        try page.type(other.shown, into: "Number")
        try page.type("asked by telephone", into: "Why")
        try page.press(selector: "dialog[open] button[type=submit]")
        try page.wait(forText: "asked by telephone")
        for number in [person, other] {
            try page.go("#/opt-outs?to=%2B\(number.plain)")
            try rows(page, "its row", number.shown)
            try page.press(selector: "tbody button")
            try page.press(selector: "dialog[open] .button.danger")
            try page.wait(forText: "No opt-out meets these filters.")
        }
        // The number that was refused.
        let complaints = try page.complaints().filter { !$0.contains("/v1/opt-outs") }
        #expect(complaints == [])
    }

    @Test("A file is imported as a whole, or says line by line what is wrong")
    func imported() throws {
        let page = try PageDemo.shared.get().signedIn()
        let numbers = (0..<3).map { _ in Self.number() }
        let folder = try TemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let lines = numbers.map { "+\($0.plain),list of May" }
        let good = "to,detail\n" + lines.joined(separator: "\n")
        try (good + "\nnobody,\n").write(
            toFile: folder.path(of: "wrong.csv"), atomically: true, encoding: .utf8)
        try good.write(toFile: folder.path(of: "may.csv"), atomically: true, encoding: .utf8)
        try page.press("Opt-outs")
        try page.wait(
            for: "the button", "return document.querySelector('input[type=file]') !== null")
        try page.choose(file: folder.path(of: "wrong.csv"), for: "input[type=file]")
        try page.wait(forText: "Block the numbers of wrong.csv?")
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(forText: "line 5")
        try page.press("Back")
        _ = try page.complaints()
        try page.choose(file: folder.path(of: "may.csv"), for: "input[type=file]")
        try page.press(selector: "dialog[open] .button.danger")
        for number in numbers { try page.wait(forText: number.shown) }
        try page.wait(forText: "list of May")
        // The export has what the filter finds, and nothing else.
        try page.go("#/opt-outs?to=%2B\(numbers[1].plain)")
        try rows(page, "the one", numbers[1].shown)
        let exported =
            try page.run(
                "return fetch(document.querySelector('a[download]').href).then((answer) => answer.text())"
            ) as? String ?? ""
        #expect(exported.contains(numbers[1].plain) && !exported.contains(numbers[0].plain))
        #expect(try page.complaints() == [])
    }

    @Test("A webhook is made with its secret, paused and deleted, and its events can be read")
    func webhooks() throws {
        let page = try PageDemo.shared.get().signedIn()
        _ = try page.complaints()
        try page.press("Webhooks")
        try page.press("Make a webhook")
        let path = "hook-\(UInt32.random(in: 0 ..< .max))"
        try page.type("https://203.0.113.9/\(path)", into: "Address")
        try page.press(selector: "dialog[open] button[type=submit]")
        try page.wait(
            for: "why a special address is refused",
            """
            const wrong = document.querySelector('dialog[open] .field-problem');
            return wrong.checkVisibility() && wrong.innerText !== '';
            """)
        try page.run("document.querySelector('dialog[open] input[type=url]').value = ''")
        try page.type("https://1.1.1.1/\(path)", into: "Address")
        try page.press(selector: "dialog[open] button[type=submit]")
        try page.wait(
            for: "the secret",
            "return document.querySelector('dialog[open] code')?.innerText.startsWith('whsec_')")
        try page.press("Done")
        try page.wait(forText: path)
        try page.press("Pause", inRowOf: path)
        try page.press(selector: "dialog[open] .button.main")
        try page.wait(forText: "Paused")
        try page.press("Never delivered")
        try page.wait(
            for: "the events",
            """
            return location.hash === '#/deliveries?state=never_delivered'
                && document.querySelector('main .state.empty, main tbody tr') !== null;
            """)
        try page.press("Webhooks")
        try page.press("Delete", inRowOf: path)
        try page.press(selector: "dialog[open] .button.danger")
        try page.wait(
            for: "the list without it",
            "return !document.querySelector('main').innerText.includes(arguments[0])", path)
        let complaints = try page.complaints().filter { !$0.contains("/v1/webhooks - ") }
        #expect(complaints == [])
    }

    @Test("A viewer sees no numbers, no texts, and no button that fails")
    func viewer() throws {
        let demo = try PageDemo.shared.get()
        let admin = try demo.signedIn()
        let person = Self.number()
        try demo.receive("A secret word", from: person.plain, admin)
        try demo.receive("STOP", from: person.plain, admin)
        let page = try demo.viewer(addedBy: admin)
        _ = try page.complaints()
        for (name, address) in [
            ("Inbound", "#/inbound"), ("Opt-outs", "#/opt-outs"),
            ("+\(person.plain)", "#/inbound/+\(person.plain)"),
        ] {
            try page.go(address)
            try page.wait(
                for: "\(name): rows", "return document.querySelectorAll('tbody tr').length > 0")
            let text = try #require(
                try page.run("return document.querySelector('tbody').innerText") as? String)
            #expect(!text.contains("secret") && !text.contains("STOP"), "\(name)")
            #expect(!text.contains("+44 7") && !text.contains(person.plain), "\(name)")
            let buttons =
                try page.run(
                    """
                    return [...document.querySelectorAll('main .head button, main tbody button, main tbody input')]
                        .map((one) => one.innerText);
                    """) as? [String]
            #expect(buttons == [], "\(name)")
        }
        for (name, address) in [("Webhooks", "#/webhooks"), ("Deliveries", "#/deliveries")] {
            try page.go(address)
            try page.wait(
                for: name,
                "return document.querySelector('main .state.empty, main tbody tr') !== null")
            let buttons =
                try page.run(
                    """
                    return [...document.querySelectorAll('main button, main input[type=checkbox]')]
                        .filter((one) => one.checkVisibility()).map((one) => one.innerText.trim());
                    """) as? [String]
            // Only those of the list, and looking at the attempts of an event.
            let harmless = ["Search", "Attempts", "Older messages"]
            #expect(buttons?.filter { !harmless.contains($0) } == [], "\(name)")
        }
        #expect(try page.complaints() == [])
    }
}
