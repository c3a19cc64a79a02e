package import Domain

/// A callback as the spool keeps it: all that its parser needs, and its rejects if no report was
/// read from it. Reports are read again from the body when it is replayed.
package struct SpoolRecord: Sendable, Equatable {
    package let callback: ReceivedCallback
    /// What went to quarantine of a callback without reports; empty if reports must be read again.
    package let rejects: [Reject]
    /// What a replay of rejects authenticates with.
    package let credentials: CallbackCredentials?

    /// The record of a submission.
    package init(_ submission: Submission) {
        callback = submission.callback
        rejects = submission.reports.isEmpty ? submission.rejects : []
        credentials = submission.credentials
    }
}

extension SpoolRecord {
    private static let version: UInt8 = 1

    /// Which of the fields are there.
    private struct Fields: OptionSet {
        let rawValue: UInt8
        static let message = Fields(rawValue: 1)
        static let sendRequest = Fields(rawValue: 2)
        static let contentType = Fields(rawValue: 4)
        static let credentials = Fields(rawValue: 8)
    }

    /// Its bytes, all of which a frame's checksum covers.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.bytes.reserveCapacity(96 + callback.uri.utf8.count + callback.body.count)
        writer.add(Self.version)
        var fields: Fields = []
        if callback.message != nil { fields.insert(.message) }
        if callback.sendRequest != nil { fields.insert(.sendRequest) }
        if callback.contentType != nil { fields.insert(.contentType) }
        if credentials != nil { fields.insert(.credentials) }
        writer.add(fields.rawValue)
        writer.add(callback.provider.code)
        writer.add(callback.id)
        writer.add(callback.receivedAt.microseconds)
        if let message = callback.message { writer.add(message) }
        if let sendRequest = callback.sendRequest { writer.add(sendRequest) }
        writer.add(counted: Array(callback.uri.utf8))
        if let contentType = callback.contentType { writer.add(counted: Array(contentType.utf8)) }
        writer.add(counted: callback.body)
        if let credentials { writer.add(counted: Array(credentials.text.utf8)) }
        writer.add(UInt32(rejects.count))
        for reject in rejects {
            writer.add(counted: Array(reject.reason.utf8))
            writer.add(counted: Array(reject.place.utf8))
            writer.add(counted: Array(reject.detail.utf8))
            writer.add(counted: reject.excerpt)
            writer.add(reject.cost.number)
        }
        return writer.bytes
    }

    /// Reads a record back; nil if these are not the bytes of one that this program knows.
    ///
    /// - Parameters:
    ///   - bytes: all of it.
    ///   - providers: those that the program knows.
    init?(_ bytes: ArraySlice<UInt8>, providers: [Int16: Provider]) {
        var scanner = ByteScanner(bytes)
        guard scanner.next(UInt8.self) == Self.version,
            let fields = scanner.next(UInt8.self).map(Fields.init(rawValue:)),
            let code = scanner.next(Int16.self), let id = scanner.nextID(CallbackKind.self),
            let time = scanner.next(Int64.self)
        else { return nil }
        var message: MessageID?
        if fields.contains(.message) {
            guard let id = scanner.nextID(MessageKind.self) else { return nil }
            message = id
        }
        var sendRequest: SendRequestID?
        if fields.contains(.sendRequest) {
            guard let id = scanner.nextID(SendRequestKind.self) else { return nil }
            sendRequest = id
        }
        guard let uri = scanner.nextText() else { return nil }
        var contentType: String?
        if fields.contains(.contentType) {
            guard let text = scanner.nextText() else { return nil }
            contentType = text
        }
        guard let body = scanner.nextCounted() else { return nil }
        var credentials: CallbackCredentials?
        if fields.contains(.credentials) {
            guard let text = scanner.nextText() else { return nil }
            credentials = CallbackCredentials(text: text)
        }
        guard let count = scanner.next(UInt32.self) else { return nil }
        var rejects: [Reject] = []
        for _ in 0..<count {
            guard let reject = scanner.nextReject() else { return nil }
            rejects.append(reject)
        }
        guard scanner.isAtEnd else { return nil }
        callback = ReceivedCallback(
            id: id, provider: providers[code] ?? Provider(unknownCode: code), uri: uri,
            contentType: contentType, message: message, sendRequest: sendRequest,
            receivedAt: Timestamp(microseconds: time), body: Array(body))
        self.rejects = rejects
        self.credentials = credentials
    }
}

extension ByteWriter {
    fileprivate mutating func add<Kind>(_ id: Identifier<Kind>) {
        add(id.high)
        add(id.low)
    }
}

extension ByteScanner {
    fileprivate mutating func nextID<Kind>(_: Kind.Type) -> Identifier<Kind>? {
        guard let high = next(UInt64.self), let low = next(UInt64.self) else { return nil }
        return Identifier(high: high, low: low)
    }

    fileprivate mutating func nextText() -> String? {
        nextCounted().map { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate mutating func nextReject() -> Reject? {
        guard let reason = nextText(), let place = nextText(), let detail = nextText(),
            let excerpt = nextCounted(),
            let cost = next(UInt8.self).flatMap(Reject.Cost.init(number:))
        else { return nil }
        return Reject(
            reason: reason, place: place, detail: detail, excerpt: Array(excerpt), cost: cost)
    }
}

extension Reject.Cost {
    fileprivate var number: UInt8 {
        switch self {
        case .report: 1
        case .field: 2
        case .nothing: 3
        }
    }

    fileprivate init?(number: UInt8) {
        switch number {
        case 1: self = .report
        case 2: self = .field
        case 3: self = .nothing
        default: return nil
        }
    }
}
