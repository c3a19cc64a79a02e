import Dispatch
import Domain
import Synchronization
import Testing

@testable import Store

/// What a writer answered to each submission, and how often.
final class Answers: Sendable {
    typealias Answer = Result<Void, SinkFailure>

    private let received = Mutex<[[Answer]]>([])
    private let outstanding = DispatchGroup()

    /// Submits, and records the answer; `onAnswer` runs before it counts as given.
    func submit(
        _ submission: Submission, to sink: any ReportSink,
        onAnswer: @escaping @Sendable (Answer) -> Void = { _ in }
    ) {
        sink.submit(submission, completion: expect(onAnswer))
    }

    /// A completion that records its call.
    func expect(
        _ onAnswer: @escaping @Sendable (Answer) -> Void = { _ in }
    ) -> @Sendable (Answer) -> Void {
        outstanding.enter()
        let index = received.withLock { answers -> Int in
            answers.append([])
            return answers.count - 1
        }
        return { [self] answer in
            onAnswer(answer)
            let isFirst = received.withLock { answers -> Bool in
                answers[index].append(answer)
                return answers[index].count == 1
            }
            if isFirst { outstanding.leave() }
        }
    }

    /// How many have been answered.
    var count: Int { received.withLock { $0.count { !$0.isEmpty } } }

    /// Whether all that were submitted are answered in time.
    func areComplete(within limit: Duration = .seconds(30)) -> Bool {
        outstanding.wait(timeout: .now() + limit / .seconds(1)) == .success
    }

    /// Waits for all answers, in the order of submission; notes missing ones and second ones.
    @discardableResult
    func all(
        within limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Answer] {
        #expect(areComplete(within: limit), "not all were answered", sourceLocation: sourceLocation)
        let answers = received.withLock { $0 }
        let isOnce = answers.allSatisfy { $0.count == 1 }
        #expect(isOnce, "answered more than once or never", sourceLocation: sourceLocation)
        return answers.compactMap(\.first)
    }

    /// The failures among the answers, after waiting for all of them.
    func failures(
        within limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation
    ) -> [SinkFailure] {
        all(within: limit, sourceLocation: sourceLocation).compactMap(\.failure)
    }
}

extension Result where Success == Void {
    /// The failure, if it is one.
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }

    /// Whether it is none.
    var isSuccess: Bool { failure == nil }
}
