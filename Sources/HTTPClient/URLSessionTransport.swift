import Dispatch
package import Domain
import Foundation
import FoundationNetworking

/// Makes requests by Foundation's URLSession. Any thread.
///
/// There are two long-lived sessions. Queries (GET) share kept connections. A request that changes
/// something asks for a connection of its own (`Connection: close`): when a kept connection ends
/// before the first byte of an answer, libcurl silently repeats the request on a new one.
/// Foundation still keeps the connection of a host that ignores the header, but then libcurl
/// repeats only the head without the body (libcurl 7.88, see the tests). So no host gets a body
/// twice: it waits for the body until our deadline, and the result is `unanswered`.
///
/// Answers leave no state: no cookies, no cache, no credentials; redirections are not followed.
package final class URLSessionTransport: HTTPTransport {
    /// Bounds of a transport.
    package struct Settings: Sendable {
        /// `User-Agent`.
        package var userAgent: String
        /// Requests to one host at the same time; more wait within their time limit.
        package var connectionsPerHost = 32
        /// The most bytes of an answer's body.
        package var answerLimit = 1 << 20

        package init(userAgent: String) { self.userAgent = userAgent }
    }

    private let settings: Settings
    private let kept: Exchanges
    private let single: Exchanges

    /// - Parameter settings: bounds.
    package init(_ settings: Settings) {
        self.settings = settings
        kept = Exchanges(settings, name: "http-kept")
        single = Exchanges(settings, name: "http-single")
    }

    package func send(
        _ request: ProviderRequest, within limit: Duration,
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        let isQuery = request.method == "GET"
        let exchanges = isQuery ? kept : single
        guard var outgoing = URLRequest(request) else {
            let problem = ProviderProblem(code: "bad_url", text: "The address is no HTTP address.")
            return exchanges.complete(.notSent(problem), completion)
        }
        guard request.headers.allSatisfy(Self.isOneLine) else {
            let problem = ProviderProblem(
                code: "bad_header", text: "A header is not one line; are the credentials?")
            return exchanges.complete(.notSent(problem), completion)
        }
        outgoing.setValue(settings.userAgent, forHTTPHeaderField: "User-Agent")
        if !isQuery { outgoing.setValue("close", forHTTPHeaderField: "Connection") }
        // Our own limit decides; Foundation's is later, and starts again with each byte.
        outgoing.timeoutInterval = limit / .seconds(1) + 5
        exchanges.start(outgoing, deadline: .now + limit, completion)
    }

    /// Foundation writes headers unchecked: a line break in a key would add another header.
    private static func isOneLine(_ header: (name: String, value: String)) -> Bool {
        let isName =
            !header.name.isEmpty
            && header.name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
        return isName && header.value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    }

    /// Cancels all requests and ends the sessions; nothing can be sent afterwards.
    package func close() {
        kept.close()
        single.close()
    }
}

extension URLRequest {
    fileprivate init?(_ request: ProviderRequest) {
        guard let url = URL(string: request.url), let host = url.host, !host.isEmpty,
            url.scheme == "https" || url.scheme == "http"
        else { return nil }
        self.init(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
        httpMethod = request.method
        httpShouldHandleCookies = false
        if !request.body.isEmpty { httpBody = Data(request.body) }
        for (name, value) in request.headers { setValue(value, forHTTPHeaderField: name) }
    }
}
