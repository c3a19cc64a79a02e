import Domain
import JSON

extension InfobipParser {
    /// The report of a result; nil if it makes none, with the problem in the result.
    mutating func report(of result: inout InfobipResult) throws(JSONFault) -> Report? {
        guard let id = messageID(of: &result), let providerStatus = try outcome(of: &result) else {
            return nil
        }
        if !providerStatus.oddities.isEmpty {
            for oddity in providerStatus.oddities { result.note(oddity) }
        }
        let sentAt = time(result.sentAt, .sentAt, &result)
        let doneAt = time(result.doneAt, .doneAt, &result)
        let segments = segments(&result)
        let price = price(&result)
        let attributes = attributes(&result, providerStatus)
        return Report(
            message: id.key, provider: .infobip, providerMessageID: id.text,
            status: finalStatus(of: id.key, providerStatus), outcome: providerStatus.outcome,
            recipient: phoneNumber(result.to),
            sender: phoneNumber(result.sender ?? result.from), sentAt: sentAt, doneAt: doneAt,
            segments: segments, price: price, bulkID: bulkID(result.bulkID),
            callbackData: result.callbackData.map { reader.bytes.text($0).text },
            network: result.network.map { reader.bytes.text($0.range) },
            attributes: attributes)
    }

    /// The meaning of the provider status for the message; "duplicate id" means nothing for an id
    /// that is ours.
    @inline(__always)
    private func finalStatus(of key: MessageID, _ providerStatus: InfobipOutcome) -> Status {
        key.version == 7 && providerStatus.outcome.isInfobipDuplicate
            ? .unknown : providerStatus.finalStatus
    }

    private func messageID(of result: inout InfobipResult) -> (key: MessageID, text: String)? {
        guard let string = result.messageID else {
            result.refuse(.missingField, "messageId")
            return nil
        }
        let (text, isRepaired) = reader.bytes.text(string)
        guard !text.isEmpty, !isRepaired else {
            result.refuse(.badMessageID, "messageId")
            return nil
        }
        // A text has at most as many characters as bytes.
        guard
            text.utf8.count <= Self.messageIDLimit
                || text.unicodeScalars.count <= Self.messageIDLimit
        else {
            result.refuse(.tooLong, "messageId")
            return nil
        }
        let key =
            string.isEscaped
            ? MessageKey.derive(provider: .infobip, providerMessageID: text)
            : MessageKey.derive(.infobip, reader.bytes.slice(string.range))
        return (key, key.isOurs ? Provider.infobip.canonical(text) : text)
    }

    /// Runs a reader of bytes over a string's contents, decoded where it has escapes.
    @inline(__always)
    private func read<Value>(
        _ string: JSONString, _ body: (ByteView, Range<Int>) -> Value?
    ) -> Value? {
        guard string.isEscaped else {
            return body(reader.bytes, reader.bytes.trimmed(string.range))
        }
        return reader.bytes.unescaped(string).bytes.withUnsafeBytes { bytes in
            let view = ByteView(bytes)
            return body(view, view.trimmed(0..<bytes.count))
        }
    }

    @inline(__always)
    private func time(
        _ string: JSONString?, _ field: InfobipField, _ result: inout InfobipResult
    ) -> Timestamp? {
        guard let string else { return nil }
        let time = read(string, ProviderTime.withT)
        if time == nil { result.note(Oddity(.badTime, field.name)) }
        return time
    }

    @inline(__always)
    private func phoneNumber(_ string: JSONString?) -> String? {
        guard let string else { return nil }
        return read(string, PhoneNumberText.normalized)
    }

    @inline(__always)
    private func segments(_ result: inout InfobipResult) -> Int32? {
        // If one version's field cannot be read, the other's may be.
        count(result.messageCount, .messageCount, &result)
            ?? count(result.smsCount, .smsCount, &result)
    }

    @inline(__always)
    private func count(
        _ string: JSONString?, _ field: InfobipField, _ result: inout InfobipResult
    ) -> Int32? {
        guard let string else { return nil }
        guard let count = read(string, { $0.integer($1) }), (0...Self.segmentLimit).contains(count)
        else {
            result.note(Oddity(.badNumber, field.name))
            return nil
        }
        return Int32(count)
    }

    @inline(__always)
    private func price(_ result: inout InfobipResult) -> Report.Price? {
        guard let number = result.amount else { return nil }
        guard let amount = read(number, DecimalText.plain) else {
            result.note(Oddity(.badPrice, "price.pricePerMessage"))
            return nil
        }
        return Report.Price(amount: amount, currency: result.currency)
    }

    /// All members without a column, as one JSON object; nil, at no cost, for nearly every report.
    @inline(__always)
    private func attributes(_ result: inout InfobipResult, _ providerStatus: InfobipOutcome)
        -> String?
    {
        if result.kept.isEmpty, providerStatus.statusExtras.isEmpty,
            providerStatus.errorExtras.isEmpty
        {
            return nil
        }
        return collect(&result, providerStatus)
    }

    private func collect(_ result: inout InfobipResult, _ providerStatus: InfobipOutcome) -> String?
    {
        var json = JSONWriter(.withoutNUL)
        json.beginObject()
        for member in result.kept {
            json.key(copying: member.name, of: reader.bytes)
            json.value(copying: member.value, of: reader.bytes)
        }
        for (name, extras) in [
            ("status", providerStatus.statusExtras), ("error", providerStatus.errorExtras),
        ]
        where !extras.isEmpty {
            json.object(name) { $0.raw(extras) }
        }
        json.endObject()
        guard json.bytes.count <= Self.attributesLimit else {
            result.note(Oddity(.tooLong, ""))
            return nil
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
