import System

/// Sends a request to one of our own sockets as nginx would, for the watchdog.
enum SelfCheck {
    /// Whether `GET /health/live` is answered with 200 in time. Any thread; blocks.
    static func answers(path: String, within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        guard let address = try? UnixAddress(path: path), let socket = try? UnixSocket(.stream)
        else { return false }
        // The rest of the whole check's time, not a limit for each step.
        socket.limitWaits(to: deadline - .now)
        do {
            try socket.connect(to: address)
        } catch {
            return false
        }
        guard socket.send(request) else { return false }
        var answer: [UInt8] = []
        while answer.count < 65_536 {
            socket.limitWaits(to: deadline - .now)
            let part = socket.receive(atMost: 4096)
            guard !part.isEmpty else { break }
            answer += part
        }
        // After the header of the first record.
        return answer.dropFirst(8).starts(with: "Status: 200".utf8)
    }

    /// One whole FastCGI request: begin, parameters, empty input; the connection is not kept.
    private static var request: [UInt8] {
        var parameters: [UInt8] = []
        for (name, value) in [
            ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/health/live"),
            ("DOCUMENT_URI", "/health/live"), ("REQUEST_ID", "watchdog"),
        ] {
            parameters += [UInt8(name.utf8.count), UInt8(value.utf8.count)]
            parameters += Array(name.utf8) + Array(value.utf8)
        }
        return record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + record(4, parameters) + record(4, [])
            + record(5, [])
    }

    private static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }
}
