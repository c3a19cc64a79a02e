package import Domain
import Synchronization

/// A report writer that has a spool: what the database does not take in time is stored on the disk
/// and counts as stored, because it will be moved into the database.
///
/// A report that the database refuses for its content is not among these: the writer puts it into
/// quarantine, and that is a success.
package struct SpoolingSink: ReportSink {
    private let writer: any ReportSink
    private let spool: SpoolWriter

    /// - Parameters:
    ///   - writer: writes to the database; fails at its deadline at the latest.
    ///   - spool: where the rest goes, or all.
    package init(_ writer: any ReportSink, spool: SpoolWriter) {
        self.writer = writer
        self.spool = spool
    }

    package func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        switch spool.mode {
        case .fallback: submitOnce(submission, completion)
        case .always: submitTwice(submission, completion)
        }
    }

    private func submitOnce(
        _ submission: Submission,
        _ completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        writer.submit(submission) { [spool] result in
            guard case .failure(let failure) = result else { return completion(result) }
            spool.append(submission) { segment in
                completion(segment == nil ? .failure(failure) : .success(()))
            }
        }
    }

    private func submitTwice(
        _ submission: Submission,
        _ completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        let answer = TwofoldAnswer(completion)
        // First, because its thread begins at once; a batch of the database comes a little later.
        spool.append(submission) { answer.spooled($0) }
        writer.submit(submission) { answer.written($0) }
    }
}

/// The answer to a callback that goes both to the spool and to the database: given by whichever is
/// later.
private final class TwofoldAnswer: Sendable {
    private struct State {
        var segment: Segment??
        var result: Result<Void, SinkFailure>?
    }

    private let state = Mutex(State())
    private let completion: @Sendable (Result<Void, SinkFailure>) -> Void

    init(_ completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void) {
        self.completion = completion
    }

    func spooled(_ segment: Segment?) {
        settle { $0.segment = .some(segment) }
    }

    func written(_ result: Result<Void, SinkFailure>) {
        settle { $0.result = result }
    }

    private func settle(_ note: (inout State) -> Void) {
        let (segment, result) = state.withLock { state in
            note(&state)
            return (state.segment, state.result)
        }
        guard let segment, let result else { return }
        switch (segment, result) {
        case (nil, .success): completion(.failure(.unavailable))
        case (nil, .failure(let failure)): completion(.failure(failure))
        case (let segment?, .failure):
            segment.isNeeded()
            completion(.success(()))
        case (.some, .success): completion(.success(()))
        }
    }
}
