/// Replays quarantined callbacks: finds them, judges them, and has the reports written. Any thread.
package struct QuarantineReplay: Sendable {
    private let quarantine: any Quarantine
    private let judge: ReplayJudge
    private let sink: any ReportSink

    /// - Parameters:
    ///   - quarantine: where the callbacks are.
    ///   - webhooks: those whose callbacks can be authenticated.
    ///   - sink: writes the reports, and in the same transaction what becomes of the quarantine.
    package init(
        _ quarantine: any Quarantine, webhooks: [any WebhookProvider], sink: any ReportSink
    ) {
        self.quarantine = quarantine
        judge = ReplayJudge(webhooks)
        self.sink = sink
    }

    /// What came of the replay of one callback.
    package enum Result: Sendable {
        case replayed(ReplayOutcome)
        /// Nothing has changed.
        case refused(Refusal)
        case unreadable(Malformation)
        case notReceived
        case failed(KeptCallbackFailure)
        /// It could not be written now; nothing has changed, or the outcome is unknown and a repetition
        /// is safe.
        case notStored(SinkFailure)
    }

    /// Replays the callback that a row is of.
    ///
    /// - Parameters:
    ///   - id: the row's.
    ///   - completion: called once, on the sink's thread or at once; must not block.
    /// - Throws: `StoreFailure` if the quarantine cannot be read; then `completion` is not called.
    package func replay(
        _ id: Int64, completion: @escaping @Sendable (Result) -> Void
    ) throws(StoreFailure) {
        let kept: KeptCallback
        switch try quarantine.callback(of: id) {
        case .failure(let failure): return completion(.failed(failure))
        case .success(let found): kept = found
        }
        switch judge.verdict(on: kept) {
        case .refused(let refusal): completion(.refused(refusal))
        case .unreadable(let malformation): completion(.unreadable(malformation))
        case .notReceived: completion(.notReceived)
        case .store(let submission, let outcome):
            sink.submit(submission) { result in
                switch result {
                case .success: completion(.replayed(outcome))
                case .failure(let failure): completion(.notStored(failure))
                }
            }
        }
    }
}
