import Security
package import Settings

extension PlivoWebhook.Settings {
    /// Reads the settings of receiving; nil if no token is set.
    ///
    /// Problems are noted in the environment.
    ///
    /// - Parameter environment: where they are read from.
    package init?(_ environment: inout Environment) {
        let publicAddresses = Setting.publicAddresses
        let baseURLs = environment.list(publicAddresses)
        for url in baseURLs { _ = environment.checkAddress(url, of: publicAddresses) }
        let tokens = environment.secrets(PlivoSettings.authToken).compactMap(Secret.init)
        let allowsV2 = environment.flag(PlivoSettings.allowSignatureV2)
        let authID = environment.text(PlivoSettings.authID)
        if tokens.isEmpty {
            if authID != nil {
                environment.report(
                    PlivoSettings.authToken,
                    "is not set, but \(PlivoSettings.authID.name) is; signatures need it")
            }
            return nil
        }
        if baseURLs.isEmpty, !environment.isGiven(publicAddresses) {
            environment.report(
                publicAddresses,
                "is not set; Plivo signs the public URL that it calls, such as"
                    + " https://sms.example.com")
        }
        self.init(
            baseURLs: baseURLs.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 },
            tokens: tokens, allowsV2: allowsV2)
    }
}
