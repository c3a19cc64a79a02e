import Domain
import Security
import System
import Telemetry

/// One attempt: the name, the check of its addresses, the signature, the request, the verdict.
extension Deliverer {
    private struct Attempt: Sendable {
        let delivery: WebhookDelivery
        let target: WebhookTarget
        let keys: [WebhookKey]
        let headers: [(name: String, value: String)]
        let url: WebhookURL
        let at: Timestamp
        let began: ContinuousClock.Instant
    }

    func attempt(_ delivery: WebhookDelivery, _ lane: WebhookLane) {
        let began = ContinuousClock.now
        let at = Timestamp.now
        let url: WebhookURL
        do throws(WebhookURL.Problem) {
            url = try WebhookURL(
                delivery.url ?? lane.target.url, allowsHTTP: settings.rules.allowsHTTP)
        } catch {
            return end(
                delivery, lane.target, at, began,
                Verdict(problem: "its URL is not allowed: \(error.explanation)"))
        }
        let attempt = Attempt(
            delivery: delivery, target: lane.target, keys: lane.keys, headers: lane.headers,
            url: url, at: at, began: began)
        resolver.resolve(url.host) { [self] result in
            switch result {
            case .failure(let failure):
                end(
                    delivery, attempt.target, at, began,
                    Verdict(problem: "its name is not found: \(failure.text)"))
            case .success(let addresses):
                if let objection = settings.rules.objection(toAnyOf: addresses) {
                    return end(
                        delivery, attempt.target, at, began,
                        Verdict(problem: "its address is not allowed: \(objection)"))
                }
                send(attempt, to: addresses[...])
            }
        }
    }

    /// Sends to the first address, and to the next one if that cannot be connected.
    private func send(_ attempt: Attempt, to addresses: ArraySlice<String>) {
        let delivery = attempt.delivery
        guard let address = addresses.first else { return }
        guard !attempt.keys.isEmpty else {
            return end(
                delivery, attempt.target, attempt.at, attempt.began,
                Verdict(problem: "it has no secret to sign with; rotate it"))
        }
        let left = settings.timeout - (.now - attempt.began)
        let body = DeliveryBody.bytes(of: delivery, hasNumbers: attempt.target.hasNumbers)
        let timestamp = Timestamp.now.microseconds / 1_000_000
        let id = delivery.event.description
        let request = EgressRequest(
            url: attempt.url, address: address, event: delivery.event, timestamp: timestamp,
            signatures: attempt.keys.map {
                $0.signature(id: id, timestamp: timestamp, body: body)
            },
            headers: attempt.headers, userAgent: settings.userAgent, body: body)
        transport.send(request, within: max(left, .seconds(1))) { [self] outcome in
            var rest = addresses.dropFirst()
            if case .answer(let answer) = outcome, !answer.wasConnected, !rest.isEmpty {
                // As many as there is time for; nothing has been sent.
                if .now - attempt.began > settings.timeout { rest = [] }
                if !rest.isEmpty { return send(attempt, to: rest) }
            }
            end(attempt, outcome)
        }
    }

    private func end(_ attempt: Attempt, _ outcome: EgressOutcome) {
        let (delivery, target) = (attempt.delivery, attempt.target)
        switch outcome {
        case .answer(let answer) where answer.isReceivers:
            end(
                delivery, target, attempt.at, attempt.began, Verdict(status: answer.status),
                answer: answer)
        case .answer(let answer) where answer.wasConnected:
            end(
                delivery, target, attempt.at, attempt.began,
                Verdict(
                    problem: answer.status == 504
                        ? "it did not answer in time"
                        : "it closed the connection without an answer"))
        case .answer(let answer) where answer.status == 502:
            end(
                delivery, target, attempt.at, attempt.began,
                Verdict(
                    problem: attempt.url.isHTTPS
                        ? "no connection: refused, or its certificate is not valid for its name"
                        : "no connection: refused"))
        case .answer(let answer) where answer.status == 504:
            end(
                delivery, target, attempt.at, attempt.began,
                Verdict(problem: "no connection: it did not come in time"))
        case .answer(let answer):
            end(
                delivery, target, attempt.at, attempt.began,
                Verdict(problem: "the egress proxy refused the request (\(answer.status))"))
        case .timedOut:
            end(
                delivery, target, attempt.at, attempt.began,
                Verdict(problem: "it did not answer in time"))
        case .proxyFailed(let text):
            logger.log(
                .error, "webhooks cannot be sent", limitKey: "egress", ["problem": "\(text)"])
            end(delivery, target, attempt.at, attempt.began, Verdict(problem: text))
        }
    }

    private func end(
        _ delivery: WebhookDelivery, _ target: WebhookTarget, _ at: Timestamp,
        _ began: ContinuousClock.Instant, _ verdict: Verdict, answer: EgressAnswer? = nil
    ) {
        let now = ContinuousClock.now
        let time = Timestamp.now
        let number = delivery.attempts + 1
        var generator = SystemRandomNumberGenerator()
        let next: WebhookResult.Next
        if verdict.isDelivered {
            next = .delivered
        } else if let pause = settings.schedule.pause(
            afterAttempt: number, wish: answer?.retryAfter, using: &generator)
        {
            next = .retry(at: time.advanced(by: pause))
        } else {
            next = .givenUp
        }
        let failingSince = state.withLock { state -> Timestamp? in
            state.inFlight -= 1
            state.lanes[target.id]?.ended(
                verdict, wish: answer?.retryAfter, at: now, time: time)
            return state.lanes[target.id]?.health.failingSince
        }
        recorder.add(
            DeliveryRecorder.Entry(
                webhook: target.id,
                result: WebhookResult(
                    number: delivery.number, attempt: number, at: at, took: now - began,
                    status: answer?.status, problem: verdict.problem, answer: answer?.body,
                    next: next),
                isGone: verdict.isGone, failingSince: failingSince, at: time))
        if inFlight == 0 { state.wakeAll() }
        // At once: a round comes only every few milliseconds.
        begin(target.id)
        thread.wake()
    }
}
