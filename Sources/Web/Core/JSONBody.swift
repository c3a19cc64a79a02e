import Domain
import FastCGI
import JSON

/// The JSON body of a request.
enum JSONBody {
    /// Reads a body that is a JSON object, strictly.
    ///
    /// - Parameters:
    ///   - exchange: whose body is read, once.
    ///   - request: the same request's headers.
    ///   - limit: the most bytes.
    ///   - limits: of the JSON.
    ///   - example: of a valid body, for the error.
    /// - Returns: the object's members; no name is there twice.
    /// - Throws: 415 for another media type or an encoded body, 413, and 400 for what is no JSON
    ///   object.
    static func members(
        of exchange: Exchange, _ request: APIRequest, limit: Int,
        limits: JSONReader.Limits = JSONReader.Limits(), example: String
    ) throws(Problem) -> [JSONValue.Member] {
        guard MediaType.isJSON(request.contentType ?? "") else {
            throw Problem(
                .unsupportedMediaType, "unsupported_media_type",
                "Send JSON, with the header \"Content-Type: application/json\".")
        }
        if exchange.hasEncodedBody { throw Problem(Malformation.encoded) }
        let body: [UInt8]
        do {
            body = try exchange.readBody(limit: limit)
        } catch {
            throw Problem(error, bodyLimit: limit)
        }
        let value: JSONValue
        do throws(JSONFault) {
            value = try JSONValue(strict: body, limits: limits)
        } catch {
            throw Problem(error, limits)
        }
        guard case .object(let members) = value else {
            throw Problem(
                .badRequest, "wrong_shape",
                "The body must be a JSON object, as in \(example).")
        }
        return members
    }
}
