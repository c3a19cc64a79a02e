internal import Glibc
internal import System

/// An answer whose head is sent and whose body follows in pieces, as fast as its reader takes them.
///
/// One that is dropped before its end is cut off, and the client sees that: nginx closes an HTTP/1.1
/// connection without the last chunk, and resets an HTTP/2 stream. One thread at a time.
package struct LongAnswer: ~Copyable {
    private let connection: StreamConnection
    private let answers: LongAnswers
    /// One record; its storage serves all pieces.
    private var record: [UInt8] = []
    private var sentAt = ContinuousClock.now
    private var isEnded = false
    /// Whether the last record was sent in part.
    private var isInsideRecord = false

    init(_ connection: consuming StreamConnection, of answers: LongAnswers) {
        self.connection = connection
        self.answers = answers
    }

    deinit {
        // A web server that does not insist on the end of the request takes a closed connection for
        // the end of the answer (nginx without fastcgi_keep_conn or without buffering); a record
        // that cannot be read is an error for every one. Only between two records: inside of one
        // it would be content.
        guard !isEnded, !isInsideRecord else { return }
        let bytes = StreamRecord.unreadable
        _ = Glibc.send(
            connection.descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    }

    /// Writes a piece of the body; waits while the peer does not take it.
    ///
    /// - Throws: `peerFailed` if the peer has gone, `stalled` if it has taken nothing for too long,
    ///   `draining` if all answers are being cut off. Nothing more can be written then.
    package mutating func write(_ bytes: [UInt8]) throws(FastCGIError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + StreamRecord.mostContent, bytes.count)
            record.removeAll(keepingCapacity: true)
            StreamRecord.appendOutput(
                bytes[start..<end], to: &record, requestID: connection.requestID)
            try sendRecord()
            start = end
        }
    }

    /// For a producer that has nothing to write yet: finds out whether to go on, and tells the web
    /// server that the answer goes on, so that its limit between two reads does not cut it off.
    ///
    /// - Throws: As `write`, without `stalled`.
    package mutating func keepAlive() throws(FastCGIError) {
        guard sentAt + answers.limits.beatTime > .now else {
            record.removeAll(keepingCapacity: true)
            StreamRecord.appendBeat(to: &record, requestID: connection.requestID)
            try sendRecord()
            return
        }
        try check(poll(for: POLLIN, .zero))
    }

    /// Ends the answer, which is complete.
    ///
    /// - Throws: As `write`.
    package consuming func end() throws(FastCGIError) {
        record = StreamRecord.end(requestID: connection.requestID)
        try sendRecord()
        isEnded = true
    }

    private mutating func sendRecord() throws(FastCGIError) {
        guard !isInsideRecord else { throw FastCGIError(.peerFailed, "long answer") }
        isInsideRecord = true
        var sent = 0
        var deadline = ContinuousClock.now + answers.limits.stallTime
        while sent < record.count {
            let count = record.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    Glibc.send(
                        connection.descriptor, $0 + sent, bytes.count - sent,
                        Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                } ?? 0
            }
            if count > 0 {
                sent += count
                deadline = .now + answers.limits.stallTime
                continue
            }
            if count < 0, errno == EINTR { continue }
            guard count < 0, errno == EAGAIN else {
                throw FastCGIError(.peerFailed, "long answer")
            }
            // Nothing of it was sent, so the record may be left out when all is cut off.
            isInsideRecord = sent > 0
            let left = deadline - .now
            guard left > .zero else { throw FastCGIError(.stalled, "long answer") }
            try check(poll(for: POLLIN | POLLOUT, left))
            isInsideRecord = true
        }
        isInsideRecord = false
        sentAt = .now
    }

    /// What happened to the connection, and whether answers are being cut off.
    private func poll(for events: Int32, _ limit: Duration) -> (connection: Int16, cutOff: Int16) {
        var polled = [
            pollfd(fd: connection.descriptor, events: Int16(events), revents: 0),
            pollfd(fd: answers.cutOff.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = min((limit / .milliseconds(1)).rounded(.up), 86_400_000)
        _ = Glibc.poll(&polled, 2, Int32(milliseconds))
        return (polled[0].revents, polled[1].revents)
    }

    private func check(_ seen: (connection: Int16, cutOff: Int16)) throws(FastCGIError) {
        guard seen.cutOff == 0 else { throw FastCGIError(.draining, "long answer") }
        // nginx sends nothing after its input, so readable means that it has closed.
        guard seen.connection & ~Int16(POLLOUT) == 0 else {
            throw FastCGIError(.peerFailed, "long answer")
        }
    }
}
