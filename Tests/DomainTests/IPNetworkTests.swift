import Testing

@testable import Domain

@Suite("Addresses and networks")
struct IPNetworkTests {
    @Test(
        "What is no address or network is refused",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4/33", "1.2.3.4/-1",
            "1.2.3.4/", "1.2.3.4/24", "10.0.0.1/8", "1.2.3.4/08", ":", ":::", "1::2::3", "12345::",
            "g::", "2001:db8::/16", "::1/129", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1%eth0",
            "1:2:3:4:5:6:7::8", "localhost", " 1.2.3.4", "1.2.3.4 ", "::1.2.3", "1.2.3.4::", "²::",
        ])
    func refused(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(
        "A network contains its addresses, and no others",
        arguments: [
            ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.6/31", "192.0.2.7", true), ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "192.0.2.7", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true), ("::ffff:192.0.2.0/120", "192.0.2.7", true),
            ("2001:db8::/32", "2001:DB8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/33", "2001:db8:8000::", false), ("::1", "0:0:0:0:0:0:0:1", true),
            ("fe80::1", "fe80:0::0:1", true), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:0.7.0.8", true),
        ])
    func contains(network: String, address: String, expected: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPNetwork(address))) == expected)
    }

    @Test("A key without networks may be used from everywhere, one with them only from there")
    func admits() {
        func key(_ networks: [String]) -> APIKey {
            APIKey(
                id: .new(at: .now), name: "a", scopes: [.read], createdAt: .now,
                networks: networks.compactMap { IPNetwork($0) })
        }
        #expect(key([]).admits(nil) && key([]).admits("x"))
        let office = key(["192.0.2.0/24", "2001:db8::/32"])
        #expect(office.admits("192.0.2.9") && office.admits("2001:db8::9"))
        #expect(!office.admits("192.0.3.9") && !office.admits(nil) && !office.admits("x"))
    }
}
