/// Where the parts of one result stand in the body; nothing of it is decoded yet.
struct InfobipResult {
    /// A member that is kept as it stands: its name with the quotation marks, and its value.
    struct Member {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// The whole result.
    var range = 0..<0
    var messageID: JSONString?
    var bulkID: JSONString?
    var to: JSONString?
    var from: JSONString?
    var sender: JSONString?
    var sentAt: JSONString?
    var doneAt: JSONString?
    var network: JSONString?
    var callbackData: JSONString?
    var smsCount: JSONNumber?
    var messageCount: JSONNumber?
    var amount: JSONNumber?
    var currency: JSONString?
    var status: Range<Int>?
    var error: Range<Int>?
    /// Members without a column.
    var kept: [Member] = []
    /// The first thing that cannot be used, and the path to it inside of the result.
    private(set) var problem: (reason: RejectReason, path: String)?

    private var seen: UInt32 = 0

    mutating func note(_ reason: RejectReason, _ path: @autoclosure () -> String) {
        if problem == nil { problem = (reason, path()) }
    }

    /// Reads the members of a result; the next byte is its brace.
    ///
    /// - Parameters:
    ///   - reader: stands behind the result afterwards.
    ///   - recent: the words that the last result had; where the same bytes come again they are
    ///     not read but only compared.
    ///   - field: the member being read, for the place of a fault.
    /// - Throws: `JSONFault` where it is no JSON.
    init(
        from reader: inout JSONReader, recent: InfobipOutcome?, field: inout InfobipField?
    ) throws(JSONFault) {
        let start = reader.position
        try reader.enterObject()
        while let key = try reader.nextKey() {
            field = InfobipField(key, in: reader.bytes)
            guard let known = field else {
                try keep(key, from: &reader)
                continue
            }
            if seen & known.bit != 0 { note(.duplicateKey, known.name) }
            seen |= known.bit
            try read(known, key, from: &reader, recent: recent)
        }
        range = start..<reader.position
        field = nil
    }

    @inline(__always)
    private mutating func read(
        _ field: InfobipField, _ key: JSONString, from reader: inout JSONReader,
        recent: InfobipOutcome?
    ) throws(JSONFault) {
        switch field {
        case .messageId: messageID = try string(field, from: &reader)
        case .bulkId: bulkID = try string(field, from: &reader)
        case .to: to = try string(field, from: &reader)
        case .from: from = try string(field, from: &reader)
        case .sender: sender = try string(field, from: &reader)
        case .sentAt: sentAt = try string(field, from: &reader)
        case .doneAt: doneAt = try string(field, from: &reader)
        case .mccMnc: try network(key, from: &reader)
        case .callbackData: callbackData = try string(field, from: &reader)
        case .smsCount: smsCount = try number(field.name, from: &reader)
        case .messageCount: messageCount = try number(field.name, from: &reader)
        case .status: status = try object(field, from: &reader, known: recent?.status)
        case .error: error = try object(field, from: &reader, known: recent?.error)
        case .price: try price(key, from: &reader)
        case .entityId, .applicationId, .campaignReferenceId, .platform:
            if reader.peek() == UInt8(ascii: "n") {
                try reader.scanLiteral()
            } else {
                try keep(key, from: &reader)
            }
        }
    }

    @inline(__always)
    private mutating func string(
        _ field: InfobipField, from reader: inout JSONReader
    ) throws(JSONFault) -> JSONString? {
        guard reader.peek() == UInt8(ascii: "\"") else {
            try passOver(field.name, from: &reader)
            return nil
        }
        return try reader.scanString()
    }

    @inline(__always)
    private mutating func number(
        _ path: @autoclosure () -> String, from reader: inout JSONReader
    ) throws(JSONFault) -> JSONNumber? {
        let byte = reader.peek()
        guard ByteView.isDigit(byte) || byte == UInt8(ascii: "-") else {
            try passOver(path(), from: &reader)
            return nil
        }
        return try reader.scanNumber()
    }

    @inline(__always)
    private mutating func object(
        _ field: InfobipField, from reader: inout JSONReader, known: [UInt8]?
    ) throws(JSONFault) -> Range<Int>? {
        guard reader.peek() == UInt8(ascii: "{") else {
            try passOver(field.name, from: &reader)
            return nil
        }
        let start = reader.position
        // A complete object cannot be the beginning of a longer one, so equal bytes are it.
        if let known, !known.isEmpty, reader.bytes.holds(known, at: start) {
            reader.passKnownValue(byteCount: known.count)
        } else {
            try reader.skipValue()
        }
        return start..<reader.position
    }

    /// A value of the wrong type; `null` counts as not given.
    private mutating func passOver(
        _ path: String, from reader: inout JSONReader
    ) throws(JSONFault) {
        if reader.peek() != UInt8(ascii: "n") { note(.wrongType, path) }
        try reader.skipValue()
    }

    private mutating func keep(
        _ key: JSONString, from reader: inout JSONReader
    ) throws(JSONFault) {
        _ = reader.peek()
        let start = reader.position
        try reader.skipValue()
        kept.append(
            Member(name: key.start - 1..<key.end + 1, value: start..<reader.position))
    }

    /// Digits, three for the country and two or three for the network; all else is only kept.
    @inline(__always)
    private mutating func network(
        _ key: JSONString, from reader: inout JSONReader
    ) throws(JSONFault) {
        guard let code = try string(.mccMnc, from: &reader), !code.range.isEmpty else { return }
        if !code.isEscaped, code.range.count <= 6, reader.bytes.isDigits(code.range) {
            network = code
        } else {
            kept.append(
                Member(name: key.start - 1..<key.end + 1, value: code.start - 1..<code.end + 1))
        }
    }

    private mutating func price(
        _ key: JSONString, from reader: inout JSONReader
    ) throws(JSONFault) {
        guard reader.peek() == UInt8(ascii: "{") else {
            return try passOver("price", from: &reader)
        }
        let start = reader.position
        var seenAmount = false
        var seenCurrency = false
        var isStrange = false
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.bytes.matches(key, "pricePerMessage") {
                if seenAmount { note(.duplicateKey, "price.pricePerMessage") }
                seenAmount = true
                amount = try number("price.pricePerMessage", from: &reader)
            } else if reader.bytes.matches(key, "currency") {
                if seenCurrency { note(.duplicateKey, "price.currency") }
                seenCurrency = true
                if reader.peek() == UInt8(ascii: "\"") {
                    currency = try reader.scanString()
                } else {
                    try passOver("price.currency", from: &reader)
                }
            } else {
                isStrange = true
                try reader.skipValue()
            }
        }
        if let code = currency, !Self.isCurrency(code, in: reader.bytes) {
            currency = nil
            isStrange = true
        }
        // What the price's columns cannot say stays readable beside them.
        if isStrange || amount == nil && currency != nil {
            kept.append(
                Member(name: key.start - 1..<key.end + 1, value: start..<reader.position))
        }
    }

    private static func isCurrency(_ code: JSONString, in bytes: ByteView) -> Bool {
        guard !code.isEscaped, code.range.count == 3 else { return false }
        return bytes.slice(code.range).allSatisfy { $0 &- UInt8(ascii: "A") < 26 }
    }
}
