import Domain
import FastCGI
import JSON

/// The answer to a request, and when it is given.
struct SimulatorReply {
    enum Moment {
        case now
        case after(Duration)
        /// When the callbacks are acknowledged, after ten seconds at the latest.
        case behind(AnswerGate)
    }

    var response: Response
    var moment = Moment.now

    /// nginx closes the connection without an answer.
    static let close = SimulatorReply(
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

    init(_ status: Int, _ build: (inout JSONWriter) -> Void) {
        self.init(status, json: JSONWriter.document { build(&$0) })
    }

    /// The same with `Retry-After`.
    func retry(after seconds: Int?) -> SimulatorReply {
        guard let seconds, let field = HeaderField(name: "Retry-After", value: String(seconds))
        else { return self }
        var reply = self
        reply.response.headers.append(field)
        return reply
    }
}
