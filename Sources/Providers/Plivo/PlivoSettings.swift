package import Settings

/// Plivo's settings.
package enum PlivoSettings {
    private static let group = Setting.Group(
        "Plivo",
        """
        Receiving takes `PLIVO_AUTH_TOKEN`, and `APP_BASE_URL` because Plivo signs the URL that it \
        calls; sending takes `PLIVO_AUTH_ID` too.
        """)

    /// All of them, in the order in which they are listed.
    package static let all =
        [
            authID, authToken, allowSignatureV2, baseURL, sender, powerpackUUID, settleSeconds,
            inboundSeconds,
        ] + lane.all

    package static let authID = Setting(
        "PLIVO_AUTH_ID", whenUnset: "none", in: group,
        readBy: .receiving.union([.dispatch, .probe, .simulate]),
        "The account or subaccount, needed to send; without a token it is reported as a problem.")

    package static let authToken = Setting(
        "PLIVO_AUTH_TOKEN", whenUnset: "off", isSecret: true, isList: true, in: group,
        readBy: .receiving.union([.dispatch, .probe, .simulate]),
        """
        The auth token of the account and of subaccounts, with which callbacks are signed; the first \
        of the list sends.
        """)

    package static let allowSignatureV2 = Setting(
        "PLIVO_ALLOW_SIGNATURE_V2", .flag(default: false), in: group,
        readBy: .receiving.union([.dispatch, .probe]),
        """
        Whether signature V2 authenticates where no V3 came. V2 protects neither the query nor the \
        body, so each message is sent in a request of its own then.
        """)

    // MARK: - Sending

    package static let baseURL = Setting(
        "PLIVO_BASE_URL", .address(default: "https://api.plivo.com"), in: group,
        readBy: [.dispatch], "Plivo's address: `https`, or `http` to this machine alone.")

    package static let sender = Setting(
        "PLIVO_SENDER", whenUnset: "none", in: group, readBy: [.dispatch],
        "The sender of messages that name none. Plivo demands a sender or a pool.")

    package static let powerpackUUID = Setting(
        "PLIVO_POWERPACK_UUID", whenUnset: "none", in: group, readBy: [.dispatch],
        "The pool of senders of messages that name none; it goes before `PLIVO_SENDER`.")

    package static let settleSeconds = Setting(
        "PLIVO_SETTLE_SECONDS", .integer(default: 600, in: 0...86_400), in: group,
        readBy: [.dispatch],
        """
        A message whose attempt got no answer and that Plivo does not list after so many seconds is \
        sent again.
        """)

    package static let inboundSeconds = Setting(
        "PLIVO_INBOUND_SECONDS", .integer(default: 300, in: 0...86_400), in: group,
        readBy: [.dispatch],
        """
        How often, in seconds, Plivo's list is read for messages from people whose callbacks were \
        lost, up to `PLIVO_SETTLE_SECONDS` ago; 0 never. The list has no texts.
        """)

    package static let lane = LaneSettings(.plivo, in: group)
}
