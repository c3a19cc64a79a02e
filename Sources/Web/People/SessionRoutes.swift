import Domain
import FastCGI
import JSON

// What is told of sessions, passwords and second factors: a route each.
extension RouteDescription {
    static let signIn = RouteDescription(
        "POST", "/v1/session", "signIn", .session, "Sign in",
        details: """
            Sets the cookie `__Host-waybill`. A wrong password, an unknown address and a disabled \
            account are answered alike.
            """,
        body: Body(
            .object(
                [
                    "email": .text(1...254), "password": .text(0...1000),
                    "code": Schema.text(0...100).orNull.described(
                        "The second factor's, or a recovery code, where the account has one."),
                ], optional: ["code"]),
            example: #"{"email":"ann@example.com","password":"correct horse battery staple"}"#,
            limit: BodyReader.byteLimit),
        answers: [
            Answer(.ok, "Who you are.", .json(whoAmI, example: whoAmIExample)),
            .problem(.badRequest, "two_credentials"),
            .problem(.unauthorized, "wrong_credentials", "code_required", "wrong_code"),
            .problem(.forbidden, "foreign_origin"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
            .problem(.tooManyRequests, "too_many_attempts"),
            .problem(.serviceUnavailable, "sign_in_busy"),
        ])

    static let showSession = RouteDescription(
        "GET", "/v1/session", "showSession", .session, "Who am I, and what may I do?",
        parameters: [
            Parameter(
                "activity", .flag, "false leaves the idle end of the session where it is.",
                example: "false")
        ],
        answers: [Answer(.ok, "Who you are.", .json(whoAmI, example: whoAmIExample))])

    static let signOut = RouteDescription(
        "DELETE", "/v1/session", "signOut", .session, "Sign out",
        answers: [Answer(.noContent, "The session has ended, and the cookie is cleared.")])

    static let listSessions = RouteDescription(
        "GET", "/v1/sessions", "listSessions", .session, "One's own sessions",
        answers: [
            Answer(
                .ok, "Those that have not ended.",
                .json(
                    .object(["sessions": .array(session)]),
                    example: #"{"sessions":["# + sessionExample + "]}"))
        ])

    static let endSession = RouteDescription(
        "DELETE", "/v1/sessions/{id}", "endSession", .session, "End one of one's own sessions",
        answers: [
            Answer(.noContent, "It has ended."), .problem(.notFound, "unknown_session"),
        ])

    static let setPassword = RouteDescription(
        "POST", "/v1/password", "setPassword", .session,
        "Choose a password by a one-time link, or change one's own",
        details: """
            With `token`, `password` is the new one. Otherwise, in a session, `password` is the \
            present one and `new_password` the new one. Other sessions of the user end.
            """,
        body: Body(
            .object(
                [
                    "token": Schema.text(0...100).orNull, "password": .text(0...1000),
                    "new_password": Schema.text(0...1000).orNull,
                ],
                optional: ["token", "new_password"]),
            example: #"""
                {"token":"3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",\#
                "password":"correct horse battery staple"}
                """#,
            limit: BodyReader.byteLimit),
        answers: [
            Answer(
                .ok, "The password is taken; sign in with it.",
                .json(
                    .object(["user": user]), example: #"{"user":"# + userExample + "}")),
            Answer(.noContent, "One's own password is changed; the cookie has a new token."),
            .problem(.badRequest, "wrong_link", "two_credentials"),
            .problem(.unauthorized, "missing_key", "session_ended"),
            .problem(.forbidden, "wrong_password", "foreign_origin", "not_for_keys"),
            .problem(.conflict, "signed_in_elsewhere"),
            .problem(.contentTooLarge, "body_too_large"),
            .problem(.unsupportedMediaType, "unsupported_media_type"),
            .problem(.unprocessableContent, "invalid_fields"),
            .problem(.tooManyRequests, "too_many_attempts"),
            .problem(.serviceUnavailable, "sign_in_busy"),
        ])

    static let startTOTP = RouteDescription(
        "POST", "/v1/totp", "startTOTP", .session, "Begin to set up a second factor",
        details: "It counts when a code has confirmed it.",
        body: again,
        answers: [
            Answer(
                .ok, "For the authenticator app; shown once.",
                .json(
                    .object(["secret": .text(), "otpauth_url": .text()]),
                    example: #"""
                        {"secret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",\#
                        "otpauth_url":"otpauth://totp/Waybill:ann%40example.com?secret=JBSWY3DPEHPK3PXP"}
                        """#))
        ] + againProblems)

    static let confirmTOTP = RouteDescription(
        "POST", "/v1/totp/confirm", "confirmTOTP", .session, "Set the second factor up by a code",
        body: Body(
            .object(["code": .text(0...100)]), example: #"{"code":"287082"}"#,
            limit: BodyReader.byteLimit),
        answers: [recoveryCodes] + againProblems)

    static let removeTOTP = RouteDescription(
        "POST", "/v1/totp/remove", "removeTOTP", .session, "Remove the second factor",
        body: again,
        answers: [
            Answer(.noContent, "It is removed, with its recovery codes.")
        ] + againProblems)

    static let renewRecoveryCodes = RouteDescription(
        "POST", "/v1/totp/recovery-codes", "renewRecoveryCodes", .session,
        "Replace the recovery codes", body: again, answers: [recoveryCodes] + againProblems)

    /// The password is typed again.
    private static let again = Body(
        .object(["password": .text(0...1000)]),
        example: #"{"password":"correct horse battery staple"}"#, limit: BodyReader.byteLimit)

    private static let againProblems: [Answer] = [
        .problem(.forbidden, "wrong_password", "wrong_code"),
        .problem(.conflict, "wrong_totp_state", "totp_demanded", "signed_in_elsewhere"),
        .problem(.contentTooLarge, "body_too_large"),
        .problem(.unsupportedMediaType, "unsupported_media_type"),
        .problem(.unprocessableContent, "invalid_fields"),
        .problem(.tooManyRequests, "too_many_attempts"),
        .problem(.serviceUnavailable, "sign_in_busy"),
    ]

    private static let recoveryCodes = Answer(
        .ok, "Ten codes, each good once; shown once.",
        .json(
            .object(["recovery_codes": .array(.text())]),
            example: #"{"recovery_codes":["7qk2-9xmd-4fhw"]}"#))

    static let user = Schema.component("User")
    private static let session = Schema.component("Session")
    private static let whoAmI = Schema.component("WhoAmI")

    static let userExample = #"""
        {"id":"01a1fe3e-56fc-7b8e-b8d5-90733bb58452","email":"ann@example.com","name":"Ann",\#
        "role":"admin","disabled":false,"created_at":"2026-11-20T09:15:00.100Z",\#
        "last_sign_in_at":"2026-11-21T08:00:03.020Z","has_password":true,"has_totp":false,\#
        "recovery_codes_left":0,"link_expires_at":null}
        """#

    private static let sessionExample = #"""
        {"id":"01a1fe40-0b1c-7a11-9c55-2b8e6fd0c0aa","current":true,\#
        "created_at":"2026-11-21T08:00:03.020Z","last_active_at":"2026-11-21T08:10:00.000Z",\#
        "idle_ends_at":"2026-11-21T08:40:00.000Z","ends_at":"2026-11-21T20:00:03.020Z",\#
        "address":"192.0.2.7","user_agent":"Mozilla/5.0"}
        """#

    private static let whoAmIExample =
        #"{"user":"# + userExample
        + #","role":"admin","permissions":["admin","details","read","send"],"must_set_up_totp":false,"session":"#
        + sessionExample + "}"
}
