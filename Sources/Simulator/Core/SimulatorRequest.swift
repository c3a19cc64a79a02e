import FastCGI
import JSON

/// A request that was read.
struct SimulatorRequest {
    let method: String
    /// Decoded by nginx.
    let path: String
    let query: QueryReader
    let authorization: String?
    let body: [UInt8]

    /// A thousand messages with long texts and `callbackData`.
    private static let bodyLimit = 32 << 20

    init(
        _ method: String, _ target: String, authorization: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        path = String(target.prefix { $0 != "?" })
        query = Self.query(of: target)
        self.authorization = authorization
        self.body = body
    }

    private static func query(of target: String) -> QueryReader {
        QueryReader(lenient: target.drop { $0 != "?" }.dropFirst())
    }

    /// - Throws: `FastCGIError`.
    init(_ exchange: Exchange) throws(FastCGIError) {
        method = exchange.method ?? ""
        let target = exchange.requestURI ?? ""
        path = exchange.documentURI ?? String(target.prefix { $0 != "?" })
        query = Self.query(of: target)
        authorization = exchange.parameter("HTTP_AUTHORIZATION")
        body = method == "GET" ? [] : try exchange.readBody(limit: Self.bodyLimit)
    }
}
