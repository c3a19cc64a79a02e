import FastCGI

/// A request, read.
struct Request {
    let method: String
    /// Decoded by nginx.
    let path: String
    let query: Query
    let authorization: String?
    let body: [UInt8]

    /// A thousand messages with long texts and `callbackData`.
    private static let bodyLimit = 32 << 20

    init(
        _ method: String, _ target: String, authorization: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        path = String(target.prefix { $0 != "?" })
        query = Query(target: target)
        self.authorization = authorization
        self.body = body
    }

    /// - Throws: `BodyError`.
    init(_ exchange: Exchange) throws(BodyError) {
        method = exchange.method ?? ""
        let target = exchange.requestURI ?? ""
        path = exchange.documentURI ?? String(target.prefix { $0 != "?" })
        query = Query(target: target)
        authorization = exchange.parameter("HTTP_AUTHORIZATION")
        body = method == "GET" ? [] : try exchange.readBody(limit: Self.bodyLimit)
    }
}
