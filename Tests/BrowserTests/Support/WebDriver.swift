import Foundation
import TestSupport

/// chromedriver, Debian's `chromium-driver`, as a child process: it starts browsers and steers them.
///
/// Source: W3C WebDriver, and chromedriver's `goog/cdp/execute` for what that does not have.
final class WebDriver: Sendable {
    private let process: ChildProcess
    private let port: UInt16
    private let profiles: TemporaryDirectory

    /// Whether the two programs are on this machine.
    static let isInstalled = ["/usr/bin/chromium", "/usr/bin/chromedriver"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// The one of all tests of this process.
    static let shared = Result { try WebDriver() }

    init() throws {
        profiles = try TemporaryDirectory()
        port = try FreePort.next()
        process = try ChildProcess(
            "/usr/bin/chromedriver", ["--port=\(port)", "--allowed-ips=127.0.0.1"],
            environment: [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "HOME": profiles.path, "TZ": "Europe/Zurich",
            ], signalAtOurDeath: "TERM")
        try process.waitUntilReady(within: .seconds(60)) {
            (try? call("GET", "/status", nil)) != nil
        }
    }

    deinit {
        _ = try? process.stop()
    }

    /// Opens a browser without a window, with an empty profile of its own.
    func browser() throws -> WebPage {
        // Chromium refuses to sandbox itself as root, and the demo's certificate is its own.
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
            "--ignore-certificate-errors", "--force-color-profile=srgb", "--lang=en",
        ]
        let answer = try call(
            "POST", "/session",
            [
                "capabilities": [
                    "alwaysMatch": [
                        "browserName": "chrome", "acceptInsecureCerts": true,
                        "goog:chromeOptions": [
                            "binary": "/usr/bin/chromium", "args": arguments,
                        ] as [String: Any],
                        "goog:loggingPrefs": ["browser": "ALL"],
                    ] as [String: Any]
                ]
            ])
        guard let session = (answer as? [String: Any])?["sessionId"] as? String else {
            throw BrowserFailure("chromedriver opens no session: \(answer ?? "")")
        }
        return WebPage(driver: self, session: session)
    }

    /// One command.
    ///
    /// - Returns: the `value` of the answer.
    /// - Throws: WebDriver's error with its message.
    func call(_ method: String, _ path: String, _ body: [String: Any]?) throws -> Any? {
        let text = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        let data = try DriverConnection(port: port).send(method, path, text)
        let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        if let error = answer?["value"] as? [String: Any], let word = error["error"] as? String {
            throw BrowserFailure("\(word): \(error["message"] ?? "")")
        }
        return answer?["value"]
    }
}
