import Foundation
import TestSupport

/// axe-core, which finds faults in accessibility: `axe.min.js` of PyPI's `axe-playwright-python`, fetched
/// once into `.build` and never committed.
enum AxeScript {
    /// Nil without network.
    static let text: String? = {
        let folder = PageDemo.repository + "/.build/axe"
        let file = folder + "/axe_playwright_python/axe.min.js"
        if let text = try? String(contentsOfFile: file, encoding: .utf8) { return text }
        let script = """
            import glob, subprocess, sys, zipfile
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", sys.argv[1],
                "axe-playwright-python==0.1.8"], check=True)
            zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]).extract(
                "axe_playwright_python/axe.min.js", sys.argv[1])
            """
        let fetch = try? ChildProcess("python3", ["-c", script, folder])
        _ = try? fetch?.waitForExit(within: .seconds(60))
        return try? String(contentsOfFile: file, encoding: .utf8)
    }()

    /// What it finds on a page as it is now, in words.
    static func faults(of page: WebPage) throws -> [String] {
        // By the protocol and not by an element: the page's policy takes scripts of its own only.
        try page.command("Runtime.evaluate", ["expression": text ?? ""])
        let found = try page.run(
            """
            return axe.run(document, {runOnly: {type: 'tag', values:
                ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})
                .then((result) => result.violations.map((one) =>
                    `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`));
            """)
        return found as? [String] ?? ["axe gave no answer"]
    }
}
