package import Domain
private import Security

extension SendDraft {
    private static let textByteLimit = 4000
    private static let segmentLimit = 25
    private static let callbackDataLimit = 4000
    private static let horizonDays: Int64 = 180
    /// Clocks differ and requests take time: a time of up to a minute ago means now.
    private static let lateness: Duration = .seconds(60)
    /// How long delivery is tried by default.
    private static let defaultPatience: Duration = .seconds(86_400)

    /// The send request, if it is valid.
    ///
    /// - Parameters:
    ///   - id: the send request's.
    ///   - submitter: who asks for it.
    ///   - origin: by which request.
    ///   - now: when it came.
    ///   - routing: whom messages go to if no provider is named.
    ///   - webhooks: the hosts that it may name for a webhook.
    ///   - key: a message's id by its send request and recipient.
    /// - Returns: the send request, ready to be queued.
    /// - Throws: all problems in one, those of `problems` first.
    package consuming func sendRequest(
        _ id: SendRequestID, by submitter: Submitter, from origin: RequestOrigin = .none,
        at now: Timestamp, routing: Routing, webhooks: WebhookHosts = .none,
        key: (SendRequestID, PhoneNumber) -> MessageID
    ) throws(Problem) -> SendRequest {
        let pinned = checkedProvider(routing)
        let recipients = checkedRecipients(id, pinned, routing, key)
        // Of each provider that messages go to.
        let rules = routing.providers.filter { traits in
            recipients.contains { $0.provider == traits.provider }
        }.map(ProviderRules.init)
        let measured = checkedText(rules)
        let sender = checkedSender(rules)
        let validity = checkedValidity()
        let sendAt = checkedSendAt(now)
        let callbackData = checkedCallbackData()
        let webhook = checkedWebhook(webhooks)
        guard problems.count == 0, let measured else { throw Problem(problems) }
        return SendRequest(
            id: id, acceptedAt: now, submitter: submitter, origin: origin,
            recipients: recipients, sender: sender,
            text: measured.text, segmentation: measured.segmentation, isPinned: pinned != nil,
            validityMinutes: validity, sendAt: sendAt,
            giveUpAt: (sendAt ?? now).advanced(
                by: validity.map { .seconds($0 * 60) } ?? Self.defaultPatience),
            callbackData: callbackData, metadata: metadata, webhook: webhook)
    }

    private mutating func checkedWebhook(_ allowed: WebhookHosts) -> MessageWebhook? {
        guard let webhook else { return nil }
        let url: WebhookURL
        do throws(WebhookURL.Problem) {
            url = try WebhookURL(webhook, allowsHTTP: allowed.rules.allowsHTTP)
        } catch {
            problems.add(name(.webhook), "bad_url", error.explanation)
            return nil
        }
        guard allowed.allow(url) else {
            problems.add(
                name(.webhook), "host_not_allowed",
                "Messages may name the hosts of WAYBILL_WEBHOOK_HOSTS; \(url.authority) is none.")
            return nil
        }
        guard let bytes = try? RandomBytes.make(count: WebhookKey.byteCount) else {
            problems.add(name(.webhook), "bad_url", "There is no randomness for its secret now.")
            return nil
        }
        return MessageWebhook(url: url, secret: WebhookSecret(.shared, bytes))
    }

    private mutating func checkedProvider(_ routing: Routing) -> Provider? {
        guard let provider else { return nil }
        if let known = routing.providers.provider(named: provider) { return known }
        problems.add(
            name(.provider), "unknown_provider",
            "There is no provider of this name; known: \(routing.providers.names).")
        return nil
    }

