import JSON

/// The places of one result's parts in the body; none of it is decoded yet.
///
/// A problem with the message's name or its status, or an exceeded bound, costs the report
/// (`problem`); any other field that cannot be used is left out (`oddities`).
struct InfobipResult {
    /// A member that is kept as it is: its name with the quotation marks, and its value.
    struct Member {
        let name: Range<Int>
        let value: Range<Int>
        /// Nil for a name that is not known.
        let field: InfobipField?
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
    var smsCount: JSONString?
    var messageCount: JSONString?
    var amount: JSONString?
    var currency: String?
    var status: Range<Int>?
    var error: Range<Int>?
    /// Members without a column.
    private(set) var kept: [Member] = []
    /// Why this makes no report: the first problem that costs it.
    private(set) var problem: Oddity?
    /// Other fields that cannot be used, each once.
    private(set) var oddities: [Oddity] = []

    private var seen: UInt32 = 0
    /// The most that are kept; more would add nothing.
    private static let oddityLimit = 32

    /// Records a problem that costs the report.
    mutating func refuse(_ reason: RejectReason, _ path: @autoclosure () -> String) {
        if problem == nil { problem = Oddity(reason, path()) }
    }

    /// Records a field that cannot be used.
    mutating func note(_ oddity: Oddity) {
        guard oddities.count < Self.oddityLimit, !oddities.contains(oddity) else { return }
        oddities.append(oddity)
    }

    private mutating func note(_ reason: RejectReason, _ path: String) {
        note(Oddity(reason, path))
    }

    /// Reads the members of a result; the next byte is its brace.
    ///
    /// - Parameters:
    ///   - reader: without a flaw; afterwards it stands after the result.
    ///   - recent: the provider status of the last result; equal bytes are compared and not read
    ///     again.
    ///   - field: the member being read, for the place of a fault.
    /// - Throws: `JSONFault` where it is not JSON.
    init(
        from reader: inout JSONReader, recent: InfobipOutcome?, field: inout InfobipField?
    ) throws(JSONFault) {
        let start = reader.position
        try reader.enterObject()
        while let key = try reader.nextKey() {
            field = InfobipField(key, in: reader.bytes)
            if let known = field {
                if seen & known.bit == 0 {
                    seen |= known.bit
                    try read(known, key, from: &reader, recent: recent)
                } else {
                    try passOverTwin(of: known, from: &reader)
                }
            } else {
                try keep(key, nil, from: &reader)
            }
            if let flaw = reader.flaw {
                reader.flaw = nil
                spoil(field, flaw)
            }
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
        case .messageId: messageID = try scalar(field, from: &reader)
        case .bulkId: bulkID = try scalar(field, from: &reader)
        case .to: to = try scalar(field, from: &reader)
        case .from: from = try scalar(field, from: &reader)
        case .sender: sender = try scalar(field, from: &reader)
        case .sentAt: sentAt = try scalar(field, from: &reader)
        case .doneAt: doneAt = try scalar(field, from: &reader)
        case .mccMnc: try network(key, from: &reader)
        case .callbackData: callbackData = try scalar(field, from: &reader)
        case .smsCount: smsCount = try number(field, from: &reader)
        case .messageCount: messageCount = try number(field, from: &reader)
        case .status: status = try object(field, from: &reader, known: recent?.status)
        case .error: error = try object(field, from: &reader, known: recent?.error)
        case .price: try price(key, from: &reader)
        case .entityId, .applicationId, .campaignReferenceId, .platform:
            if reader.peek() == UInt8(ascii: "n") {
                try reader.scanLiteral()
            } else {
                try keep(key, field, from: &reader)
            }
        }
    }

    /// A text, or a number that stands for its own characters.
    @inline(__always)
    private mutating func scalar(
        _ field: InfobipField, from reader: inout JSONReader
    ) throws(JSONFault) -> JSONString? {
        guard reader.peek() == UInt8(ascii: "\"") else {
            return try unquoted(field.name, from: &reader)
        }
        return try reader.scanString()
    }

    /// A number, or a text that holds one.
    @inline(__always)
    private mutating func number(
        _ field: InfobipField, from reader: inout JSONReader
    ) throws(JSONFault) -> JSONString? {
        guard ByteView.isDigit(reader.peek()) else { return try scalar(field, from: &reader) }
        return try reader.scanNumber()
    }

    private mutating func unquoted(
        _ path: String, from reader: inout JSONReader
    ) throws(JSONFault) -> JSONString? {
        let byte = reader.peek()
        if ByteView.isDigit(byte) || byte == UInt8(ascii: "-") { return try reader.scanNumber() }
        try passOver(path, from: &reader)
        return nil
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
        if reader.peek() != UInt8(ascii: "n") { setAside(.wrongType, path) }
        try reader.skipValue()
    }

