internal import Glibc
internal import Synchronization

/// One request and its answer, which is given exactly once, now or later, from any thread.
///
/// An exchange that is dropped without an answer gives 500. Giving an answer writes to the peer
/// and may block for as long as the listener's `ioTimeout` when the peer does not read; small
/// answers fit into the socket's buffer. A thread of the caller's that answers should block
/// signals: libfcgi does not go on after an interrupted write.
package final class Exchange: Sendable {
    let request: LibraryRequest
    let state: Mutex<ExchangeState>
    let connection: UInt64
    private let descriptor: Int32
    private let owner: any ExchangeOwner
    /// What its body takes, in bytes.
    let bodyBytes: Int

    /// When the first bytes of the request were there.
    package let arrival: ContinuousClock.Instant

    init(
        _ request: consuming LibraryRequest, connection: UInt64, descriptor: Int32,
        input: consuming ExchangeState.Input, arrival: ContinuousClock.Instant,
        owner: any ExchangeOwner
    ) {
        self.request = request
        bodyBytes = if case .whole(let body) = input { body.count } else { 0 }
        state = Mutex(ExchangeState(input: input))
        self.connection = connection
        self.descriptor = descriptor
        self.arrival = arrival
        self.owner = owner
    }

    deinit {
        guard let begun = state.withLock({ $0.beginAnswer() }) else { return }
        send(PreparedResponse.dropped.bytes, [], begun)
        owner.report(.dropped)
    }

    // MARK: The answer

    /// Answers with a prepared response: the hot path.
    ///
    /// - Returns: False when it was ignored, because the exchange was answered already; the
    ///   incident is reported. True does not promise that the peer read it.
    @discardableResult
    package func respond(_ response: PreparedResponse) -> Bool {
        answer(response.bytes, [])
    }

    /// Answers with a response that is rendered now.
    ///
    /// - Returns: As for a prepared response.
    @discardableResult
    package func respond(_ response: Response) -> Bool {
        answer(response.head(), response.status.allowsBody ? response.body : [])
    }

    /// Adds headers to the answer, whoever gives it; nothing once it was given.
    package func add(headers: [HeaderField]) {
        var lines = [UInt8]()
        for header in headers { Response.append(header, to: &lines) }
        state.withLock { $0.headerLines += lines }
    }

    private func answer(_ head: [UInt8], _ body: [UInt8]) -> Bool {
        guard let begun = state.withLock({ $0.beginAnswer() }) else {
            owner.report(.answeredTwice)
            return false
        }
        send(head, body, begun)
        return true
    }

    private func send(
        _ head: [UInt8], _ body: [UInt8],
        _ begun: (input: ExchangeState.Input, headerLines: [UInt8])
    ) {
        let kept = request.peerKeepsConnection
        _ = write(head, begun.headerLines) && request.write(body)
        let error = request.finish()
        owner.finish(
            connection, descriptor, error == 0 ? begun.input.outcome(kept: kept) : .close)
        if error != 0 { owner.report(error == EAGAIN ? .timedOut : .answerLost) }
    }

    /// Puts a head into the output, with more lines behind its first one.
    func write(_ head: [UInt8], _ lines: [UInt8]) -> Bool {
        guard !lines.isEmpty, let end = head.firstIndex(of: UInt8(ascii: "\n")) else {
            return request.write(head)
        }
        return request.write(Array(head[...end])) && request.write(lines)
            && request.write(Array(head[(end + 1)...]))
    }

    // MARK: The hand-over to a stream

    /// Leaves the connection to the caller, who closes it; the request must have been finished.
    func leaveConnection() -> Int32 {
        owner.handOver(connection, descriptor)
        return descriptor
    }

    /// Closes the connection of a stream that could not be opened.
    func closeConnection() { owner.finish(connection, descriptor, .close) }

    // MARK: Parameters

    /// A copy of a parameter's value; nothing when it is absent or the exchange was answered.
    ///
    /// Bytes that are not UTF-8 are replaced. The value may be empty: nginx sends
    /// `CONTENT_LENGTH` with nothing in it for a request without a body.
    package func parameter(_ name: String) -> String? {
        state.withLock { $0.isReadable ? request.parameter(name) : nil }
    }

    /// `REQUEST_METHOD`, in the client's spelling.
    package var method: String? { parameter("REQUEST_METHOD") }
    /// `REQUEST_URI`: path and query as the client sent them.
    package var requestURI: String? { parameter("REQUEST_URI") }
    /// `DOCUMENT_URI`: the path, decoded and normalised by nginx.
    package var documentURI: String? { parameter("DOCUMENT_URI") }
    /// `CONTENT_TYPE`; nothing when empty.
    package var contentType: String? { nonEmpty("CONTENT_TYPE") }
    /// `REQUEST_ID`: nginx's `$request_id`; nothing when empty.
    package var requestID: String? { nonEmpty("REQUEST_ID") }

    private func nonEmpty(_ name: String) -> String? {
        parameter(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
