package import Domain
internal import Glibc

extension HostResolver {
    /// Asks the system's resolver. Source: getaddrinfo(3).
    package static func askSystem(_ host: String) -> Result<[String], ResolveFailure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Only families that this machine has an address of.
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        // With a dot at its end no search list is tried: the name means the same everywhere.
        let name = host.contains(".") && !host.hasSuffix(".") ? host + "." : host
        let status = getaddrinfo(name, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            return .failure(ResolveFailure("\(host): \(String(cString: gai_strerror(status)))"))
        }
        var addresses: [String] = []
        var entry = list
        while let current = entry {
            if let text = numeric(current.pointee), !addresses.contains(text) {
                addresses.append(text)
            }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty
            ? .failure(ResolveFailure("\(host) has no address")) : .success(addresses)
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        guard let address = entry.ai_addr else { return nil }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                address, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
