import Settings

extension WaybillSettings {
    private static let singleSignOnGroup = Setting.Group(
        "Single sign-on", "nginx asks another service who a user is; see `nginx/waybill-sso.conf`.")

    static let singleSignOn = [singleSignOnHeader, singleSignOnGroups, singleSignOnRoles]

    static let singleSignOnHeader = Setting(
        "WAYBILL_SSO_HEADER", whenUnset: "off", example: "SSO_USER",
        in: singleSignOnGroup, readBy: [.serve],
        """
        The FastCGI parameter in which nginx names the user, by e-mail address, once `auth_request` \
        has let the request pass. Never one that begins with `HTTP_`: those are the client's.
        """)

    static let singleSignOnGroups = Setting(
        "WAYBILL_SSO_GROUPS_HEADER", whenUnset: "`SSO_GROUPS`",
        example: "SSO_GROUPS", in: singleSignOnGroup, readBy: [.serve],
        "The parameter with the user's groups, with commas between them.")

    static let singleSignOnRoles = Setting(
        "WAYBILL_SSO_ROLES", whenUnset: "required with `WAYBILL_SSO_HEADER`", isList: true,
        example: "sms-admins=admin,support=operator,staff=viewer", in: singleSignOnGroup,
        readBy: [.serve],
        "What each group may do; a user has the highest role of all groups, and without one none.")
}
