import Domain
import FastCGI

extension Problem {
    /// An account's request was refused.
    ///
    /// - Parameters:
    ///   - failure: why.
    ///   - isSignIn: whether it tried to sign in; otherwise the caller has, and a wrong password must
    ///     not look like a session that has ended.
    init(_ failure: AccountFailure, isSignIn: Bool = false) {
        switch failure {
        case .wrongCredentials where isSignIn:
            self = Problem(
                .unauthorized, "wrong_credentials",
                "The address and the password do not belong to an open account.",
                headers: [.challengeBearer])
        case .wrongCredentials:
            self = Problem(.forbidden, "wrong_password", "The current password is wrong.")
        case .codeRequired:
            self = Problem(
                .unauthorized, "code_required",
                "This account takes a code besides: send it as the member code.",
                headers: [.challengeBearer])
        case .wrongCode where isSignIn:
            self = Problem(
                .unauthorized, "wrong_code",
                "The code is wrong, too old, or was used before; each is good once.",
                headers: [.challengeBearer])
        case .wrongCode:
            self = Problem(
                .forbidden, "wrong_code",
                "The code is wrong, too old, or was used before; each is good once.")
        case .throttled(let end):
            self = Problem(
                .tooManyRequests, "too_many_attempts",
                "There were too many failed attempts for this account; the header Retry-After says"
                    + " when to try again.", headers: Self.retryAfter(end.since(.now)))
        case .busy(let pause):
            self = Problem(
                .serviceUnavailable, "sign_in_busy",
                "Too many passwords are being checked; the header Retry-After says when to try"
                    + " again.", headers: Self.retryAfter(pause))
        case .badPassword, .wrongLink: self = Self.ofPassword(failure)
        case .unknownUser:
            self = Problem(.notFound, "unknown_user", "There is no user of this id.")
        case .emailTaken:
            self = Problem(.conflict, "email_taken", "Another user has this address.")
        case .tooManyUsers:
            self = Problem(
                .conflict, "too_many_users", "There are \(userLimit) users; that is the most.")
        case .wrongTOTPState:
            self = Problem(
                .conflict, "wrong_totp_state",
                "The second factor is set up already, or, where it is needed, not.")
        case .totpDemanded:
            self = Problem(
                .conflict, "totp_demanded", "Your role demands a second factor; it stays.")
        case .sessionEnded: self = PeopleAccess.sessionEnded
        case .store(let failure): self = Problem(failure)
        }
    }

    private static func ofPassword(_ failure: AccountFailure) -> Problem {
        guard case .badPassword(let problem) = failure else {
            return Problem(
                .badRequest, "wrong_link",
                "This link is unknown, was used, or is older than a day; ask for a new one.")
        }
        var problems = FieldProblems()
        problems.add("password", problem.code, problem.description)
        return Problem(
            .unprocessableContent, "invalid_fields", "The password cannot be taken.",
            fields: problems)
    }

    private static func retryAfter(_ pause: Duration) -> [HeaderField] {
        let seconds = max(1, Int((pause / .seconds(1)).rounded(.up)))
        return [HeaderField(name: "Retry-After", value: "\(seconds)")].compactMap { $0 }
    }
}

extension PasswordProblem {
    /// A stable word for programs.
    var code: String {
        switch self {
        case .tooShort: "too_short"
        case .tooLong: "too_long"
        case .unreadable: "unreadable"
        case .common: "common"
        case .personal: "personal"
        case .repetitive: "repetitive"
        }
    }
}
