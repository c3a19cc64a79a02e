/// An HTTP status of an answer, 200...599.
///
/// Source: RFC 9110, section 15; RFC 6585 for 429.
package struct HTTPStatus: Sendable, Hashable {
    /// The three digits.
    package let code: Int

    /// A status from a number; nil outside the range: nginx sends interim statuses itself.
    ///
    /// - Parameter code: 200...599.
    package init?(code: Int) {
        guard (200...599).contains(code) else { return nil }
        self.code = code
    }

    private init(known code: Int) { self.code = code }

    /// 200
    package static let ok = HTTPStatus(known: 200)
    /// 201
    package static let created = HTTPStatus(known: 201)
    /// 202
    package static let accepted = HTTPStatus(known: 202)
    /// 204
    package static let noContent = HTTPStatus(known: 204)
    /// 400
    package static let badRequest = HTTPStatus(known: 400)
    /// 401
    package static let unauthorized = HTTPStatus(known: 401)
    /// 403
    package static let forbidden = HTTPStatus(known: 403)
    /// 404
    package static let notFound = HTTPStatus(known: 404)
    /// 405
    package static let methodNotAllowed = HTTPStatus(known: 405)
    /// 406
    package static let notAcceptable = HTTPStatus(known: 406)
    /// 409
    package static let conflict = HTTPStatus(known: 409)
    /// 413
    package static let contentTooLarge = HTTPStatus(known: 413)
    /// 415
    package static let unsupportedMediaType = HTTPStatus(known: 415)
    /// 422
    package static let unprocessableContent = HTTPStatus(known: 422)
    /// 429
    package static let tooManyRequests = HTTPStatus(known: 429)
    /// 500
    package static let internalServerError = HTTPStatus(known: 500)
    /// 503
    package static let serviceUnavailable = HTTPStatus(known: 503)

    /// 204 and 304 carry no body, and so no Content-Length.
    var allowsBody: Bool { code != 204 && code != 304 }

    /// The text after the number; only a person who reads a dump sees it.
    package var reason: String {
        switch code {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 303: "See Other"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}
