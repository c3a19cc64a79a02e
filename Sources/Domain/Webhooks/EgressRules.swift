/// Where webhooks may lead: to addresses of the public internet, by HTTPS, unless more is allowed.
///
/// A webhook's URL is somebody else's text, and a name may lead anywhere. So each address is checked,
/// and then only that very address is connected to.
package struct EgressRules: Sendable, Equatable {
    /// Whether `http://` is allowed.
    package let allowsHTTP: Bool
    /// Networks that are allowed besides, although they are special.
    package let networks: [IPNetwork]

    package init(allowsHTTP: Bool = false, networks: [IPNetwork] = []) {
        self.allowsHTTP = allowsHTTP
        self.networks = networks
    }

    /// Why an address may not be connected to; nil if it may.
    ///
    /// - Parameter text: an IPv4 or IPv6 address.
    /// - Returns: a sentence's end, for people.
    package func objection(to text: String) -> String? {
        guard let address = IPNetwork(text), !text.contains("/") else {
            return "\"\(text)\" is no IP address"
        }
        if networks.contains(where: { $0.contains(address) }) { return nil }
        // Written as one of IPv6, it reaches what a filter of IPv4 addresses does not see.
        if text.contains(":"), !address.isVersion6 { return "\(text) is an IPv4 address in IPv6" }
        if let kind = SpecialAddresses.kind(of: address) { return "\(text) is \(kind)" }
        return nil
    }

    /// Why one of a name's addresses may not be connected to; nil if all of them may.
    package func objection(toAnyOf addresses: [String]) -> String? {
        for address in addresses {
            if let objection = objection(to: address) { return objection }
        }
        return nil
    }
}

/// The addresses that are not on the public internet.
///
/// Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), and those of
/// multicast. Of IPv6 only 2000::/3 is global unicast; what embeds an IPv4 address (mapped,
/// compatible, NAT64, 6to4, Teredo) is left out as a whole.
package enum SpecialAddresses {
    /// What kind of special address it is; nil for one of the public internet.
    package static func kind(of address: IPNetwork) -> String? {
        if let special = special.first(where: { $0.network.contains(address) }) {
            return special.kind
        }
        guard address.isVersion6 else { return nil }
        return globalUnicast.contains(address) ? nil : "not a global unicast address"
    }

    private static let globalUnicast = network("2000::/3")

    private static let special: [(network: IPNetwork, kind: String)] = [
        (network("0.0.0.0/8"), "this network's"),
        (network("10.0.0.0/8"), "private"),
        (network("100.64.0.0/10"), "carrier-grade NAT's"),
        (network("127.0.0.0/8"), "a loopback address"),
        (network("169.254.0.0/16"), "link-local"),
        (network("172.16.0.0/12"), "private"),
        (network("192.0.0.0/24"), "kept for protocols"),
        (network("192.0.2.0/24"), "for documentation"),
        (network("192.31.196.0/24"), "kept for AS112"),
        (network("192.52.193.0/24"), "kept for AMT"),
        (network("192.88.99.0/24"), "a 6to4 relay's"),
        (network("192.168.0.0/16"), "private"),
        (network("192.175.48.0/24"), "kept for AS112"),
        (network("198.18.0.0/15"), "for benchmarks"),
        (network("198.51.100.0/24"), "for documentation"),
        (network("203.0.113.0/24"), "for documentation"),
        (network("224.0.0.0/4"), "multicast"),
        (network("240.0.0.0/4"), "reserved"),
        (network("::1/128"), "a loopback address"),
        (network("::/96"), "an IPv4 address in IPv6"),
        (network("64:ff9b::/96"), "an IPv4 address in IPv6"),
        (network("64:ff9b:1::/48"), "an IPv4 address in IPv6"),
        (network("100::/64"), "for discarding"),
        (network("2001::/23"), "kept for protocols"),
        (network("2001:db8::/32"), "for documentation"),
        (network("2002::/16"), "an IPv4 address in IPv6"),
        (network("2620:4f:8000::/48"), "kept for AS112"),
        (network("3fff::/20"), "for documentation"),
        (network("5f00::/16"), "kept for segment routing"),
        (network("fc00::/7"), "private"),
        (network("fe80::/10"), "link-local"),
        (network("fec0::/10"), "site-local"),
        (network("ff00::/8"), "multicast"),
    ]

    private static func network(_ text: String) -> IPNetwork {
        guard let network = IPNetwork(text) else { preconditionFailure("\(text) is no network") }
        return network
    }
}
