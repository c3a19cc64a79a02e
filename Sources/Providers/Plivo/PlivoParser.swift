import Domain

/// Makes one report of one status callback of Plivo.
struct PlivoParser {
    /// The most characters of a message's UUID that are kept; Plivo's have 36.
    private static let messageIDLimit = 200
    private static let segmentLimit = 10_000

    private let form: FormReader
    private var values: [PlivoField: Range<Int>] = [:]
    /// The parameters that no column holds, in the order in which they first came.
    private var others: [(name: String, values: [Range<Int>])] = []
    private(set) var problem: (reason: RejectReason, field: PlivoField)?

    init(_ form: FormReader) {
        self.form = form
        var places: [String: Int] = [:]
        for pair in form.pairs where !pair.name.isEmpty || !pair.value.isEmpty {
            let name = form.text(pair.name)
            if let field = PlivoField(rawValue: name) {
                if values.updateValue(pair.value, forKey: field) != nil {
                    note(.duplicateKey, field)
                }
            } else if let place = places[name] {
                others[place].values.append(pair.value)
            } else {
                places[name] = others.count
                others.append((name, [pair.value]))
            }
        }
    }

    /// Which parameter is missing or empty without which the form is no status callback.
    var missing: PlivoField? { [.messageUUID, .status].first { given($0) == nil } }

    /// Makes the report.
    ///
    /// - Parameters:
    ///   - message: our own id of the message, where the URL that was called holds one.
    ///   - call: the id of the call that sent the message, where the URL holds that one: call and
    ///     `To` make the message's id.
    /// - Returns: the report; nil once `problem` says why there is none.
    mutating func report(message: MessageID?, call: CallID? = nil) -> Report? {
        let ownID = messageID()
        let word = required(.status)
        let ours = message ?? call.flatMap { self.message(of: $0) }
        guard problem == nil, let ownID, let word else { return nil }
        let id = parentID() ?? ownID
        let status = Status(plivo: word)
        let sentAt = time(.sentTime)
        let doneField = status.plivoTimes.first { given($0) != nil }
        let doneAt = doneField.flatMap { time($0) }
        let segments = segments()
        let price = price()
        let network = network()
        // Each time of which a column holds the value is told; the others are kept as they came.
        for field in [PlivoField.messageTime, .queuedTime, .deliveryReportTime]
        where field != doneField {
            keep(field)
        }
        if id != ownID { keep(.messageUUID) }
        guard problem == nil else { return nil }
        let key = MessageKey.derive(provider: .plivo, providerMessageID: id)
        return Report(
            message: ours ?? key, isKeyDerived: ours == nil || ours == key,
            provider: .plivo, providerMessageID: id, status: status,
            outcome: outcome(status: word), recipient: phoneNumber(.to),
            sender: phoneNumber(.from), sentAt: sentAt, doneAt: doneAt, segments: segments,
            price: price, network: network, part: part(), attributes: attributes())
    }

    private mutating func note(_ reason: RejectReason, _ field: PlivoField) {
        if problem == nil { problem = (reason, field) }
    }

    /// A parameter's value; nil if it did not come or is empty.
    private func given(_ field: PlivoField) -> Range<Int>? {
        guard let range = values[field], !range.isEmpty else { return nil }
        return range
    }

    /// A value without what PostgreSQL cannot hold.
    private func text(_ range: Range<Int>) -> String {
        let text = form.text(range)
        guard text.utf8.contains(0) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    private mutating func required(_ field: PlivoField) -> String? {
        guard let range = given(field) else {
            note(.missingField, field)
            return nil
        }
        return text(range)
    }

    private mutating func messageID() -> String? {
        guard let id = required(.messageUUID), let range = given(.messageUUID) else { return nil }
        if form.decoded[range].contains(0) { note(.badMessageID, .messageUUID) }
        if id.unicodeScalars.count > Self.messageIDLimit { note(.tooLong, .messageUUID) }
        return id
    }

    /// The key of the message that a call sent to `To`.
    private mutating func message(of call: CallID) -> MessageID? {
        guard let to = required(.to) else { return nil }
        do throws(PhoneNumber.Problem) {
            return MessageKey.derive(call: call, recipient: try PhoneNumber(to))
        } catch {
            note(.badRecipient, .to)
            return nil
        }
    }

    /// The whole message's UUID, where the form is about one part of it; nil where it gives none
    /// that could be a message's name. It is kept among the attributes in any case.
    private func parentID() -> String? {
        guard let range = other("ParentMessageUUID"), !form.decoded[range].contains(0) else {
            return nil
        }
        let id = form.text(range)
        return id.unicodeScalars.count <= Self.messageIDLimit ? id : nil
    }

    /// What `PartInfo` says if it is `n of m` and there are several parts. It is kept among the
    /// attributes in any case.
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
        let time = read(range, ProviderTime.plivo)
        if time == nil { note(.badTime, field) }
        return time
    }

    private func phoneNumber(_ field: PlivoField) -> String? {
        guard let range = given(field) else { return nil }
        guard !form.decoded[range].contains(0) else { return text(range) }
        return read(range, PhoneNumberText.normalized)
    }

    private mutating func segments() -> Int32? {
        guard let range = given(.units) else { return nil }
        let isNumber = read(range) { bytes, range in bytes.isDigits(range) } ?? false
        guard isNumber, let units = Int32(form.text(range)), units <= Self.segmentLimit else {
            note(.badNumber, .units)
            return nil
        }
        return units
    }

    private mutating func price() -> Report.Price? {
        guard let range = given(.totalAmount) else { return nil }
        guard let amount = read(range, DecimalText.plain) else {
            note(.badPrice, .totalAmount)
            return nil
        }
        // Plivo bills in US dollars and does not say so in the callback.
        return Report.Price(amount: amount, currency: "USD")
    }

    /// Country and network together; one alone, or one that is no number, is only kept.
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
            !PlivoErrorCode.isNone(code)
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
        var json = JSONCompactor()
        for (name, values) in others {
            json.append(json.bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            json.append(quoting: name)
            json.append(UInt8(ascii: ":"))
            if values.count > 1 { json.append(UInt8(ascii: "[")) }
            for (index, value) in values.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                json.append(quoting: form.text(value))
            }
            if values.count > 1 { json.append(UInt8(ascii: "]")) }
        }
        json.append(UInt8(ascii: "}"))
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
