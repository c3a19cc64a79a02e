import Domain

/// Adds tickets for live streams to the answer to a send request: one for each message, and one for
/// all of them.
///
/// They are added when the answer is given, not stored with it: whoever reads the database gets no
/// tickets. A ticket follows from its id, so a repeated answer has the first one's bytes. Its end does
/// not move: an hour after the send request, the repeated answer's tickets are of no use.
struct AnswerTickets: Sendable {
    let signer: TicketSigner
    /// Whether the ticket comes once more as `correlationId`, as the pages of a guide expect it: that of
    /// the message, if there is only one, whose stream then shows the message itself.
    let hasCorrelationID: Bool

    /// What each message's object begins with. Quotes in texts are escaped, so it is nowhere else.
    private static let messageStart = Array(#"{"id":""#.utf8)
    private static let requestStart = Array(#""send_request_id":""#.utf8)
    private static let idLength = 36

    /// The answer with its tickets; as it is, if it cannot be signed.
    func added(to body: [UInt8]) -> [UInt8] {
        guard body.last == UInt8(ascii: "}") else { return body }
        var answer = [UInt8]()
        answer.reserveCapacity(body.count + 512)
        var place = body.startIndex
        var sendRequest: SendRequestID?
        var own: [String] = []
        // The two kinds of ids are all that is looked for; everything else is copied.
        while let quote = body[place...].firstIndex(of: UInt8(ascii: "\"")) {
            answer.append(contentsOf: body[place..<quote])
            place = quote
            if quote > 0, body[(quote - 1)...].starts(with: Self.messageStart),
                let id: MessageID = Self.id(in: body, at: quote - 1 + Self.messageStart.count),
                let ticket = try? signer.ticket(for: .message(id))
            {
                let end = quote - 1 + Self.messageStart.count + Self.idLength + 1
                answer.append(contentsOf: body[quote..<end])
                answer.append(contentsOf: #","ticket":"\#(ticket)""#.utf8)
                own.append(ticket)
                place = end
            } else {
                if body[quote...].starts(with: Self.requestStart) {
                    sendRequest = Self.id(in: body, at: quote + Self.requestStart.count)
                }
                answer.append(body[quote])
                place = quote + 1
            }
        }
        answer.append(contentsOf: body[place...])
        guard let sendRequest, let ticket = try? signer.ticket(for: .sendRequest(sendRequest))
        else { return body }
        answer.removeLast()
        answer.append(contentsOf: #","ticket":"\#(ticket)""#.utf8)
        if hasCorrelationID {
            let correlation = own.count == 1 ? own[0] : ticket
            answer.append(contentsOf: #","correlationId":"\#(correlation)""#.utf8)
        }
        answer.append(UInt8(ascii: "}"))
        return answer
    }

    private static func id<Kind>(in body: [UInt8], at place: Int) -> Identifier<Kind>? {
        guard place + idLength < body.count else { return nil }
        return Identifier(String(decoding: body[place..<(place + idLength)], as: UTF8.self))
    }
}
