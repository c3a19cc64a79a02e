import Domain
import Foundation
import FoundationNetworking

/// Makes the simulator's callbacks with Foundation's client.
final class CallbackTransport: HTTPTransport {
    private let session: URLSession

    init(connections: Int = 32) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = connections
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
    }

    func send(
        _ request: ProviderRequest, within limit: Duration,
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        guard let url = URL(string: request.url) else {
            completion(.notSent(ProviderProblem(code: "bad_url", text: "this is no URL")))
            return
        }
        var message = URLRequest(url: url, timeoutInterval: limit / .seconds(1))
        message.httpMethod = request.method
        for (name, value) in request.headers { message.setValue(value, forHTTPHeaderField: name) }
        if !request.body.isEmpty { message.httpBody = Data(request.body) }
        session.dataTask(with: message) { body, response, _ in
            guard let response = response as? HTTPURLResponse else {
                completion(.unanswered(ProviderProblem(code: "no_answer", text: "no answer")))
                return
            }
            completion(
                .answered(
                    ProviderResponse(status: response.statusCode, body: [UInt8](body ?? Data()))))
        }.resume()
    }
}
