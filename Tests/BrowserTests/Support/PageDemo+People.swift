import Foundation
import TestSupport

extension PageDemo {
    /// A browser in which a viewer has signed in, whom an admin adds for it: as people do it, by the link.
    func viewer(addedBy admin: WebPage) throws -> WebPage {
        try admin.press("People")
        try admin.press("Add a person")
        let email = "vera-\(UInt32.random(in: 0 ..< .max))@example.com"
        try admin.type(email, into: "E-mail")
        try admin.run("document.querySelector('dialog[open] select').value = 'viewer'")
        try admin.press("Create and show the link")
        try admin.wait(
            for: "the link", "return document.querySelector('dialog[open] code') !== null")
        guard
            let link = try admin.run(
                "return document.querySelector('dialog[open] code').innerText") as? String
        else { throw BrowserFailure("the dialog shows no link") }

        let page = try WebDriver.shared.get().browser()
        try page.look(width: 1440)
        try page.open(link)
        let password = "seven green umbrellas"
        try page.type(password, into: "New password")
        try page.type(password, into: "The same again")
        try page.press("Set password")
        try page.wait(forText: "Your password is set")
        guard try page.run("return location.hash") as? String == "" else {
            throw BrowserFailure("the address still holds the link's secret")
        }
        return try signedIn(email: email, password: password)
    }

    /// Lets somebody write, as a provider posts it, and waits until the page could show it.
    func receive(_ text: String, from person: String, _ page: WebPage) throws {
        let status =
            try page.run(
                """
                const at = new Date().toISOString().replace('Z', '+0000');
                const body = JSON.stringify({results: [{messageId: crypto.randomUUID(), from: arguments[1],
                    to: '447700900999', text: arguments[2], cleanText: arguments[2], receivedAt: at, smsCount: 1,
                    price: {pricePerMessage: 0, currency: 'EUR'}}], messageCount: 1, pendingMessageCount: 0});
                return fetch('/callbacks/infobip', {method: 'POST', body,
                    headers: {Authorization: arguments[0], 'Content-Type': 'application/json'}})
                    .then((answer) => answer.status);
                """, callbackCredentials, person, text) as? Int
        guard status == 200 else { throw BrowserFailure("the callback got \(status ?? 0)") }
    }
}
