import Foundation

/// Asks one of our own sockets as nginx would: the watchdog's real check.
enum SelfCheck {
    /// Whether `GET /health/live` is answered with 200 in time. Any thread; blocks.
    static func answers(path: String, within limit: Duration) -> Bool {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + limit
        let size = socklen_t(MemoryLayout<timeval>.size)
        // Of the whole check, not of each step: zero would be no limit at all.
        func limitNextStep() {
            let microseconds = max(1, Int((deadline - .now) / .microseconds(1)))
            var timeout = timeval(
                tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        }
        limitNextStep()
        guard connect(descriptor, to: path) else { return false }
        let request = request
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { return false }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while answer.count < 65_536 {
            limitNextStep()
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer.append(contentsOf: buffer[..<count])
        }
        // Behind the header of the first record.
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

    private static func connect(_ descriptor: Int32, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, length) == 0
            }
        }
    }
}
