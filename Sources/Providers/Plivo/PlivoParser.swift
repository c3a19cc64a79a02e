import Domain
import JSON

/// Makes one report of one status callback of Plivo.
struct PlivoParser {
    /// The most characters of a message's UUID that are kept; Plivo's have 36.
    private static let messageIDLimit = 200
    private static let segmentLimit: Int64 = 10_000

    private let form: FormReader
    private var values: [PlivoField: Range<Int>] = [:]
    /// Fields that came twice, and so have no certain value.
    private var repeated: Set<PlivoField> = []
    /// The parameters that no column holds, in the order in which they first came.
    private var others: [(name: String, values: [Range<Int>])] = []
    /// Why there is no report: the first problem with its message's name or its status.
    private(set) var problem: (reason: RejectReason, field: PlivoField)?
    /// Other fields that cannot be used, and are left out of the report.
    private(set) var oddities: [Oddity] = []

    init(_ form: FormReader) {
        self.form = form
        var places: [ExactName: Int] = [:]
        for (index, pair) in form.pairs.enumerated()
        where !pair.name.isEmpty || !pair.value.isEmpty {
            // A byte order mark before the form does not belong to the first name.
            let text = form.text(pair.name)
            let isMarked = index == 0 && text.unicodeScalars.first == "\u{FEFF}"
            let name = isMarked ? String(text.unicodeScalars.dropFirst()) : text
            if let field = PlivoField(rawValue: name), !repeated.contains(field) {
                guard let first = values.updateValue(pair.value, forKey: field) else { continue }
                values[field] = nil
                repeated.insert(field)
                places[ExactName(name)] = others.count
                others.append((name, [first, pair.value]))
            } else if let place = places[ExactName(name)] {
                others[place].values.append(pair.value)
            } else {
                places[ExactName(name)] = others.count
                others.append((name, [pair.value]))
            }
        }
        for field in PlivoField.allCases where repeated.contains(field) {
            switch field {
            case .messageUUID, .status: note(.duplicateKey, field)
            default: leaveOut(.duplicateKey, field)
            }
        }
    }

    /// The kind of a form that is not a status callback, which always has a `Status`.
    var otherEvent: RejectReason? {
        if values[.status] != nil || repeated.contains(.status) { return nil }
        let isInbound = others.contains { other in
            ["Text", "Body", "MessageIntent"].contains(other.name) || other.name.hasPrefix("Media")
        }
        // One without a text has nothing of its own; a damaged status callback has its times.
        let isBare =
            values[.from] != nil && values[.to] != nil && values[.messageUUID] != nil
            && [PlivoField.queuedTime, .sentTime, .deliveryReportTime, .errorCode].allSatisfy {
                values[$0] == nil
            } && !others.contains { ["Sequence", "PartInfo"].contains($0.name) }
        return isInbound || isBare ? .inboundMessage : .notAReport
    }

    /// The required parameter that is missing or empty.
    var missing: PlivoField? {
        if given(.status) == nil, !repeated.contains(.status) { return .status }
        if given(.messageUUID) == nil, !repeated.contains(.messageUUID), parentID() == nil {
            return .messageUUID
        }
        return nil
    }

    /// Makes the report.
    ///
    /// - Parameters:
    ///   - message: our own id of the message, where the URL that was called holds one.
    ///   - sendRequest: the id of the send request that sent the message, if the URL holds that:
    ///     send request and `To` give the assumed id of the message.
    /// - Returns: the report; nil once `problem` says why there is none.
    mutating func report(message: MessageID?, sendRequest: SendRequestID? = nil) -> Report? {
        let wholeID = parentID()
        let ownID = messageID(isOnlyName: wholeID == nil)
        let word = required(.status)
        let ours = message ?? sendRequest.map { self.message(of: $0) }
        guard problem == nil, let id = wholeID ?? ownID, let word else { return nil }
        let status = Status(plivo: word)
        let sentAt = time(.sentTime)
        let doneField = status.plivoTimes.first { time($0) != nil }
        let doneAt = doneField.flatMap { time($0) }
        let segments = segments()
        let price = price()
        let network = network()
        // Times that have a column are reported; the others are attributes.
        for field in [PlivoField.messageTime, .queuedTime, .deliveryReportTime]
        where field != doneField {
            keep(field)
        }
        if id != ownID { keep(.messageUUID) }
        let key = MessageKey.derive(provider: .plivo, canonicalName: id)
        return Report(
            message: ours ?? key, sendRequest: message == nil ? sendRequest : nil,
            isKeyDerived: ours == nil || ours == key,
            provider: .plivo, providerMessageID: id, status: status,
            outcome: outcome(status: word), recipient: phoneNumber(.to),
            sender: phoneNumber(.from), sentAt: sentAt, doneAt: doneAt, segments: segments,
            price: price, network: network, part: part(), attributes: attributes())
    }

    private mutating func note(_ reason: RejectReason, _ field: PlivoField) {
        if problem == nil { problem = (reason, field) }
    }

    private mutating func leaveOut(_ reason: RejectReason, _ field: PlivoField) {
        let oddity = Oddity(reason, field.rawValue)
        if !oddities.contains(oddity) { oddities.append(oddity) }
    }