    private mutating func checkedRecipients(
        _ sendRequest: SendRequestID, _ pinned: Provider?, _ routing: Routing,
        _ key: (SendRequestID, PhoneNumber) -> MessageID
    ) -> [SendRequest.Recipient] {
        if recipients.isEmpty, isMissing(.recipients) {
            problems.add(recipientsName, "missing", "Name one recipient or several.")
        }
        if recipients.count > Self.recipientLimit {
            problems.add(
                recipientsName, "too_many",
                "There are \(recipients.count) recipients; a send request takes \(Self.recipientLimit)."
            )
            return []
        }
        var places: [PhoneNumber: Int] = [:]
        var checked: [SendRequest.Recipient] = []
        checked.reserveCapacity(recipients.count)
        for (index, text) in recipients {
            do throws(PhoneNumber.Problem) {
                let number = try PhoneNumber(text)
                if let first = places[number] {
                    problems.add(
                        place(index), "duplicate_recipient",
                        "It is the same number as \(place(first)); a send request sends once to each."
                    )
                    continue
                }
                places[number] = index
                let provider = pinned ?? routing.provider(for: number)
                if let problem = routing.traits(of: provider).flatMap({
                    ProviderRules($0).problem(with: number)
                }) {
                    problems.add(place(index), problem.code, problem.detail)
                }
                checked.append(
                    SendRequest.Recipient(
                        message: key(sendRequest, number), number: number, provider: provider))
            } catch {
                problems.add(place(index), error.code, error.explanation)
            }
        }
        return checked
    }

    private mutating func checkedText(
        _ rules: [ProviderRules]
    ) -> (text: String, segmentation: Segmentation)? {
        guard let text else {
            if isMissing(.text) { problems.add(textName, "missing", "There is no text to send.") }
            return nil
        }
        let bytes = text.utf8.count
        guard bytes > 0 else {
            problems.add(textName, "empty", "The text is empty.")
            return nil
        }
        guard bytes <= Self.textByteLimit else {
            problems.add(
                textName, "too_long",
                "It takes \(bytes) bytes of UTF-8; at most \(Self.textByteLimit) are sent.")
            return nil
        }
        guard !text.utf8.contains(0) else {
            problems.add(textName, "contains_nul", "It holds a NUL character.")
            return nil
        }
        let segmentation = Segmentation(text)
        if segmentation.segments > Self.segmentLimit {
            problems.add(
                textName, "too_many_segments",
                "It takes \(segmentation.segments) SMS in \(segmentation.encoding.rawValue);"
                    + " at most \(Self.segmentLimit) are sent.")
        }
        for problem in rules.compactMap({ $0.problem(with: segmentation) }) {
            problems.add(textName, problem.code, problem.detail)
        }
        return (text, segmentation)
    }

    private mutating func checkedValidity() -> Int? {
        guard let validityMinutes else { return nil }
        let limits = Self.validityLimits
        guard let minutes = Int(exactly: validityMinutes), limits.contains(minutes) else {
            problems.add(
                name(.validityMinutes), "out_of_range",
                "It takes a whole number of minutes from \(limits.lowerBound) to"
                    + " \(limits.upperBound).")
            return nil
        }
        return minutes
    }

    private mutating func checkedSendAt(_ now: Timestamp) -> Timestamp? {
        guard let sendAt else { return nil }
        let isPast = (
            code: "in_the_past",
            detail: "It lies more than a minute in the past; leave it out to send at once."
        )
        let problem: (code: String, detail: String)
        do throws(Timestamp.RFC3339Problem) {
            let time = try Timestamp(rfc3339: sendAt)
            if now.since(time) > Self.lateness {
                problem = isPast
            } else if time.since(now) > .seconds(Self.horizonDays * 86_400) {
                problem = ("too_far_ahead", "It lies more than \(Self.horizonDays) days ahead.")
            } else {
                return time > now ? time : nil
            }
        } catch .otherForm {
            problem = (
                "bad_time", "It must be a time with its zone, as in 2027-01-31T08:00:00+01:00."
            )
        } catch .noSuchTime {
            problem = ("bad_time", "There is no such day, or no such time of the day.")
        } catch {
            problem = isPast
        }
        problems.add(name(.sendAt), problem.code, problem.detail)
        return nil
    }

    private mutating func checkedCallbackData() -> String? {
        guard let callbackData else { return nil }
        let name = name(.callbackData)
        if callbackData.utf8.contains(0) {
            problems.add(name, "contains_nul", "It holds a NUL character.")
        }
        if callbackData.unicodeScalars.count > Self.callbackDataLimit {
            problems.add(
                name, "too_long", "It has more than \(Self.callbackDataLimit) characters.")
        }
        return callbackData
    }
}
