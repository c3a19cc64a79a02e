import Domain
import Security
package import Settings

extension InfobipWebhook.Settings {
    /// Reads the settings of receiving; nil if no method has a secret.
    ///
    /// Problems are recorded in the environment.
    ///
    /// - Parameter environment: where they are read from.
    package init?(_ environment: inout Environment) {
        // The guides' single secret is used for the header and for HMAC; settings of their own
        // replace it.
        let shared = environment.secrets(InfobipSettings.webhookSecret)
        let headerSecrets = environment.secrets(InfobipSettings.webhookHeaderSecret)
        let hmacSecrets = environment.secrets(InfobipSettings.hmacSecret)
        let algorithm: HMACKey.Algorithm = environment.choice(InfobipSettings.hmacAlgorithm)
        let keys = (hmacSecrets.isEmpty ? shared : hmacSecrets).compactMap(Secret.init).map {
            try? HMACKey($0, algorithm: algorithm)
        }
        if keys.contains(where: { $0 == nil }) {
            environment.report(
                InfobipSettings.hmacAlgorithm,
                "\(algorithm.rawValue) is not offered by this machine's libcrypto")
        }
        self.init(
            basic: Self.basic(&environment),
            headerName: environment.header(InfobipSettings.webhookHeader)
                ?? InfobipWebhook.defaultHeaderName,
            headerSecrets: (headerSecrets.isEmpty ? shared : headerSecrets)
                .compactMap(Secret.init),
            hmacHeaderName: environment.header(InfobipSettings.hmacHeader)
                ?? InfobipWebhook.defaultHMACHeaderName,
            hmacKeys: keys.compactMap { $0 }, urlSecrets: Self.urlSecrets(&environment))
        if basic.isEmpty, self.headerSecrets.isEmpty, hmacKeys.isEmpty, urlSecrets.isEmpty {
            return nil
        }
    }

    /// A URL is logged and passed on more often than a header, so its secret must be too long to
    /// guess, and use only characters that need no escape.
    private static func urlSecrets(_ environment: inout Environment) -> [Secret] {
        let setting = InfobipSettings.webhookURLSecret
        let values = environment.list(setting)
        let isFit = { (value: String) in
            value.utf8.count >= 16
                && value.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        if !values.allSatisfy(isFit) {
            environment.report(
                setting, "takes secrets of at least 16 characters, only letters, digits, - and _")
        }
        return values.compactMap(Secret.init)
    }

    private static func basic(
        _ environment: inout Environment
    ) -> [(user: String, password: Secret)] {
        let user = InfobipSettings.webhookUser
        let users = environment.list(user)
        let passwords = environment.secrets(InfobipSettings.webhookPassword)
        if users.isEmpty != passwords.isEmpty {
            environment.report(
                users.isEmpty ? user : InfobipSettings.webhookPassword,
                "is not set, but the other half of the Basic credentials is")
        } else if users.count > 1, users.count != passwords.count {
            environment.report(
                user,
                "names \(users.count) users for \(passwords.count) passwords;"
                    + " give one user, or as many as there are passwords")
        }
        if users.contains(where: { $0.contains(":") }) {
            environment.report(
                user, "contains a colon, which HTTP Basic cannot carry in a user")
        }
        let names =
            users.count == 1 ? Array(repeating: users[0], count: passwords.count) : users
        return zip(names, passwords.compactMap(Secret.init)).map { ($0, $1) }
    }
}

extension Environment {
    /// A header's name; nil for another text where the default is none either.
    fileprivate mutating func header(_ setting: Setting) -> HeaderName? {
        parsed(setting, orReport: "is not a header's name: letters, digits and hyphens") {
            HeaderName($0)
        }
    }
}
