import Domain
import Telemetry

/// Totals since the start or the last DELETE.
struct SimulatorCounts: Sendable {
    var requests = 0
    var messagesReceived = 0
    var messagesAccepted = 0
    var duplicatesRefused = 0
    var duplicateAcceptances = 0
    var rejectedInAnswer = 0
    var requestsRefused = 0
    var requestsThrottled = 0
    var largestRequest = 0
    var callbacksSent = 0
    var callbacksAcknowledged = 0
    var callbacksFailed = 0
    var callbacksGivenUp = 0
    var reportsSent = 0
    var reportsLost = 0
    var largestCallback = 0
}

/// All state under one lock: book, queue, settings and counts.
struct SimulatorState: Sendable {
    var settings: SimulatorSettings
    var book = MessageBook()
    var queue = CallbackQueue()
    var inbound = InboundBook()
    var counts = SimulatorCounts()
    var requestRate = WindowedCount()
    private var windows: [PlayedProvider: RequestWindow] = [:]
    /// Answers that wait until a message's callbacks are acknowledged, by serial.
    var gates: [Int: AnswerGate] = [:]
    private var random = SystemRandomNumberGenerator()

    init(_ settings: SimulatorSettings) {
        self.settings = settings
    }

    // MARK: Limits

    /// Counts a request to a provider with a rate limit.
    ///
    /// - Parameters:
    ///   - provider: the provider.
    ///   - limit: the most requests of a span; 0 for any number.
    ///   - span: how long they are counted together.
    ///   - now: when it came.
    /// - Returns: the seconds until it may be repeated if the limit was exceeded.
    mutating func throttle(
        _ provider: PlayedProvider, over limit: Int, in span: Duration, at now: Timestamp
    ) -> Int? {
        let rest = windows[provider, default: RequestWindow(of: span)].excess(over: limit, at: now)
        if rest != nil { counts.requestsThrottled += 1 }
        return rest
    }

    // MARK: Accepting messages

    /// Accepts a message and plans its reports.
    ///
    /// - Returns: its serial.
    mutating func accept(_ record: MessageRecord, gate: AnswerGate? = nil) -> Int {
        var record = record
        counts.messagesAccepted += 1
        if record.api.namesMessages, let earlier = book.serial(ofFingerprint: record.fingerprint) {
            counts.duplicateAcceptances += 1
            record.timesReceived += book[earlier].timesReceived
            record.timesAccepted += book[earlier].timesAccepted
        }
        let serial = book.insert(record)
        plan(serial, record, gate: gate)
        return serial
    }

    private mutating func plan(_ serial: Int, _ record: MessageRecord, gate: AnswerGate?) {
        let now = record.startsAt
        let isEarly = gate != nil
        if let gate, record.url != nil {
            gates[serial] = gate
            gate.expect()
        }
        let step: Duration = isEarly ? .zero : .milliseconds(settings.report_delay_ms)
        var start = now.advanced(
            by: record.behavior == .late ? .milliseconds(settings.late_ms) : .zero)
        if settings.burst || record.behavior == .burst, !isEarly {
            // The next full period of the clock, so that all callbacks of the burst come together.
            let period = Int64(settings.burst_ms) * 1000
            let due = (now.microseconds / period + 1) * period
            start = Timestamp(microseconds: due).advanced(by: .zero - step * 2)
        }
        let isReordered = settings.reorder || record.behavior == .reordered
        for stage in stages(of: record) {
            var delay = step * Int(stage.rawValue)
            // The final stage at its time, the others after it.
            if isReordered, stage != .done { delay = step * (4 - Int(stage.rawValue)) }
            for part in 1...record.reportedParts {
                let item = CallbackItem(serial: serial, stage: stage, part: part)
                queue.schedule(item, due: start.advanced(by: delay))
            }
        }
        // Only with a validity of its own: the usual two days are longer than any test runs.
        if record.finalStatus == .stuck, let validity = record.validity {
            queue.schedule(
                CallbackItem(serial: serial, stage: .done, part: 1),
                due: start.advanced(by: validity * settings.validity_scale))
        }
    }

    private func stages(of record: MessageRecord) -> [Stage] {
        switch record.finalStatus {
        case .stuck: [.accepted, .sent]
        case let finalStatus where finalStatus.failsAtOnce: [.accepted, .done]
        default: [.accepted, .sent, .done]
        }
    }

    // MARK: Callbacks

    /// The requests to make now, and when to check again.
    mutating func pump(at now: Timestamp) -> (deliveries: [Delivery], nextLook: Timestamp?) {
        while let item = queue.nextReport(until: now) {
            guard book.has(item.serial) else { continue }
            advance(item, at: now)
            let record = book[item.serial]
            guard let url = record.url, record.isReported(item.stage) else { continue }
            guard !record.behavior.isSilent,
                settings.loss == 0 || .random(in: 0..<1, using: &random) >= settings.loss
            else {
                counts.reportsLost += 1
                continue
            }
            queue.gather(item, of: record, url: url)
            if record.behavior == .duplicated
                || settings.duplicate > 0
                    && .random(in: 0..<1, using: &random) < settings.duplicate
            {
                queue.gather(item, of: record, url: url)
            }
        }
        let places = settings.callback_concurrency
        let deliveries = queue.take(at: now, batch: settings.callback_batch, places: places)
        for delivery in deliveries { countSent(delivery) }
        return (deliveries, queue.nextLook(after: now, places: places))
    }

    private mutating func advance(_ item: CallbackItem, at now: Timestamp) {
        var record = book[item.serial]
        guard item.stage > record.stage else { return }
        record.stage = item.stage
        if record.sentAt == nil { record.sentAt = now }
        if item.stage == .done {
            record.doneAt = now
            record.isExpired = record.finalStatus == .stuck
        }
        book[item.serial] = record
    }

    private mutating func countSent(_ delivery: Delivery) {
        counts.callbacksSent += 1
        counts.reportsSent += delivery.items.count
        counts.largestCallback = max(counts.largestCallback, delivery.items.count)
        for item in delivery.items where book.has(item.serial) {
            book[item.serial].callbacksSent += 1
        }
    }

    /// A callback has been answered, or not.
    ///
    /// - Parameters:
    ///   - delivery: the callback.
    ///   - isAcknowledged: whether it was accepted.
    ///   - retryDelay: when the provider repeats it if it was not; nil if it gives up.
    ///   - now: when it was answered.
    /// - Returns: answers that need no longer wait.
    mutating func finish(
        _ delivery: Delivery, isAcknowledged: Bool, retryDelay: Duration?, at now: Timestamp
    ) -> [AnswerGate] {
        guard isAcknowledged else {
            counts.callbacksFailed += 1
            if let retryDelay {
                queue.retry(delivery, due: now.advanced(by: retryDelay * settings.retry_scale))
            } else {
                counts.callbacksGivenUp += 1
                queue.finish()
            }
            return []
        }
        queue.finish()
        counts.callbacksAcknowledged += 1
        var open: [AnswerGate] = []
        for item in delivery.items where book.has(item.serial) {
            book[item.serial].callbacksAcknowledged += 1
            if item.stage == .done, let gate = gates.removeValue(forKey: item.serial) {
                open.append(gate)
            }
        }
        return open
    }

    /// Removes all messages and counts; the settings stay.
    mutating func removeAll() {
        book.removeAll()
        queue.removeAll()
        inbound = InboundBook()
        counts = SimulatorCounts()
        gates = [:]
    }
}
