import Foundation
import Synchronization
import TestSupport

/// One event of a stream.
struct StreamEvent: Sendable, Equatable {
    var name = ""
    var id: String?
    var data = ""

    /// The data's members.
    var json: JSON? { try? JSON(line: data) }
}

/// A client of a live stream, read by a thread of its own until one side closes.
final class EventSource: Sendable {
    private struct State {
        var status: Int?
        var problem = ""
        var events: [StreamEvent] = []
        var retry: Int?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let isClosed = Atomic<Bool>(false)
    private let connection: TLSConnection

    /// Asks for a stream; the answer's status comes later.
    init(
        _ demo: RunningDemo, _ path: String, key: String?? = .none,
        headers: [(name: String, value: String)] = []
    ) throws {
        connection = try TLSConnection(
            port: demo.port, host: "127.0.0.1", trust: demo.client.trust, patience: .seconds(60))
        let key = key ?? demo.document.api_key
        let credentials = key.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        let request = HTTPRequest(path: path, headers: credentials + headers)
        try connection.send(request.head(port: demo.port))
        let thread = Thread { [self] in read() }
        thread.stackSize = 1 << 18
        thread.start()
    }

    private func read() {
        var parser = EventParser()
        while !isClosed.load(ordering: .relaxed), let bytes = try? connection.receive(),
            !bytes.isEmpty
        {
            parser.add(bytes)
            state.withLock { state in
                state.status = parser.status
                state.events = parser.events
                state.retry = parser.retry
                state.problem = parser.text
                state.hasEnded = parser.hasEnded
            }
            if parser.hasEnded { break }
        }
        state.withLock { $0.hasEnded = true }
    }

    var status: Int? { state.withLock { $0.status } }
    var retry: Int? { state.withLock { $0.retry } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    /// Without the heartbeats.
    var events: [StreamEvent] { state.withLock { $0.events.filter { $0.name != "heartbeat" } } }
    /// With them.
    var allEvents: [StreamEvent] { state.withLock { $0.events } }
    /// The body as it came.
    var text: String { state.withLock { $0.problem } }
    var lastID: String? { allEvents.last { $0.id != nil }?.id }

    /// Waits until the events are as wanted.
    func waitFor(
        within limit: Duration = .seconds(20), _ isThere: ([StreamEvent]) -> Bool
    ) -> Bool { waitUntil(within: limit) { isThere(events) } }

    /// Waits until so many events have come.
    func waitFor(count: Int) -> Bool { waitFor { $0.count >= count } }

    func waitForEnd(within limit: Duration = .seconds(20)) -> Bool {
        waitUntil(within: limit) { hasEnded }
    }

    /// Reads no more; the connection is closed with the last reference.
    func close() {
        isClosed.store(true, ordering: .relaxed)
        connection.shutDown()
    }
}

/// The head, the chunks and the lines of a stream; pure.
struct EventParser {
    private(set) var status: Int?
    private(set) var events: [StreamEvent] = []
    private(set) var retry: Int?
    private(set) var text = ""
    private(set) var hasEnded = false
    private var bytes: [UInt8] = []
    private var body: [UInt8] = []
    private var isChunked = false
    private var event = StreamEvent()

    mutating func add(_ more: [UInt8]) {
        bytes += more
        if status == nil { readHead() }
        guard status != nil else { return }
        if isChunked { unchunk() } else { take(bytes[...]); bytes = [] }
        readLines()
    }

    private mutating func readHead() {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        isChunked = head.contains("transfer-encoding: chunked")
        bytes.removeSubrange(..<end.upperBound)
    }

    private mutating func unchunk() {
        while let line = bytes.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: bytes[..<line.lowerBound], as: UTF8.self), radix: 16)
            guard let size, bytes.count >= line.upperBound + size + 2 else { return }
            if size == 0 { return hasEnded = true }
            take(bytes[line.upperBound..<(line.upperBound + size)])
            bytes.removeSubrange(..<(line.upperBound + size + 2))
        }
    }

    private mutating func take(_ piece: ArraySlice<UInt8>) {
        text += String(decoding: piece, as: UTF8.self)
        body += piece
    }

    private mutating func readLines() {
        while let end = body.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: body[..<end], as: UTF8.self)
            body.removeSubrange(...end)
            read(line)
        }
    }

    private mutating func read(_ line: String) {
        guard !line.isEmpty else {
            if !event.data.isEmpty { events.append(event) }
            return event = StreamEvent()
        }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        switch parts[0] {
        case "event": event.name = value
        case "id": event.id = value
        case "data": event.data += (event.data.isEmpty ? "" : "\n") + value
        case "retry": retry = Int(value)
        default: break
        }
    }
}
