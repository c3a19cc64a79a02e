import Domain
import Testing

@Suite("Where webhooks may lead")
struct EgressRulesTests {
    @Test(
        "special addresses are refused, however they are written",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.0.9", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
            "192.0.2.7", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
            "198.51.100.3", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
            "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8",
            "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1", "2001:20::1",
            "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
            "febf::1", "fec0::1", "ff02::1", "4000::1", "::8.8.8.8", "0:0:0:0:0:ffff:7f00:1",
        ])
    func special(address: String) {
        #expect(EgressRules().objection(to: address) != nil)
    }

    @Test(
        "others are not",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0",
            "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.0",
            "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888",
        ])
    func usual(address: String) {
        #expect(EgressRules().objection(to: address) == nil)
    }

    @Test("what is no address is refused, and so is a name with one bad address among good ones")
    func others() throws {
        for text in ["", "localhost", "1.1.1.1/32", "1.1.1", "0x7f.0.0.1", "2130706433"] {
            #expect(EgressRules().objection(to: text) != nil, "\(text)")
        }
        #expect(EgressRules().objection(toAnyOf: ["1.1.1.1", "10.0.0.1"]) != nil)
        #expect(EgressRules().objection(toAnyOf: ["1.1.1.1", "8.8.8.8"]) == nil)
        let inner = EgressRules(networks: [try #require(IPNetwork("10.1.0.0/16"))])
        #expect(inner.objection(to: "10.1.2.3") == nil)
        #expect(inner.objection(to: "10.2.0.1") != nil)
    }

    @Test(
        "a URL has one spelling",
        arguments: [
            ("https://Example.COM", "https://example.com/"),
            ("https://example.com:443/a?b=%20", "https://example.com/a?b=%20"),
            ("https://example.com:8443?x", "https://example.com:8443/?x"),
            ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
            ("http://a_b.example:80/", "http://a_b.example/"),
        ])
    func spelling(text: String, canonical: String) throws {
        #expect(try WebhookURL(text, allowsHTTP: true).description == canonical)
    }

    @Test(
        "what is none is refused with the reason",
        arguments: [
            ("http://example.com/", WebhookURL.Problem.plain), ("ftp://example.com/", .otherForm),
            ("example.com/a", .otherForm), ("https://user@example.com/", .hasUser),
            ("https://a:b@example.com/", .hasUser), ("https://example.com/#a", .hasFragment),
            ("https:///a", .badHost), ("https://exa mple.com/", .badHost),
            ("https://example..com/", .badHost), ("https://-a.com/", .badHost),
            ("https://example.com:0/", .badPort), ("https://example.com:65536/", .badPort),
            ("https://example.com:/", .badPort), ("https://example.com/a b", .badPath),
            ("https://example.com/../a", .badPath), ("https://example.com/ä", .badPath),
            ("https://example.com/a\r\nHost: x", .badPath), ("https://[::1/", .badHost),
        ])
    func refused(text: String, problem: WebhookURL.Problem) {
        #expect(throws: problem) { try WebhookURL(text, allowsHTTP: false) }
    }

    @Test("headers that change the request or its proof are refused")
    func headers() {
        for name in [
            "Host", "content-length", "Transfer-Encoding", "webhook-id", "Webhook-Signature",
            "Waybill-Address", "waybill-name", "Connection", "", "a b", "a:b", "a\r\nb", "ä",
        ] {
            #expect(WebhookHeader.problem(name, "x") != nil, "\(name)")
        }
        for value in ["a\r\nb", "ä", " a", "a ", "\0"] {
            #expect(WebhookHeader.problem("X-Key", value) != nil)
        }
        #expect(WebhookHeader.problem("Authorization", "Bearer abc") == nil)
        #expect(WebhookHeader.problem("X-Empty", "") == nil)
    }
}
