/// JSON lines on standard error: `{"time":…,"level":…,"message":…,"request_id":…,…fields}`.
///
/// Never pass it a body, a secret or a full phone number. Safe from any thread. Logging never
/// waits: lines go into a bounded queue (4096 lines, 1 MiB), and one thread writes them, one
/// `write` a line. When the queue is full, lines are dropped and counted. A process must `flush`
/// before it exits.
package struct Logger: Sendable {
    /// The importance of a line.
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
    /// Nil writes nothing.
    private let writer: LogWriter?

    /// - Parameters:
    ///   - minimum: lines of lower levels are not written.
    ///   - descriptor: where lines go; standard error unless a test says otherwise, nowhere if it
    ///     is negative. It must stay open until `flush` has returned true.
    package init(minimum: Level = .info, descriptor: Int32 = 2) {
        self.minimum = minimum
        writer =
            switch descriptor {
            case ..<0: nil
            case 2: .standardError
            default: LogWriter(descriptor: descriptor)
            }
    }

    init(writer: LogWriter) {
        minimum = .info
        self.writer = writer
    }

    /// Writes one line, if the level is enabled.
    ///
    /// The message is one constant sentence; what varies goes into the fields, whose names are in
    /// snake case with the unit in the name. The request id is nginx's.
    ///
    /// Repeated lines are limited: of one message and key, 10 lines a second are written, then one
    /// a second whose `suppressed` counts the others. The key separates lines that must not hide
    /// each other, such as by an error's code; it has few values.
    package func log(
        _ level: Level, _ message: String, requestID: String? = nil, limitKey: String = "",
        _ fields: KeyValuePairs<String, Value> = [:]
    ) {
        guard let writer, level >= minimum else { return }
        let key = LogLimiter.Key(message: message, detail: limitKey)
        guard case .write(let suppressed) = writer.queue.admit(key, level: level) else { return }
        writer.append(
            LogLine(level, message, requestID: requestID, suppressed: suppressed, fields))
    }

    /// Waits until every line so far is written, or the time is over.
    ///
    /// - Returns: false if the time was over first.
    @discardableResult
    package func flush(within limit: Duration) -> Bool {
        writer?.queue.flush(within: limit) ?? true
    }

    /// The same for all loggers on standard error.
    @discardableResult
    package static func flush(within limit: Duration) -> Bool {
        LogWriter.standardError.queue.flush(within: limit)
    }

    /// Lines lost because the queue was full or they could not be written.
    package var droppedLines: Int { writer?.queue.droppedTotal ?? 0 }
}
