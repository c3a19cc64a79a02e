extension Environment {
    /// The public addresses that the providers call.
    package mutating func publicAddresses() -> [String] {
        let setting = Setting.publicAddresses
        let addresses = list(setting)
        for address in addresses where checkAddress(address, of: setting) {
            guard !address.hasPrefix("https://"), !HTTPAddress.isLoopback(address) else { continue }
            report(
                setting,
                "\"\(address)\" is not https; the providers' secrets and the numbers would be"
                    + " shown to everybody on the way")
        }
        return addresses
    }

    /// Origins of web pages, each as a browser sends it: scheme, host, and a port that is not the
    /// scheme's usual one.
    ///
    /// - Parameter setting: a list.
    /// - Returns: those that are valid; a problem is reported for each other one.
    package mutating func origins(_ setting: Setting) -> [String] {
        list(setting).filter { origin in
            guard let problem = Self.problem(ofOrigin: origin) else { return true }
            report(
                setting,
                "\"\(HTTPAddress.shown(origin))\" is not of the form https://host[:port]: it"
                    + " \(problem)")
            return false
        }
    }

    private static func problem(ofOrigin origin: String) -> String? {
        if origin.contains("*") { return "holds a *; each origin must be named" }
        if let problem = HTTPAddress.problem(of: origin) { return problem }
        let authority = origin.drop { $0 != "/" }.dropFirst(2)
        if authority.contains("/") {
            return "has a path, or a slash at its end, which is no part of an origin"
        }
        if origin != origin.lowercased() { return "has capitals, which browsers send as small" }
        for (scheme, port) in [("https", ":443"), ("http", ":80")]
        where origin.hasPrefix(scheme + ":") && authority.hasSuffix(port) {
            return "names the port that browsers leave out"
        }
        return nil
    }

    /// Whether a text is a valid public address; if not, the reason is reported.
    ///
    /// - Parameters:
    ///   - text: one value of the setting.
    ///   - setting: a list of public addresses.
    /// - Returns: whether it is.
    package mutating func checkAddress(_ text: String, of setting: Setting) -> Bool {
        guard case .address = setting.kind else { wrongKind(setting) }
        guard let problem = HTTPAddress.problem(of: text) else { return true }
        report(
            setting,
            "\"\(HTTPAddress.shown(text))\" is not of the form https://host[:port]: it"
                + " \(problem). It must be the public address that the providers call")
        return false
    }

    /// A provider's address, with its scheme and without a slash at its end.
    ///
    /// Keys are sent there, so it must be https, except for a simulator on this machine.
    ///
    /// - Parameter setting: an address; its value may lack the scheme.
    /// - Returns: the default if it is absent; nil if it is not valid, or has no default.
    package mutating func providerAddress(_ setting: Setting) -> String? {
        guard case .address(let fallback) = setting.kind else { wrongKind(setting) }
        guard let text = given(setting) else { return fallback }
        let url = text.contains("://") ? text : "https://" + text
        if let problem = HTTPAddress.problem(of: url) {
            report(
                setting,
                "\"\(HTTPAddress.shown(text))\" is not of the form host or https://host[:port]:"
                    + " it \(problem)")
            return nil
        }
        guard url.hasPrefix("https://") || HTTPAddress.isLoopback(url) else {
            report(
                setting, "takes https; plain http would show the key to everybody on the way")
            return nil
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }
}
