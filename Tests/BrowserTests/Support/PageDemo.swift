import Foundation
import TestSupport

/// `waybill demo` for the tests of the page: with its simulator, in a folder of its own.
final class PageDemo: Sendable {
    let url: String
    let email: String
    let password: String
    /// The value of `Authorization` with which a provider's callbacks come.
    let callbackCredentials: String
    private let process: ChildProcess
    private let folder: TemporaryDirectory

    /// The one of all tests of this process; it stops with it.
    static let shared: Result<PageDemo, any Error> = Result {
        // A constant is never released.
        atexit { (try? PageDemo.shared.get())?.stop() }
        return try PageDemo()
    }

    init() throws {
        folder = try TemporaryDirectory()
        process = try ChildProcess(
            Self.program,
            ["demo", "--directory", folder.path(of: "demo"), "--port", "\(FreePort.next())"],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
            signalAtOurDeath: "TERM")
        // Printed last, after demo.json has been written.
        try process.waitForOutput("Read the message's status:", within: .seconds(90))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "demo/demo.json")))
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let user = document?["user"] as? [String: String]
        let caller = document?["infobip"] as? [String: String]
        guard let url = document?["url"] as? String, let email = user?["email"],
            let password = user?["password"], let name = caller?["user"],
            let secret = caller?["password"]
        else { throw BrowserFailure("demo.json lacks what signs in") }
        (self.url, self.email, self.password) = (url, email, password)
        callbackCredentials = "Basic " + Data("\(name):\(secret)".utf8).base64EncodedString()
    }

    private func stop() {
        _ = try? process.stop(SIGTERM, within: .seconds(60))
        try? FileManager.default.removeItem(atPath: folder.path)
    }

    /// A browser in which somebody has signed in, at the overview.
    func signedIn(email: String? = nil, password: String? = nil) throws -> WebPage {
        let page = try WebDriver.shared.get().browser()
        try page.look(width: 1440)
        try page.open(url)
        try page.type(email ?? self.email, into: "E-mail")
        try page.type(password ?? self.password, into: "Password")
        try page.press("Sign in")
        try page.wait(
            for: "the overview", "return document.querySelector('h1')?.innerText === 'Overview'")
        return page
    }

    /// Beside the test bundle, which is the program that runs now; or in `.build` of the checkout.
    private static let program: String = {
        let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("waybill").path
        if FileManager.default.isExecutableFile(atPath: bundle) { return bundle }
        return repository + "/.build/debug/waybill"
    }()

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}