    /// A field that came twice has no certain value.
    private mutating func passOverTwin(
        of field: InfobipField, from reader: inout JSONReader
    ) throws(JSONFault) {
        try reader.skipValue()
        drop(field)
        setAside(.duplicateKey, field.name)
    }

    private mutating func setAside(_ reason: RejectReason, _ path: String) {
        switch path {
        case InfobipField.messageId.name, InfobipField.status.name: refuse(reason, path)
        default: note(reason, path)
        }
    }

    /// The consequence of a flaw in a member's text.
    private mutating func spoil(_ field: InfobipField?, _ flaw: JSONFault) {
        guard flaw.code == .invalidUTF8 else {
            return refuse(RejectReason(flaw), field?.name ?? "")
        }
        switch field {
        // Their readers report which member it is.
        case .status, .error: break
        case nil:
            kept.removeLast()
            note(.invalidUTF8, "")
        case let field?:
            drop(field)
            setAside(.invalidUTF8, field.name)
        }
    }

    private mutating func drop(_ field: InfobipField) {
        switch field {
        case .messageId: messageID = nil
        case .bulkId: bulkID = nil
        case .to: to = nil
        case .from: from = nil
        case .sender: sender = nil
        case .sentAt: sentAt = nil
        case .doneAt: doneAt = nil
        case .mccMnc: network = nil
        case .callbackData: callbackData = nil
        case .smsCount: smsCount = nil
        case .messageCount: messageCount = nil
        case .price: (amount, currency) = (nil, nil)
        case .status: status = nil
        case .error: error = nil
        case .entityId, .applicationId, .campaignReferenceId, .platform: break
        }
        kept.removeAll { $0.field == field }
    }
}

extension InfobipResult {
    private mutating func keep(
        _ key: JSONString, _ field: InfobipField?, from reader: inout JSONReader
    ) throws(JSONFault) {
        _ = reader.peek()
        let start = reader.position
        try reader.skipValue()
        keep(key, field, start..<reader.position)
    }

    private mutating func keep(_ key: JSONString, _ field: InfobipField?, _ value: Range<Int>) {
        kept.append(Member(name: key.start - 1..<key.end + 1, value: value, field: field))
    }

    /// Digits, three for the country and two or three for the network; anything else is an
    /// attribute.
    @inline(__always)
    private mutating func network(
        _ key: JSONString, from reader: inout JSONReader
    ) throws(JSONFault) {
        let isText = reader.peek() == UInt8(ascii: "\"")
        guard let code = try scalar(.mccMnc, from: &reader), !code.range.isEmpty else { return }
        let digits = reader.bytes.trimmed(code.range)
        if !code.isEscaped, digits.count <= 6, reader.bytes.isDigits(digits) {
            network = JSONString(
                start: digits.lowerBound, end: digits.upperBound, isEscaped: false)
        } else {
            keep(key, .mccMnc, isText ? code.start - 1..<code.end + 1 : code.range)
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
                let value = try amount(from: &reader)
                if seenAmount { note(.duplicateKey, "price.pricePerMessage") }
                amount = seenAmount ? nil : value
                seenAmount = true
            } else if reader.bytes.matches(key, "currency") {
                let value = try currency(from: &reader, isStrange: &isStrange)
                if seenCurrency { note(.duplicateKey, "price.currency") }
                currency = seenCurrency ? nil : value
                seenCurrency = true
            } else {
                isStrange = true
                try reader.skipValue()
            }
        }
        // A price that its columns cannot hold is kept as an attribute, too.
        if isStrange || amount == nil && (seenAmount || currency != nil) {
            keep(key, .price, start..<reader.position)
        }
    }

    @inline(__always)
    private mutating func amount(from reader: inout JSONReader) throws(JSONFault) -> JSONString? {
        if ByteView.isDigit(reader.peek()) { return try reader.scanNumber() }
        if reader.peek() == UInt8(ascii: "\"") { return try reader.scanString() }
        return try unquoted("price.pricePerMessage", from: &reader)
    }

    private mutating func currency(
        from reader: inout JSONReader, isStrange: inout Bool
    ) throws(JSONFault) -> String? {
        guard reader.peek() == UInt8(ascii: "\"") else {
            try passOver("price.currency", from: &reader)
            return nil
        }
        let code = try reader.scanString()
        let letters = reader.bytes.trimmed(code.range)
        func isCode(_ caseBit: UInt8) -> Bool {
            letters.count == 3
                && reader.bytes.slice(letters).allSatisfy {
                    ($0 & ~caseBit) &- UInt8(ascii: "A") < 26
                }
        }
        if isCode(0) { return reader.bytes.text(letters) }
        if isCode(0x20) { return reader.bytes.text(letters).uppercased() }
        isStrange = true
        return nil
    }
}
