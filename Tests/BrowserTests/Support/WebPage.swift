import Foundation
import TestSupport

/// A browser with one page in it. It closes with the last reference.
final class WebPage: Sendable {
    private let driver: WebDriver
    private let session: String

    init(driver: WebDriver, session: String) {
        self.driver = driver
        self.session = session
    }

    deinit { close() }

    /// Closes the browser; chromedriver leaves it open when it ends itself.
    func close() {
        _ = try? driver.call("DELETE", "/session/\(session)", nil)
    }

    @discardableResult
    private func call(_ method: String, _ path: String, _ body: [String: Any]? = nil) throws -> Any?
    {
        try driver.call(method, "/session/\(session)\(path)", body)
    }

    /// A command of Chromium's own protocol.
    @discardableResult
    func command(_ name: String, _ parameters: [String: Any]) throws -> [String: Any] {
        try call("POST", "/goog/cdp/execute", ["cmd": name, "params": parameters])
            as? [String: Any] ?? [:]
    }

    func open(_ url: String) throws {
        try call("POST", "/url", ["url": url])
    }

    /// Runs JavaScript in the page; `return` gives its value, a promise's when it is kept.
    @discardableResult
    func run(_ script: String, _ arguments: Any...) throws -> Any? {
        try call("POST", "/execute/sync", ["script": script, "args": arguments])
    }

    /// Waits until a script returns true.
    ///
    /// - Throws: with what the page shows, when it has not within the limit.
    func wait(
        for what: String, within limit: Duration = .seconds(40), _ script: String,
        _ arguments: Any...
    ) throws {
        let isThere = waitUntil(within: limit) {
            (try? call("POST", "/execute/sync", ["script": script, "args": arguments])) as? Bool
                ?? false
        }
        guard isThere else {
            let text = try? run("return location.href + '\\n' + document.body.innerText") as? String
            throw BrowserFailure("\(what) did not come; the page shows:\n\(text ?? "nothing")")
        }
    }

    /// Waits until a text can be seen.
    func wait(forText text: String, within limit: Duration = .seconds(40)) throws {
        try wait(
            for: "the text \(text)", within: limit,
            "return document.body.innerText.includes(arguments[0])", text)
    }

    /// Goes to a view of the page.
    func go(_ address: String) throws {
        try run("location.hash = arguments[0]", address)
    }

    /// Presses the button or link that is called so, as a mouse does.
    func press(_ name: String) throws {
        try click(
            "the button \(name)",
            """
            const all = [...(document.querySelector('dialog[open]') ?? document)
                .querySelectorAll('button, a, summary')];
            return all.find((one) => one.innerText.trim() === arguments[0] && one.checkVisibility()) ?? null;
            """, name)
    }

    /// Presses a button of the row of a table that has a text in it.
    func press(_ name: String, inRowOf text: String) throws {
        try wait(
            for: "the button \(name) of \(text)",
            """
            const row = [...document.querySelectorAll('tbody tr')].find((one) => one.innerText.includes(arguments[1]));
            const button = [...row?.querySelectorAll('button') ?? []].find((one) => one.innerText.startsWith(arguments[0]));
            button?.click();
            return button !== undefined;
            """, name, text)
    }

    /// Clicks on what a selector finds.
    func press(selector: String) throws {
        try click(selector, "return document.querySelector(arguments[0])", selector)
    }

    /// Chooses a file for a field, which may be one that only a button opens.
    func choose(file: String, for selector: String) throws {
        let element = try find(selector, "return document.querySelector(arguments[0])", selector)
        try call("POST", "/element/\(element)/value", ["text": file])
    }

    private func click(_ what: String, _ script: String, _ name: String) throws {
        let element = try find(what, script, name)
        // A row may be redrawn between finding and clicking.
        do {
            try call("POST", "/element/\(element)/click", [:])
        } catch {
            try call("POST", "/element/\(try find(what, script, name))/click", [:])
        }
    }

    /// Types into the field with this label, by its keys.
    func type(_ text: String, into label: String) throws {
        let element = try find(
            "the field \(label)",
            """
            const labels = [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('label')];
            return labels.find((one) => one.innerText.trim().startsWith(arguments[0]) && one.checkVisibility())?.control ?? null;
            """, label)
        try call("POST", "/element/\(element)/value", ["text": text])
    }

    /// WebDriver's name for the element that a script returns, when there is one.
    private func find(_ what: String, _ script: String, _ argument: String) throws -> String {
        var found: String?
        _ = waitUntil(within: .seconds(40)) {
            let value = try? call("POST", "/execute/sync", ["script": script, "args": [argument]])
            found = (value as? [String: String])?.values.first
            return found != nil
        }
        guard let found else {
            let text = try? run("return location.href + '\\n' + document.body.innerText") as? String
            throw BrowserFailure("\(what) is not there; the page shows:\n\(text ?? "nothing")")
        }
        return found
    }

    /// What the browser has complained about since the last call: errors of scripts, refused by a
    /// policy, failed requests.
    func complaints() throws -> [String] {
        let lines = try call("POST", "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return lines.filter { ["SEVERE", "WARNING"].contains($0["level"] as? String) }
            .compactMap { $0["message"] as? String }
    }

    /// Takes the network away from the page, or gives it back.
    func offline(_ isOffline: Bool) throws {
        try command("Network.enable", [:])
        try command(
            "Network.emulateNetworkConditions",
            [
                "offline": isOffline, "latency": 0, "downloadThroughput": -1,
                "uploadThroughput": -1,
            ])
    }

    /// The size of the window in CSS pixels, and whether the system is dark.
    func look(width: Int, height: Int = 900, dark: Bool = false) throws {
        try command(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
        try command(
            "Emulation.setEmulatedMedia",
            [
                "features": [
                    ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"],
                    ["name": "prefers-reduced-motion", "value": "reduce"],
                ]
            ])
    }

    /// The page as a PNG.
    func picture() throws -> Data {
        let answer = try command("Page.captureScreenshot", [:])
        return Data(base64Encoded: answer["data"] as? String ?? "") ?? Data()
    }
}
