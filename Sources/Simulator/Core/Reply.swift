import Domain
import FastCGI
import Telemetry

/// What becomes of a request, and when it is answered.
struct Reply {
    enum Moment {
        case now
        case after(Duration)
        /// When the callbacks are acknowledged, at the latest after ten seconds.
        case behind(AnswerGate)
    }

    var response: Response
    var moment = Moment.now

    /// nginx closes the connection without an answer.
    static let close = Reply(
        response: Response(
            .ok, headers: [HeaderField("X-Accel-Redirect", "/simulator-close")]))

    init(response: Response, moment: Moment = .now) {
        self.response = response
        self.moment = moment
    }

    init(_ status: Int, json: [UInt8], headers: [HeaderField] = []) {
        response = Response(
            HTTPStatus(code: status) ?? .internalServerError, headers: [.json] + headers,
            body: json)
    }

    init(_ status: Int, _ build: (inout JSONText) -> Void) {
        var json = JSONText()
        json.beginObject()
        build(&json)
        json.endObject()
        self.init(status, json: json.bytes)
    }

    /// The same with `Retry-After`.
    func retry(after seconds: Int?) -> Reply {
        guard let seconds, let field = HeaderField(name: "Retry-After", value: String(seconds))
        else { return self }
        var reply = self
        reply.response.headers.append(field)
        return reply
    }
}

extension JSONText {
    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Left out where there is none.
    mutating func member(_ name: String, ifAny value: String?) {
        if let value { member(name, value) }
    }

    mutating func member(_ name: String, _ value: Int) {
        key(name)
        integer(Int64(value))
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        boolean(value)
    }

    mutating func object(_ name: String, _ object: (inout JSONText) -> Void) {
        key(name)
        beginObject()
        object(&self)
        endObject()
    }

    mutating func array(_ name: String, _ array: (inout JSONText) -> Void) {
        key(name)
        beginArray()
        array(&self)
        endArray()
    }
}
