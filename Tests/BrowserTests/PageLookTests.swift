import Foundation
import TestSupport
import Testing

/// Every view at three widths, in light and dark: pictures for people to look at, and axe's opinion.
@Suite(
    "The look of the page", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: WebDriver.isInstalled, "needs Debian's chromium and chromium-driver"))
struct PageLookTests {
    /// Views by their addresses, each with what shows that it is complete.
    private static let views = [
        ("overview", "#/", ".charts svg"), ("messages", "#/messages", ".live-row"),
        ("message", "#/messages/{id}", ".timeline"), ("sent", "#/sent/{request}", ".progress"),
        ("send", "#/send", "textarea"), ("dead-letters", "#/dead-letters", "tbody tr"),
        ("quarantine", "#/quarantine", ".state, tbody tr"),
        ("inbound", "#/inbound", "tbody tr"),
        ("conversation", "#/inbound/+447700900456", "tbody tr"),
        ("opt-outs", "#/opt-outs", "tbody tr"), ("webhooks", "#/webhooks", "tbody tr"),
        ("deliveries", "#/deliveries", ".state.empty, tbody tr"),
        ("people", "#/people", "tbody tr"),
        ("keys", "#/keys", "tbody tr"), ("audit", "#/audit", "tbody tr"),
        ("status", "#/status", "tbody tr"), ("account", "#/account", "tbody tr"),
    ]

    /// Pictures are kept where a person can look at them.
    private static let folder = PageDemo.repository + "/.build/page"

    /// What the demo does not do by itself: people who write, one of whom is out, and a webhook with an
    /// event.
    private func fill(_ demo: PageDemo, _ page: WebPage) throws {
        let texts = [
            "When does my parcel come? I am at home until noon, and then again from half past five.",
            "👍", "STOP",
        ]
        for text in texts { try demo.receive(text, from: "447700900456", page) }
        try demo.receive("Grüezi, wann öffnen Sie heute?", from: "41791234567", page)
        let made =
            try page.run(
                """
                const post = (path, body) => fetch(path, {method: 'POST', body: JSON.stringify(body),
                    headers: {'Content-Type': 'application/json'}}).then((answer) => answer.status);
                const events = ['message.status_changed', 'inbound.received', 'opt_out.changed'];
                return post('/v1/webhooks', {url: 'https://1.1.1.1/orders', description: 'Orders', events})
                    .then((status) => post('/v1/messages', {to: '+447700900457', text: 'Told'})
                        .then((other) => [status, other]));
                """) as? [Int]
        #expect(made == [201, 202])
    }

    @Test("axe finds nothing on any view in light and dark, and nothing is wider than the window")
    func views() throws {
        let demo = try PageDemo.shared.get()
        let page = try demo.signedIn()
        try fill(demo, page)
        let manager = FileManager.default
        try manager.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
        if AxeScript.text == nil {
            Issue.record(
                "axe is not here and cannot be fetched, so nothing of it is checked: it takes python3 with pip, and a network",
                severity: .warning)
        }
        _ = try page.complaints()
        try page.wait(for: "an overview", "return document.querySelector('.cards') !== null")
        try page.wait(
            for: "a message that was delivered",
            """
            return fetch('/v1/messages?status=delivered&limit=1').then((answer) => answer.json())
                .then((answer) => answer.messages.length === 1);
            """)
        let first =
            try page.run(
                """
                return fetch('/v1/messages?status=delivered&limit=1').then((answer) => answer.json())
                    .then(({messages: [one]}) => [one.id, one.send_request_id]);
                """) as? [String] ?? []
        let (id, request) = (try #require(first.first), try #require(first.last))
        for dark in [false, true] {
            for width in [1440, 768, 360, 320] {
                try page.look(width: width, dark: dark)
                for (name, address, sign) in Self.views {
                    try page.go(
                        address.replacing("{id}", with: id).replacing("{request}", with: request))
                    try page.wait(
                        for: "\(name): \(sign)",
                        "return document.querySelector(arguments[0]) !== null", sign)
                    let file = "\(Self.folder)/\(name)-\(width)-\(dark ? "dark" : "light").png"
                    try page.picture().write(to: URL(fileURLWithPath: file))
                    let isWider =
                        try page.run(
                            "return document.documentElement.scrollWidth > window.innerWidth")
                        as? Bool
                    #expect(isWider == false, "\(name) at \(width)")
                    // What is narrow differs in its order, not in its colours.
                    guard width == 1440 || width == 360 && !dark, AxeScript.text != nil else {
                        continue
                    }
                    #expect(
                        try AxeScript.faults(of: page) == [], "\(name) at \(width), dark: \(dark)")
                }
            }
        }
        let complaints = try page.complaints()
        #expect(complaints == [])
    }

    @Test("The first load is under 60 kB compressed")
    func size() throws {
        let page = try PageDemo.shared.get().signedIn()
        try page.wait(for: "the charts", "return document.querySelector('.charts svg') !== null")
        let bytes =
            try page.run(
                """
                return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
                    .filter((one) => !new URL(one.name).pathname.startsWith('/v1/'))
                    .reduce((sum, one) => sum + one.encodedBodySize, 0);
                """) as? Int
        #expect(try #require(bytes) < 60_000)
        #expect(try #require(bytes) > 10_000)
    }

    @Test("The page's files have a policy of their own, and only they")
    func policy() throws {
        let page = try PageDemo.shared.get().signedIn()
        let answers =
            try page.run(
                """
                const paths = ['/', '/set-password', '/page/app.js', '/page/styles/tokens.css', '/page/nothing.js', '/nothing'];
                return Promise.all(paths.map((path) => fetch(path).then((answer) => [answer.status,
                    answer.headers.get('Content-Type'), answer.headers.get('Cache-Control'),
                    answer.headers.get('Content-Security-Policy').includes("script-src 'self'"),
                    answer.headers.get('Cross-Origin-Opener-Policy')].join(' '))));
                """) as? [String]
        #expect(
            answers == [
                "200 text/html; charset=utf-8 no-cache true same-origin",
                "200 text/html; charset=utf-8 no-cache true same-origin",
                "200 text/javascript; charset=utf-8 no-cache true same-origin",
                "200 text/css; charset=utf-8 no-cache true same-origin",
                "404 application/problem+json no-store false ",
                "404 application/problem+json no-store false ",
            ])
    }
}
