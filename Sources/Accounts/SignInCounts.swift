import Domain
import Telemetry

/// How many attempts to sign in with a password there were, by what came of them. Any thread.
struct SignInCounts: Sendable {
    /// A label's value for each kind of outcome.
    private enum Outcome: String, CaseIterable {
        case signedIn = "signed_in"
        case wrongCredentials = "wrong_credentials"
        case codeRequired = "code_required"
        case wrongCode = "wrong_code"
        /// Too many failures before.
        case delayed
        /// Too many passwords were being checked.
        case busy
        /// The database did not answer, or libcrypt failed.
        case failed
    }

    private let counters: [Outcome: Counter]

    init(_ metrics: Metrics) {
        counters = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map { outcome in
                (
                    outcome,
                    metrics.counter(
                        "waybill_sign_ins_total", "Attempts to sign in with a password.",
                        ["result": outcome.rawValue])
                )
            })
    }

    func note<Value>(_ result: Result<Value, AccountFailure>) {
        counters[Self.outcome(of: result)]?.add()
    }

    private static func outcome<Value>(of result: Result<Value, AccountFailure>) -> Outcome {
        switch result {
        case .success: .signedIn
        case .failure(.wrongCredentials): .wrongCredentials
        case .failure(.codeRequired): .codeRequired
        case .failure(.wrongCode): .wrongCode
        case .failure(.throttled): .delayed
        case .failure(.busy): .busy
        case .failure: .failed
        }
    }
}
