private import Glibc
import JSON

/// One line as bytes: a JSON object and a line break.
struct LogLine {
    let bytes: [UInt8]

    /// `suppressed` is how many lines like it were not written; 0 is left out.
    init(
        _ level: Logger.Level, _ message: String, requestID: String? = nil, suppressed: Int = 0,
        _ fields: KeyValuePairs<String, Logger.Value> = [:]
    ) {
        var json = JSONWriter()
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
        if suppressed > 0 {
            json.key("suppressed")
            json.integer(Int64(suppressed))
        }
        json.endObject()
        bytes = json.bytes + [UInt8(ascii: "\n")]
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
