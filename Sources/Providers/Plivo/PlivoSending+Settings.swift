import Security
package import Settings

extension PlivoSending.Settings {
    /// Reads the settings of sending; nil if the account or its token is not set.
    ///
    /// Problems are recorded in the environment.
    ///
    /// - Parameters:
    ///   - environment: where they are read from.
    ///   - callbackBase: the first public address; nil if there is none, which is a problem.
    package init?(_ environment: inout Environment, callbackBase: String?) {
        let baseURL = environment.providerAddress(PlivoSettings.baseURL)
        let settle = environment.integer(PlivoSettings.settleSeconds)
        let inbound = environment.integer(PlivoSettings.inboundSeconds)
        // Version 2 does not sign the body, which names the recipient of a report at a shared URL,
        // so each message then needs a request and a URL of its own.
        let allowsV2 = environment.flag(PlivoSettings.allowSignatureV2)
        let batch = environment.integer(PlivoSettings.lane.batchLimit)
        let sender = environment.text(PlivoSettings.sender)
        let powerpack = environment.text(PlivoSettings.powerpackUUID)
        let tokens = environment.secrets(PlivoSettings.authToken)
        guard let id = environment.text(PlivoSettings.authID) else {
            if sender != nil || powerpack != nil {
                let given = sender == nil ? PlivoSettings.powerpackUUID : PlivoSettings.sender
                environment.report(PlivoSettings.authID, "is not set, but \(given.name) is")
            }
            return nil
        }
        guard let token = tokens.first.flatMap({ Secret($0) }) else {
            if environment.given(PlivoSettings.authToken) == nil {
                environment.report(
                    PlivoSettings.authToken, "is not set, but \(PlivoSettings.authID.name) is")
            }
            return nil
        }
        if callbackBase == nil {
            environment.report(
                .publicAddresses,
                "is not set; Plivo must be told where to report, such as https://sms.example.com")
        }
        // A bad address prevents the start; the default only completes the object.
        self.init(
            baseURL: baseURL ?? "https://api.plivo.com", authID: id, authToken: token,
            callbackBaseURL: callbackBase, powerpackUUID: powerpack, defaultSender: sender,
            settleDelay: .seconds(settle), batchLimit: allowsV2 ? 1 : batch,
            inboundInterval: inbound == 0 ? nil : .seconds(inbound))
    }
}
