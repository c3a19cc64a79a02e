private import Glibc

/// JSON lines on standard error: `{"time":…,"level":…,"message":…,"request_id":…,…fields}`.
///
/// Never hand it a body, a secret or a full phone number. Safe from any thread; a line is one
/// `write`, so lines of several threads do not mix.
package struct Logger: Sendable {
    /// How much a line matters.
    package enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        package static func < (a: Level, b: Level) -> Bool { a.order < b.order }
    }

    /// A field's value.
    package enum Value: Sendable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
        ExpressibleByBooleanLiteral
    {
        case text(String)
        case integer(Int64)
        case number(Double)
        case flag(Bool)

        package init(stringLiteral value: String) { self = .text(value) }
        package init(integerLiteral value: Int64) { self = .integer(value) }
        package init(booleanLiteral value: Bool) { self = .flag(value) }
    }

    package let minimum: Level
    private let descriptor: Int32

    /// - Parameters:
    ///   - minimum: lines of lower levels are not written.
    ///   - descriptor: where lines go; standard error unless a test says otherwise.
    package init(minimum: Level = .info, descriptor: Int32 = 2) {
        self.minimum = minimum
        self.descriptor = descriptor
    }

    /// Writes one line, if the level is enabled.
    ///
    /// The message is one constant sentence; what varies goes into the fields, whose names are in
    /// snake case with the unit in the name. The request id is nginx's.
    package func log(
        _ level: Level, _ message: String, requestID: String? = nil,
        _ fields: KeyValuePairs<String, Value> = [:]
    ) {
        guard level >= minimum else { return }
        var json = JSONText()
        json.beginObject()
        json.key("time")
        json.string(Self.now())
        json.key("level")
        json.string(level.rawValue)
        json.key("message")
        json.string(message)
        if let requestID {
            json.key("request_id")
            json.string(requestID)
        }
        for (name, value) in fields {
            json.key(name)
            switch value {
            case .text(let text): json.string(text)
            case .integer(let integer): json.integer(integer)
            case .number(let number): json.number(number)
            case .flag(let flag): json.boolean(flag)
            }
        }
        json.endObject()
        let line = json.bytes + [UInt8(ascii: "\n")]
        // A lost log line must not stop the service, so the result is of no use.
        _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The UTC time in RFC 3339 with milliseconds.
    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var calendar = tm()
        gmtime_r(&time.tv_sec, &calendar)
        return String(unsafeUninitializedCapacity: 32) { text in
            let count = text.withMemoryRebound(to: CChar.self) {
                strftime($0.baseAddress, 32, "%Y-%m-%dT%H:%M:%S", &calendar)
            }
            var position = count
            text[position] = UInt8(ascii: ".")
            var divisor = 100
            let milliseconds = time.tv_nsec / 1_000_000
            for _ in 0..<3 {
                position += 1
                text[position] = UInt8(ascii: "0") + UInt8(milliseconds / divisor % 10)
                divisor /= 10
            }
            text[position + 1] = UInt8(ascii: "Z")
            return position + 2
        }
    }
}
