import Testing

@testable import Settings

@Suite("Addresses in settings")
struct HTTPAddressTests {
    @Test(
        "Addresses to which callbacks' paths can be appended",
        arguments: [
            "https://sms.example.com", "https://sms.example.com/", "https://sms.example.com:8443",
            "https://sms.example.com/behind/a/prefix", "https://xn--bcher-kva.example",
            "https://192.0.2.7:1", "https://[2001:db8::7]:65535", "http://localhost:3000",
            "https://a_b.example", "https://EXAMPLE.com",
        ])
    func sound(text: String) {
        #expect(HTTPAddress.problem(of: text) == nil)
        #expect(HTTPAddress.shown(text) == text)
    }

    @Test(
        "Each other text is a problem, with its reason",
        arguments: [
            ("https://host:99999", "port"), ("https://host:0", "port"), ("https://host:", "port"),
            ("https://host:80x", "port"), ("https://host:-1", "port"),
            ("http://", "no host"), ("https://", "no host"), ("https:///path", "no host"),
            ("https://:8443", "no host"), ("sms.example.com", "no scheme"), ("", "no scheme"),
            ("ftp://host", "another scheme"), ("HTTPS://host", "another scheme"),
            ("https://b\u{fc}cher.example", "beyond ASCII"), ("https://\u{4f8b}.jp", "xn--"),
            ("https://user@host", "user or a password"), ("https://u:p@host", "user or a password"),
            ("https://u:p/w@host", "user or a password"), ("https://@host", "user or a password"),
            ("https://host?q", "query"), ("https://host/#f", "fragment"),
            ("https://ho st", "blank"), ("https://host\u{7}", "control character"),
            ("https://a..b", "no host's name"), ("https://-a.example", "no host's name"),
            ("https://a%2eb", "no host's name"), ("https://host.", "no host's name"),
            ("https://1.2.3.4.5", "no IPv4"), ("https://1.2.3.999", "no IPv4"),
            ("https://[::1", "no IPv6"), ("https://[fe80::1%25eth0]", "no IPv6"),
            ("https://[::1]x", "no IPv6"), ("https://host/\u{e9}", "percent-encoded"),
            ("https://host/a\\b", "percent-encoded"),
        ])
    func unsound(text: String, reason: String) {
        #expect(HTTPAddress.problem(of: text)?.contains(reason) == true)
    }

    @Test(
        "A shown address has no user, no password and no value of a query",
        arguments: [
            ("https://user:hunter2@host/p", "https://\u{2026}@host/p"),
            ("https://hunter2@host", "https://\u{2026}@host"),
            ("https://u:a/hunter2@host", "https://\u{2026}@host"),
            ("https://u:a?hunter2@host", "https://\u{2026}@host"),
            ("https://u:a@hunter2@host", "https://\u{2026}@host"),
            ("https://user:hunter2", "https://user:\u{2026}"),
            ("user:hunter2@host", "\u{2026}@host"), ("//u:hunter2@host", "\u{2026}@host"),
            ("u:hunter2@https://host", "\u{2026}"),
            ("https://host/?token=hunter2&x=hunter2", "https://host/?token=\u{2026}"),
            ("https://host:99999", "https://host:99999"), ("https://x/?q", "https://x/?q"),
        ])
    func shown(text: String, expected: String) {
        #expect(HTTPAddress.shown(text) == expected)
    }
}