    /// A parameter's value without blanks around it; nil if it did not come once, or is empty.
    private func given(_ field: PlivoField) -> Range<Int>? {
        values[field].flatMap { trimmed($0) }
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int>? {
        let range = form.decoded.withUnsafeBytes { ByteView($0).trimmed(range) }
        return range.isEmpty ? nil : range
    }

    /// A value without characters that PostgreSQL cannot hold.
    private func text(_ range: Range<Int>) -> String {
        let text = form.text(range)
        guard text.utf8.contains(0) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    private mutating func required(_ field: PlivoField) -> String? {
        guard let range = given(field) else {
            note(repeated.contains(field) ? .duplicateKey : .missingField, field)
            return nil
        }
        return text(range)
    }

    /// The name of the message, or of the part; a problem with it costs the report only if nothing
    /// else names the message.
    private mutating func messageID(isOnlyName: Bool) -> String? {
        let range = given(.messageUUID)
        if let range, let id = name(range) { return id }
        let reason: RejectReason =
            if let range, form.decoded[range].contains(0) {
                .badMessageID
            } else if let range, !Word.isNothing(form.text(range)) {
                .tooLong
            } else {
                .missingField
            }
        if isOnlyName {
            note(reason, .messageUUID)
        } else if range != nil {
            leaveOut(reason, .messageUUID)
        }
        return nil
    }

    /// What can be a message's name, in the canonical spelling.
    private func name(_ range: Range<Int>) -> String? {
        guard !form.decoded[range].contains(0), case let text = form.text(range),
            text.unicodeScalars.count <= Self.messageIDLimit, !Word.isNothing(text)
        else { return nil }
        return Provider.plivo.canonical(text)
    }

    /// The key of the message that a send request sent to `To`, unless that is another spelling.
    private func message(of sendRequest: SendRequestID) -> MessageID {
        MessageKey.supposed(sendRequest: sendRequest, recipient: given(.to).map { text($0) } ?? "")
    }

    /// The whole message's UUID, if the form is about one part of it; nil without a valid one. It
    /// is an attribute in any case.
    private func parentID() -> String? {
        other("ParentMessageUUID").flatMap { trimmed($0) }.flatMap { name($0) }
    }

    /// The part in `PartInfo` if it is `n of m` with several parts. It is an attribute in any case.
    private func part() -> PartNumber? {
        guard let range = other("PartInfo") else { return nil }
        let words = form.text(range).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[1] == "of", let number = Int(words[0]),
            let total = Int(words[2]), total > 1
        else { return nil }
        return PartNumber(number: number, total: total)
    }

    /// The value of a parameter without a column; nil if it did not come, came twice, or is empty.
    private func other(_ name: String) -> Range<Int>? {
        guard let values = others.first(where: { $0.name == name })?.values, values.count == 1,
            let range = values.first, !range.isEmpty
        else { return nil }
        return range
    }

    private func read<Value>(
        _ range: Range<Int>, _ body: (ByteView, Range<Int>) -> Value?
    ) -> Value? {
        form.decoded.withUnsafeBytes { body(ByteView($0), range) }
    }

    private mutating func time(_ field: PlivoField) -> Timestamp? {
        guard let range = given(field) else { return nil }
        let time = read(range, ProviderTime.withSpace)
        if time == nil { leaveOut(.badTime, field) }
        return time
    }

    private func phoneNumber(_ field: PlivoField) -> String? {
        guard let range = given(field) else { return nil }
        guard !form.decoded[range].contains(0) else { return text(range) }
        return read(range, PhoneNumberText.normalized)
    }

    private mutating func segments() -> Int32? {
        guard let range = given(.units) else { return nil }
        guard let units = read(range, { $0.integer($1) }), (0...Self.segmentLimit).contains(units)
        else {
            leaveOut(.badNumber, .units)
            return nil
        }
        return Int32(units)
    }

    private mutating func price() -> Report.Price? {
        guard let range = given(.totalAmount) else { return nil }
        guard let amount = read(range, DecimalText.plain) else {
            leaveOut(.badPrice, .totalAmount)
            return nil
        }
        // Plivo bills in US dollars and does not say so in the callback.
        return Report.Price(amount: amount, currency: "USD")
    }

    /// Country and network together; one alone, or one that is not a number, is only an attribute.
    private mutating func network() -> String? {
        if let country = given(.mobileCountryCode), let network = given(.mobileNetworkCode),
            country.count <= 3, network.count <= 3,
            read(country, { $0.isDigits($1) }) == true, read(network, { $0.isDigits($1) }) == true
        {
            return form.text(country) + form.text(network)
        }
        keep(.mobileCountryCode)
        keep(.mobileNetworkCode)
        return nil
    }

    private func outcome(status word: String) -> Outcome {
        guard let range = given(.errorCode), case let code = text(range),
            !PlivoErrorCode.isNone(code), !Word.isNothing(code)
        else { return Outcome(provider: .plivo, statusName: word) }
        let known = PlivoErrorCode(code)
        return Outcome(
            provider: .plivo, statusName: word, errorCode: code, errorName: known?.name,
            isPermanent: known?.isPermanent)
    }

    private mutating func keep(_ field: PlivoField) {
        guard let range = given(field) else { return }
        others.append((field.rawValue, [range]))
    }

    /// All other parameters as a JSON object; the values of a repeated one as an array.
    private func attributes() -> String? {
        guard !others.isEmpty else { return nil }
        var json = JSONWriter(.withoutNUL)
        json.beginObject()
        for (name, values) in others {
            json.key(name)
            if values.count > 1 { json.beginArray() }
            for value in values { json.string(form.text(value)) }
            if values.count > 1 { json.endArray() }
        }
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
