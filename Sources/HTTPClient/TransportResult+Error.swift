import Domain
import Foundation
import FoundationNetworking

extension TransportResult {
    /// What an error of Foundation's means for the request.
    ///
    /// - Parameters:
    ///   - error: as the session gave it.
    ///   - hasSentBytes: whether some of the request was certainly written: then it is not
    ///     `notSent`, because the error may be of a second connection.
    init(_ error: any Error, hasSentBytes: Bool) {
        let code = (error as? URLError)?.code ?? .unknown
        let problem = ProviderProblem(code)
        self =
            Self.beforeTheRequest.contains(code) && !hasSentBytes
            ? .notSent(problem) : .unanswered(problem)
    }

    /// Errors that come before the first byte of a request on a new connection.
    private static let beforeTheRequest: Set<URLError.Code> = [
        .badURL, .unsupportedURL, .cannotFindHost, .cannotConnectToHost, .dnsLookupFailed,
        .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
        .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid,
    ]
}

extension ProviderProblem {
    static let timeOut = ProviderProblem(
        code: "time_out", text: "There was no whole answer in time.")

    static func tooLarge(limit: Int) -> ProviderProblem {
        ProviderProblem(
            code: "answer_too_large", text: "The answer has more than \(limit) bytes.")
    }

    /// Never the error's own text: it holds the URL, and with it a phone number.
    init(_ code: URLError.Code) {
        switch code {
        case .cannotConnectToHost:
            self.init(code: "cannot_connect", text: "The connection was refused.")
        case .cannotFindHost, .dnsLookupFailed:
            self.init(code: "no_such_host", text: "The host's name is unknown.")
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            self.init(
                code: "no_tls", text: "The host proved not to be who it should, or knows no TLS.")
        case .badURL, .unsupportedURL:
            self.init(code: "bad_url", text: "The address is no HTTP address.")
        case .timedOut:
            self = .timeOut
        default:
            self.init(
                code: "connection_lost",
                text: "The connection ended before a whole answer (\(code.rawValue)).")
        }
    }
}
