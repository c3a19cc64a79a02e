internal import System

/// Gives long answers piece by piece, each from a thread of its own.
///
/// A long answer waits for its reader, so it must hold none of a server's workers or handlers: a
/// few slow readers would stop all other requests. Here it holds a thread and a connection, and
/// their number is bounded. Any thread.
package final class LongAnswers: Sendable {
    /// The bounds of long answers.
    package struct Limits: Sendable, Equatable {
        /// Answers at a time, 1...1,000.
        package var maxAnswers: Int
        /// How long the web server may take nothing before an answer is cut off. Longer than the
        /// web server's own limit for its client, which knows more of that client.
        package var stallTime: Duration
        /// After so long without a byte the web server is told that the answer goes on. Shorter
        /// than the web server's limit between two reads.
        package var beatTime: Duration

        /// Limits that suit exports behind nginx.
        package init(
            maxAnswers: Int = 4, stallTime: Duration = .seconds(600),
            beatTime: Duration = .seconds(5)
        ) {
            self.maxAnswers = maxAnswers
            self.stallTime = stallTime
            self.beatTime = beatTime
        }

        func check() throws(FastCGIError) {
            guard (1...1_000).contains(maxAnswers) else {
                throw FastCGIError(.badLimit, "maxAnswers \(maxAnswers)")
            }
            guard stallTime > .zero, beatTime > .zero else {
                throw FastCGIError(.badLimit, "stallTime \(stallTime), beatTime \(beatTime)")
            }
        }
    }

    private struct State {
        var open = 0
        var isDraining = false
    }

    /// The bounds that it was made with.
    package let limits: Limits
    private let monitor = Monitor(State())
    /// Signalled once, when all answers are cut off, and never cleared.
    let cutOff: EventDescriptor

    /// How long answers may take to end once they are cut off.
    private static let leaveTime: Duration = .milliseconds(250)

    /// - Parameter limits: The bounds.
    /// - Throws: `badLimit`, or `system` when there are no descriptors left.
    package init(limits: Limits = Limits()) throws(FastCGIError) {
        try limits.check()
        self.limits = limits
        do throws(SystemError) {
            cutOff = try EventDescriptor()
        } catch {
            throw FastCGIError(error)
        }
    }

    /// The answers that are being given now.
    package var count: Int { monitor.withLock { $0.open } }

    /// Answers an exchange on a thread of its own.
    ///
    /// - Parameters:
    ///   - exchange: Nobody else answers it.
    ///   - answer: Runs on the thread. It opens the answer with `open`, or gives another one to the
    ///     exchange, and may block.
    /// - Throws: `tooManyStreams`, `draining` or `system`; the exchange must still be answered.
    package func run(
        _ exchange: Exchange, _ answer: @escaping @Sendable (Exchange) -> Void
    ) throws(FastCGIError) {
        let refusal: FastCGIError? = monitor.withLock { state in
            if state.isDraining { return FastCGIError(.draining, "long answers") }
            guard state.open < limits.maxAnswers else {
                return FastCGIError(.tooManyStreams, "\(limits.maxAnswers) long answers")
            }
            state.open += 1
            return nil
        }
        if let refusal { throw refusal }
        do throws(SystemError) {
            // It ends by itself, with its answer or when that is cut off.
            try ServiceThread("long-answer").start { [self] in
                answer(exchange)
                released()
            }
        } catch {
            released()
            throw FastCGIError(error)
        }
    }

    /// Sends the head of a long answer; the connection leaves the server.
    ///
    /// The answer to HEAD is ended at once, and not written to.
    ///
    /// - Parameters:
    ///   - exchange: One that `run` has given.
    ///   - status: Usually 200.
    ///   - headers: Without Content-Length.
    /// - Returns: The answer, which is cut off unless it is ended.
    /// - Throws: As `Exchange.openStream`.
    package func open(
        _ exchange: Exchange, _ status: HTTPStatus = .ok, headers: [HeaderField]
    ) throws(FastCGIError) -> LongAnswer {
        LongAnswer(try exchange.openStream(status, headers: headers, isBuffered: true), of: self)
    }

    /// Lets answers go on until the deadline, then cuts them off. Blocks.
    ///
    /// - Parameter deadline: When to cut them off.
    /// - Returns: How many were cut off.
    @discardableResult
    package func drain(deadline: ContinuousClock.Instant) -> Int {
        monitor.withLock { $0.isDraining = true }
        let isEmpty = monitor.wait(until: deadline) { $0.open == 0 ? true : nil } != nil
        guard !isEmpty else { return 0 }
        let left = count
        cutOff.signal()
        _ = monitor.wait(until: .now + Self.leaveTime) { $0.open == 0 ? true : nil }
        return left
    }

    private func released() {
        monitor.withLock { $0.open -= 1 }
        monitor.wakeAll()
    }
}
