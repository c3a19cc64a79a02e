import Domain
import Settings
import Web

extension Environment {
    /// How nginx names users; nil unless `WAYBILL_SSO_HEADER` is set.
    mutating func singleSignOn() -> SingleSignOnSettings? {
        let user = parameter(WaybillSettings.singleSignOnHeader)
        let groups = parameter(WaybillSettings.singleSignOnGroups) ?? "SSO_GROUPS"
        let setting = WaybillSettings.singleSignOnRoles
        var roles: [String: Role] = [:]
        for text in list(setting) {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let role = Role(rawValue: String(parts[1]))
            else {
                let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                report(
                    setting,
                    "\"\(text)\" is not of the form support=operator: a group and one of \(known)")
                continue
            }
            if roles.updateValue(role, forKey: String(parts[0])) != nil {
                report(setting, "has the group \"\(parts[0])\" twice")
            }
        }
        guard let user else { return nil }
        if user == groups {
            report(WaybillSettings.singleSignOnGroups, "is the parameter of the user, too")
        }
        if roles.isEmpty {
            report(
                setting,
                "is required with \(WaybillSettings.singleSignOnHeader.name):"
                    + " without it nobody has a role")
        }
        return SingleSignOnSettings(userParameter: user, groupsParameter: groups, roles: roles)
    }

    /// The name of a FastCGI parameter that nginx alone can write.
    private mutating func parameter(_ setting: Setting) -> String? {
        guard let name = text(setting) else { return nil }
        let isName =
            name.utf8.count <= 64
            && name.utf8.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
        guard isName, name.first?.isLetter == true else {
            report(setting, "must be a name of capitals, digits and _, as in SSO_USER")
            return nil
        }
        guard !name.hasPrefix("HTTP_") else {
            report(
                setting,
                "begins with HTTP_, as every header of a client does: anybody could be anybody."
                    + " Let nginx set a parameter of another name, as nginx/waybill-sso.conf does")
            return nil
        }
        guard !Self.standardParameters.contains(name) else {
            report(setting, "is a parameter with another meaning, which clients can choose")
            return nil
        }
        return name
    }

    /// What server.conf sends, and what CGI knows besides. Source: RFC 3875, section 4.1.
    private static let standardParameters: Set = [
        "REQUEST_METHOD", "REQUEST_URI", "DOCUMENT_URI", "QUERY_STRING", "CONTENT_TYPE",
        "CONTENT_LENGTH", "REMOTE_ADDR", "REQUEST_ID", "SITE_ORIGIN", "AUTH_TYPE", "PATH_INFO",
        "PATH_TRANSLATED", "REMOTE_HOST", "REMOTE_IDENT", "SCRIPT_NAME", "SERVER_NAME",
        "SERVER_PROTOCOL", "SERVER_SOFTWARE", "REQUEST_SCHEME", "SCRIPT_FILENAME",
    ]
}
