import Domain
import Security
package import Settings

/// Infobip's settings.
package enum InfobipSettings {
    private static let group = Setting.Group(
        "Infobip",
        """
        Callbacks are authenticated in one of four ways: HTTP Basic, a header, an HMAC, or the called \
        URL. Each is on when it has a secret, and any one that is on suffices. Messages are sent when \
        `INFOBIP_API_KEY` and `INFOBIP_BASE_URL` are set.
        """)

    /// All of them, in the order in which they are listed.
    package static let all =
        [
            webhookUser, webhookPassword, webhookSecret, webhookHeader, webhookHeaderSecret,
            hmacHeader, hmacSecret, hmacAlgorithm, webhookURLSecret, apiKey, baseURL, apiVersion,
        ] + lane.all

    // MARK: - Receiving

    package static let webhookUser = Setting(
        "INFOBIP_WEBHOOK_USER", whenUnset: "off", isList: true, example: "infobip", in: group,
        readBy: .receiving.union([.probe, .simulate]),
        "The user of HTTP Basic: one for all passwords, or as many as there are passwords.")

    package static let webhookPassword = Setting(
        "INFOBIP_WEBHOOK_PASSWORD", whenUnset: "off", isSecret: true, isList: true,
        example: "new-password,old-password", in: group,
        readBy: .receiving.union([.probe, .simulate]),
        "The password of HTTP Basic; several while one is being changed.")

    package static let webhookSecret = Setting(
        "INFOBIP_WEBHOOK_SECRET", whenUnset: "off", isSecret: true, isList: true, in: group,
        readBy: .receiving.union([.probe]),
        "A secret for the header and for the HMAC alike, where those have none of their own.")

    package static let webhookHeader = Setting(
        "INFOBIP_WEBHOOK_HEADER", .text(default: InfobipWebhook.defaultHeaderName.description),
        in: group, readBy: .receiving.union([.probe]),
        "The header that carries a secret as it stands.")

    package static let webhookHeaderSecret = Setting(
        "INFOBIP_WEBHOOK_HEADER_SECRET", whenUnset: "`INFOBIP_WEBHOOK_SECRET`", isSecret: true,
        isList: true, in: group, readBy: .receiving.union([.probe]), "That header's secret.")

    package static let hmacHeader = Setting(
        "INFOBIP_HMAC_HEADER", .text(default: InfobipWebhook.defaultHMACHeaderName.description),
        in: group, readBy: .receiving.union([.probe, .simulate]),
        """
        The header that carries the HMAC of the raw body: hexadecimal or base64, with or without \
        `sha256=` before it.
        """)

    package static let hmacSecret = Setting(
        "INFOBIP_HMAC_SECRET", whenUnset: "`INFOBIP_WEBHOOK_SECRET`", isSecret: true, isList: true,
        in: group, readBy: .receiving.union([.probe, .simulate]), "The HMAC's secret.")

    package static let hmacAlgorithm = Setting(
        "INFOBIP_HMAC_ALGORITHM", .choice(of: HMACKey.Algorithm.self, default: .sha256),
        in: group, readBy: .receiving.union([.probe, .simulate]), "The HMAC's digest.")

    package static let webhookURLSecret = Setting(
        "INFOBIP_WEBHOOK_URL_SECRET", whenUnset: "off", isSecret: true, isList: true, in: group,
        readBy: .receiving.union([.dispatch, .probe]),
        """
        What the called URL may hold as `token`: 16 characters or more of letters, digits, `_` and \
        `-`. With it each message that is sent names `APP_BASE_URL/callbacks/infobip?token=…`, with \
        the first of the list; without it Infobip reports to the account's subscriptions. The \
        responder and the dispatcher need the same one. The archive holds it redacted.
        """)

    // MARK: - Sending

    package static let apiKey = Setting(
        "INFOBIP_API_KEY", whenUnset: "off", isSecret: true, in: group,
        readBy: [.dispatch, .simulate],
        "A key that may send messages and read logs, without the word `App`.")

    package static let baseURL = Setting(
        "INFOBIP_BASE_URL", .address(), whenUnset: "off", example: "xxxxx.api.infobip.com",
        in: group, readBy: [.dispatch],
        "The account's own address: `https`, or `http` to this machine alone.")

    package static let apiVersion = Setting(
        "INFOBIP_API_VERSION", .choice(of: InfobipSending.Version.self, default: .v3), in: group,
        readBy: [.dispatch],
        "The version of the API that sends: `/sms/3/messages`, or `/sms/2/text/advanced`.")

    package static let lane = LaneSettings(.infobip, in: group)
}
