import Settings

/// The settings of outgoing webhooks.
extension WaybillSettings {
    private static let webhookGroup = Setting.Group(
        "Webhooks", "`waybill deliver` sends events to other systems.")

    static let webhooks = [
        webhookHosts, webhookAllowHTTP, webhookNetworks, webhookTimeoutSeconds, egressSocket,
    ]

    static let webhookHosts = Setting(
        "WAYBILL_WEBHOOK_HOSTS", whenUnset: "none", isList: true,
        example: "example.com,hooks.example.com:8443", in: webhookGroup, readBy: [.serve],
        "The hosts that `webhook` of `POST /v1/messages` may name.")

    static let webhookAllowHTTP = Setting(
        "WAYBILL_WEBHOOK_ALLOW_HTTP", .flag(default: false), in: webhookGroup,
        readBy: [.serve, .deliver, .webhook],
        "Whether the URL of a webhook may begin with `http://`.")

    static let webhookNetworks = Setting(
        "WAYBILL_WEBHOOK_NETWORKS", whenUnset: "none", isList: true,
        example: "10.1.0.0/16,fd00::/8",
        in: webhookGroup, readBy: [.serve, .deliver, .webhook],
        """
        Networks that webhooks may lead to although their addresses are private or otherwise special. \
        Allow them in `waybill-egress.service`, too.
        """)

    static let webhookTimeoutSeconds = Setting(
        "WAYBILL_WEBHOOK_TIMEOUT_SECONDS", .integer(default: 15, in: 1...30), in: webhookGroup,
        readBy: [.deliver], "How many seconds a receiver has to answer.")

    static let egressSocket = Setting(
        "WAYBILL_EGRESS_SOCKET", .text(default: "/run/waybill-egress/egress.sock"),
        in: webhookGroup, readBy: [.deliver],
        "The socket of the nginx that connects outward: that of `nginx/egress.conf`.")
}
