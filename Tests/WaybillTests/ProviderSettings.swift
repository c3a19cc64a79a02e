import Providers

@testable import waybill

/// The kits' own settings, as they were read.
extension Configuration {
    var infobip: InfobipWebhook.Settings? { settings() }
    var plivo: PlivoWebhook.Settings? { settings() }

    private func settings<Settings: ReceivingSettings>() -> Settings? {
        receiving.lazy.compactMap { $0.settings as? Settings }.first
    }
}

extension SendingConfiguration {
    var infobip: InfobipSending.Settings? { settings() }
    var plivo: PlivoSending.Settings? { settings() }

    private func settings<Settings: SendingSettings>() -> Settings? {
        sending.lazy.compactMap { $0.settings as? Settings }.first
    }
}
