package import Domain

extension SendDraft {
    private static let textByteLimit = 4000
    private static let segmentLimit = 25
    private static let callbackDataLimit = 4000
    private static let validityLimit: Int64 = 2880
    private static let horizonDays: Int64 = 180
    /// How long messages are tried if nobody says.
    private static let defaultPatience: Duration = .seconds(86_400)

    /// The call, if nothing is wrong with it.
    ///
    /// - Parameters:
    ///   - id: the call's.
    ///   - now: when it came.
    ///   - routing: whom messages go to if no provider is named.
    ///   - key: a message's id by its call and recipient.
    /// - Returns: the call, ready to be queued.
    /// - Throws: all problems, those of `problems` first.
    package consuming func call(
        _ id: CallID, at now: Timestamp, routing: Routing,
        key: (CallID, PhoneNumber) -> MessageID
    ) throws(FieldProblems) -> SendCall {
        let pinned = checkedProvider()
        let recipients = checkedRecipients(id, pinned, routing, key)
        let text = checkedText(goesToPlivo: recipients.contains { $0.provider == .plivo })
        let sender = checkedSender()
        let validity = checkedValidity()
        let sendAt = checkedSendAt(now)
        let callbackData = checkedCallbackData()
        guard problems.count == 0, let text else { throw problems }
        return SendCall(
            id: id, acceptedAt: now, recipients: recipients, sender: sender, text: text,
            isPinned: pinned != nil, validityMinutes: validity, sendAt: sendAt,
            giveUpAt: (sendAt ?? now).advanced(
                by: validity.map { .seconds($0 * 60) } ?? Self.defaultPatience),
            callbackData: callbackData, metadata: metadata)
    }

    private mutating func checkedProvider() -> Provider? {
        guard let provider else { return nil }
        if let known = Provider(rawValue: provider) { return known }
        let known = Provider.allCases.map(\.rawValue).joined(separator: ", ")
        problems.add(
            Member.provider.rawValue, "unknown_provider",
            "There is no provider of this name; known: \(known).")
        return nil
    }

    private mutating func checkedRecipients(
        _ call: CallID, _ pinned: Provider?, _ routing: Routing,
        _ key: (CallID, PhoneNumber) -> MessageID
    ) -> [SendCall.Recipient] {
        if recipients.isEmpty, isMissing(.recipients) {
            problems.add(recipientsName, "missing", "Name one recipient or several.")
        }
        if recipients.count > Self.recipientLimit {
            problems.add(
                recipientsName, "too_many",
                "There are \(recipients.count) recipients; a call takes \(Self.recipientLimit).")
            return []
        }
        var places: [PhoneNumber: Int] = [:]
        var checked: [SendCall.Recipient] = []
        checked.reserveCapacity(recipients.count)
        for (index, text) in recipients {
            do throws(PhoneNumber.Problem) {
                let number = try PhoneNumber(text)
                if let first = places[number] {
                    problems.add(
                        place(index), "duplicate_recipient",
                        "It is the same number as \(place(first)); a call sends once to each.")
                    continue
                }
                places[number] = index
                checked.append(
                    SendCall.Recipient(
                        message: key(call, number), number: number,
                        provider: pinned ?? routing.provider(for: number)))
            } catch {
                problems.add(place(index), error.rawValue, error.explanation)
            }
        }
        return checked
    }

    private func place(_ index: Int) -> String {
        isList ? "\(recipientsName)[\(index)]" : recipientsName
    }

    private mutating func checkedText(goesToPlivo: Bool) -> String? {
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
        if segmentation.parts > Self.segmentLimit {
            problems.add(
                textName, "too_many_segments",
                "It takes \(segmentation.parts) SMS in \(segmentation.encoding.rawValue);"
                    + " at most \(Self.segmentLimit) are sent.")
        }
        // Source: Plivo, "Encoding and concatenation".
        let limit = segmentation.encoding == .gsm7 ? 1600 : 737
        if goesToPlivo, segmentation.units > limit {
            problems.add(
                textName, "too_long_for_plivo",
                "It has \(segmentation.units) characters in \(segmentation.encoding.rawValue);"
                    + " Plivo takes \(limit).")
        }
        return text
    }

    private mutating func checkedSender() -> String? {
        guard let sender else { return nil }
        let bytes = Array(sender.utf8)
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let isLetter = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        if bytes.contains(where: isLetter) {
            let blank = UInt8(ascii: " ")
            if bytes.count <= 11, bytes.first != blank, bytes.last != blank,
                bytes.allSatisfy({ isDigit($0) || isLetter($0) || $0 == blank })
            {
                return sender
            }
        } else if (3...8).contains(bytes.count), bytes.allSatisfy(isDigit) {
            return sender
        } else if let number = try? PhoneNumber(sender) {
            return number.description
        }
        problems.add(
            Member.sender.rawValue, "bad_sender",
            "It must be a phone number with its country code, a short code of 3 to 8 digits, or 1"
                + " to 11 letters (a to z), digits and blanks with at least one letter.")
        return nil
    }

    private mutating func checkedValidity() -> Int? {
        guard let validityMinutes else { return nil }
        guard (1...Self.validityLimit).contains(validityMinutes) else {
            problems.add(
                Member.validityMinutes.rawValue, "out_of_range",
                "It takes a whole number of minutes from 1 to \(Self.validityLimit).")
            return nil
        }
        return Int(validityMinutes)
    }

    private mutating func checkedSendAt(_ now: Timestamp) -> Timestamp? {
        guard let sendAt else { return nil }
        guard let time = Timestamp(rfc3339: sendAt) else {
            problems.add(
                Member.sendAt.rawValue, "bad_time",
                "It must be a time with its zone, as in 2027-01-31T08:00:00+01:00.")
            return nil
        }
        guard time.since(now) <= .seconds(Self.horizonDays * 86_400) else {
            problems.add(
                Member.sendAt.rawValue, "too_far_ahead",
                "It lies more than \(Self.horizonDays) days ahead.")
            return nil
        }
        return time > now ? time : nil
    }

    private mutating func checkedCallbackData() -> String? {
        guard let callbackData else { return nil }
        let name = Member.callbackData.rawValue
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
