import Domain
import Providers
import Security

extension InfobipWebhook.Settings {
    /// Nil if no method has a secret.
    init?(_ environment: inout Environment) {
        // The guides' one secret proves itself in the header and by HMAC alike; settings of their
        // own take its place.
        let shared = environment.secrets("INFOBIP_WEBHOOK_SECRET")
        let headerSecrets = environment.secrets("INFOBIP_WEBHOOK_HEADER_SECRET")
        let hmacSecrets = environment.secrets("INFOBIP_HMAC_SECRET")
        let algorithm = environment.choice(
            "INFOBIP_HMAC_ALGORITHM", default: HMACKey.Algorithm.sha256)
        let keys = (hmacSecrets.isEmpty ? shared : hmacSecrets).compactMap(Secret.init).map {
            try? HMACKey($0, algorithm: algorithm)
        }
        if keys.contains(where: { $0 == nil }) {
            environment.report(
                "INFOBIP_HMAC_ALGORITHM",
                "\(algorithm.rawValue) is not offered by this machine's libcrypto")
        }
        self.init(
            basic: Self.basic(&environment),
            headerName: environment.header(
                "INFOBIP_WEBHOOK_HEADER", default: InfobipWebhook.defaultHeaderName),
            headerSecrets: (headerSecrets.isEmpty ? shared : headerSecrets)
                .compactMap(Secret.init),
            hmacHeaderName: environment.header(
                "INFOBIP_HMAC_HEADER", default: InfobipWebhook.defaultHMACHeaderName),
            hmacKeys: keys.compactMap { $0 }, urlSecrets: Self.urlSecrets(&environment))
        if basic.isEmpty, self.headerSecrets.isEmpty, hmacKeys.isEmpty, urlSecrets.isEmpty {
            return nil
        }
    }

    /// A URL is seen by more eyes than a header, so its secret must be too long to guess, and of
    /// characters that nothing on the way escapes.
    private static func urlSecrets(_ environment: inout Environment) -> [Secret] {
        let name = "INFOBIP_WEBHOOK_URL_SECRET"
        let values = environment.list(name)
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
                name, "takes secrets of at least 16 characters, only letters, digits, - and _")
        }
        return values.compactMap(Secret.init)
    }

    private static func basic(
        _ environment: inout Environment
    ) -> [(user: String, password: Secret)] {
        let users = environment.list("INFOBIP_WEBHOOK_USER")
        let passwords = environment.secrets("INFOBIP_WEBHOOK_PASSWORD")
        if users.isEmpty != passwords.isEmpty {
            environment.report(
                users.isEmpty ? "INFOBIP_WEBHOOK_USER" : "INFOBIP_WEBHOOK_PASSWORD",
                "is not set, but the other half of the Basic credentials is")
        } else if users.count > 1, users.count != passwords.count {
            environment.report(
                "INFOBIP_WEBHOOK_USER",
                "names \(users.count) users for \(passwords.count) passwords;"
                    + " give one user, or as many as there are passwords")
        }
        if users.contains(where: { $0.contains(":") }) {
            environment.report(
                "INFOBIP_WEBHOOK_USER", "contains a colon, which HTTP Basic cannot carry in a user")
        }
        let names =
            users.count == 1 ? Array(repeating: users[0], count: passwords.count) : users
        return zip(names, passwords.compactMap(Secret.init)).map { ($0, $1) }
    }
}

extension PlivoWebhook.Settings {
    /// Nil if no token is set.
    init?(_ environment: inout Environment) {
        let baseURLs = environment.list("APP_BASE_URL")
        for url in baseURLs { _ = environment.checkAddress(url, of: "APP_BASE_URL") }
        let tokens = environment.secrets("PLIVO_AUTH_TOKEN").compactMap(Secret.init)
        let allowsV2 = environment.flag("PLIVO_ALLOW_SIGNATURE_V2", default: false)
        if tokens.isEmpty {
            if environment.text("PLIVO_AUTH_ID") != nil {
                environment.report(
                    "PLIVO_AUTH_TOKEN", "is not set, but PLIVO_AUTH_ID is; signatures need it")
            }
            return nil
        }
        if baseURLs.isEmpty, !environment.isGiven("APP_BASE_URL") {
            environment.report(
                "APP_BASE_URL",
                "is not set; Plivo signs the public URL that it calls, such as"
                    + " https://sms.example.com")
        }
        self.init(
            baseURLs: baseURLs.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 },
            tokens: tokens, allowsV2: allowsV2)
    }
}

extension Environment {
    fileprivate mutating func header(_ name: String, default fallback: HeaderName) -> HeaderName {
        guard let text = text(name) else { return fallback }
        guard let header = HeaderName(text) else {
            report(name, "is not a header's name: letters, digits and hyphens")
            return fallback
        }
        return header
    }
}
