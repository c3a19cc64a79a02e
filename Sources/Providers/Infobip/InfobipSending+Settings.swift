import Security
package import Settings

extension InfobipSending.Settings {
    /// Reads the settings of sending; nil if there is no key or no address.
    ///
    /// Problems are recorded in the environment.
    ///
    /// - Parameters:
    ///   - environment: where they are read from.
    ///   - callbackBase: the first public address; nil if there is none.
    package init?(_ environment: inout Environment, callbackBase: String?) {
        let version: InfobipSending.Version = environment.choice(InfobipSettings.apiVersion)
        let secrets = environment.list(InfobipSettings.webhookURLSecret)
        let baseURL = environment.providerAddress(InfobipSettings.baseURL)
        let batch = environment.integer(InfobipSettings.lane.batchLimit)
        guard let key = environment.text(InfobipSettings.apiKey).flatMap({ Secret($0) }) else {
            if baseURL != nil {
                environment.report(
                    InfobipSettings.apiKey, "is not set, but \(InfobipSettings.baseURL.name) is")
            }
            return nil
        }
        guard let baseURL else {
            if environment.given(InfobipSettings.baseURL) == nil {
                environment.report(
                    InfobipSettings.baseURL,
                    "is not set, but \(InfobipSettings.apiKey.name) is; the account's own address,"
                        + " such as xxxxx.api.infobip.com")
            }
            return nil
        }
        // A message's own URL replaces the account's subscription, and Infobip sends no credentials
        // to it: without a secret in the URL no report could be authenticated.
        let secret = secrets.first.flatMap { Secret($0) }
        let callbackURL =
            if let callbackBase, let secret {
                InfobipWebhook.callbackURL(base: callbackBase, secret: secret)
            } else { String?.none }
        self.init(
            version: version, baseURL: baseURL, apiKey: key, callbackURL: callbackURL,
            batchLimit: batch)
    }
}
