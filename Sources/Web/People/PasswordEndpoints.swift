package import Domain
import FastCGI
import JSON

/// One's own password and second factor.
package struct PasswordEndpoints: Sendable {
    private let accounts: any AccountService

    package init(accounts: any AccountService) {
        self.accounts = accounts
    }

    package func routes(_ endpoint: APIEndpoint) -> [Router.Route] {
        [
            endpoint.openRoute(.setPassword, later: setPassword),
            endpoint.route(.startTOTP, caller: startTOTP),
            endpoint.route(.confirmTOTP, caller: confirmTOTP),
            endpoint.route(.removeTOTP, caller: removeTOTP),
            endpoint.route(.renewRecoveryCodes, caller: renewRecoveryCodes),
        ]
    }

    /// By a one-time link, or with the present password.
    private func setPassword(
        _ request: APIRequest, _ exchange: Exchange, _ caller: () throws(Problem) -> APICaller
    ) throws(Problem) -> Response? {
        var body = try BodyReader(
            exchange, request, .setPassword, known: ["token", "password", "new_password"])
        let requestID = request.requestID
        guard body.has("token") else {
            let signedIn = try Self.signedIn(caller())
            let current = Password(body.requiredText("password"))
            let new = Password(body.requiredText("new_password"))
            try body.check()
            accounts.changePassword(
                of: signedIn, from: current, to: new, origin: request.origin
            ) { result in
                exchange.respond(
                    Self.response(result, requestID) { token in
                        Response(.noContent, headers: SessionCookie.setting(token))
                    })
            }
            return nil
        }
        let token = body.requiredText("token")
        let password = Password(body.requiredText("password"))
        if body.has("new_password") {
            body.problems.add(
                "new_password", "given_twice", "With a token, the new password is password.")
        }
        try body.check()
        accounts.choosePassword(link: token, password: password, origin: request.origin) { result in
            exchange.respond(
                Self.response(result, requestID) { user in
                    .json(
                        body: JSONWriter.document { json in
                            json.object("user") { json in PeopleView.user(user, in: &json) }
                        })
                })
        }
        return nil
    }

    private func startTOTP(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller
    ) throws(Problem) -> Response? {
        let (signedIn, password) = try confirmed(request, exchange, caller, .startTOTP)
        let requestID = request.requestID
        accounts.startTOTP(of: signedIn, password: password, origin: request.origin) { result in
            exchange.respond(
                Self.response(result, requestID) { setup in
                    .json(
                        body: JSONWriter.document { json in
                            json.member("secret", setup.secret.revealed)
                            json.member("otpauth_url", setup.address.revealed)
                        })
                })
        }
        return nil
    }

    private func confirmTOTP(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller
    ) throws(Problem) -> Response? {
        let signedIn = try Self.signedIn(caller)
        var body = try BodyReader(exchange, request, .confirmTOTP, known: ["code"])
        let code = body.requiredText("code")
        try body.check()
        let confirmation: TOTPConfirmation
        do throws(AccountFailure) {
            confirmation = try accounts.confirmTOTP(
                of: signedIn, code: code, origin: request.origin)
        } catch {
            throw Problem(error)
        }
        return Response(
            .ok, headers: [.json] + SessionCookie.setting(confirmation.token),
            body: Self.document(of: confirmation.recoveryCodes))
    }

    private func removeTOTP(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller
    ) throws(Problem) -> Response? {
        let (signedIn, password) = try confirmed(request, exchange, caller, .removeTOTP)
        let requestID = request.requestID
        accounts.removeTOTP(of: signedIn, password: password, origin: request.origin) { result in
            exchange.respond(
                Self.response(result, requestID) { token in
                    Response(.noContent, headers: SessionCookie.setting(token))
                })
        }
        return nil
    }

    private func renewRecoveryCodes(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller
    ) throws(Problem) -> Response? {
        let (signedIn, password) = try confirmed(request, exchange, caller, .renewRecoveryCodes)
        let requestID = request.requestID
        accounts.renewRecoveryCodes(
            of: signedIn, password: password, origin: request.origin
        ) { result in
            exchange.respond(
                Self.response(result, requestID) { codes in .json(body: Self.document(of: codes)) })
        }
        return nil
    }

    /// The session, and the password that was typed again.
    private func confirmed(
        _ request: APIRequest, _ exchange: Exchange, _ caller: APICaller,
        _ description: RouteDescription
    ) throws(Problem) -> (SignedIn, Password) {
        let signedIn = try Self.signedIn(caller)
        var body = try BodyReader(exchange, request, description, known: ["password"])
        let password = Password(body.requiredText("password"))
        try body.check()
        return (signedIn, password)
    }

    /// Whoever signs in elsewhere has neither password nor second factor here.
    private static func signedIn(_ caller: APICaller) throws(Problem) -> SignedIn {
        guard let signedIn = caller.signedIn else {
            throw Problem(
                .conflict, "signed_in_elsewhere",
                "You sign in elsewhere; password and second factor are managed there.")
        }
        return signedIn
    }

    private static func response<Value>(
        _ result: Result<Value, AccountFailure>, _ requestID: String?,
        _ success: (Value) -> Response
    ) -> Response {
        switch result {
        case .success(let value): success(value)
        case .failure(let failure): Problem(failure).response(requestID: requestID)
        }
    }

    private static func document(of codes: [FreshSecret]) -> [UInt8] {
        JSONWriter.document { json in
            json.array("recovery_codes") { json in
                for code in codes { json.string(code.revealed) }
            }
        }
    }
}
