internal import Glibc
internal import System

/// A command to the hub's thread.
enum StreamCommand: Sendable {
    case add(StreamID, descriptor: Int32, requestID: UInt16)
    case broadcast([UInt8])
    case send([UInt8], StreamID)
    case multicast([UInt8], [StreamID])
    case close(StreamID)
    case closeAll

    /// What it counts towards the queue's bound.
    var bytes: Int {
        switch self {
        // A little for the entry itself, so that empty ones are bounded too.
        case .broadcast(let bytes), .send(let bytes, _): bytes.count + 64
        case .multicast(let bytes, let ids): bytes.count + 64 + 8 * ids.count
        case .add, .close, .closeAll: 0
        }
    }
}

/// The hub's thread: the only one that touches the streams' descriptors.
struct StreamLoop: ~Copyable {
    private let hub: StreamHub
    private var streams: [StreamID: Stream] = [:]
    private var isClosingAll = false

    /// A class, so that a change copies nothing; only this thread sees it.
    private final class Stream {
        let descriptor: Int32
        let requestID: UInt16
        var outbox = StreamOutbox()
        /// The peer takes no more for now.
        var isBlocked = false
        /// Ends when its outbox is empty.
        var isClosing = false

        init(descriptor: Int32, requestID: UInt16) {
            self.descriptor = descriptor
            self.requestID = requestID
        }
    }

    init(_ hub: StreamHub) { self.hub = hub }

    mutating func run() {
        var isLast = false
        while !isLast {
            for event in hub.poller.nextBatch() {
                if event.id == 0 {
                    hub.wakeup.clear()
                } else {
                    handle(event)
                }
            }
            // Read before the queue, so that commands queued before the stop are still done.
            isLast = hub.thread.isStopping
            let commands = hub.monitor.withLock { state in
                defer {
                    state.commands = []
                    state.queuedBytes = 0
                }
                return state.commands
            }
            for command in commands { perform(command) }
        }
        for id in Array(streams.keys) { end(id, .cutOff) }
        // Streams queued after the stop are reported as ended as well.
        let late = hub.monitor.withLock { state in
            state.isOver = true
            return state.commands
        }
        for case .add(let id, let descriptor, _) in late {
            close(descriptor)
            hub.released()
            hub.onClose(id, .cutOff)
        }
    }

    private mutating func handle(_ event: Poller.Event) {
        let id = StreamID(number: event.id)
        guard streams[id] != nil else { return }
        // nginx sends nothing after its input, so readable means that it has closed.
        if event.isReadable || event.hasEnded {
            end(id, .peerClosed)
        } else if event.isWritable {
            write([], to: id, unblocked: true)
        }
    }

    private mutating func perform(_ command: StreamCommand) {
        switch command {
        case .add(let id, let descriptor, let requestID):
            streams[id] = Stream(descriptor: descriptor, requestID: requestID)
            if !hub.poller.add(descriptor, id: id.number, .input) { end(id, .peerClosed) }
            // Reserved before the drain began, opened after it.
            if isClosingAll { finish(id) }
        case .broadcast(let bytes):
            multicast(bytes, Array(streams.keys))
        case .multicast(let bytes, let ids):
            multicast(bytes, ids)
        case .send(let bytes, let id):
            guard let stream = streams[id], !stream.isClosing else { return }
            write(StreamRecord.output(bytes, requestID: stream.requestID), to: id)
        case .close(let id):
            finish(id)
        case .closeAll:
            isClosingAll = true
            for id in Array(streams.keys) { finish(id) }
        }
    }

    private mutating func multicast(_ bytes: [UInt8], _ ids: [StreamID]) {
        // nginx numbers every request 1, so this is one entry, shared by all the outboxes.
        var records: [UInt16: [UInt8]] = [:]
        for id in ids {
            guard let stream = streams[id], !stream.isClosing else { continue }
            let record =
                records[stream.requestID]
                ?? StreamRecord.output(bytes, requestID: stream.requestID)
            records[stream.requestID] = record
            write(record, to: id)
        }
    }

    private mutating func finish(_ id: StreamID) {
        guard let stream = streams[id], !stream.isClosing else { return }
        stream.isClosing = true
        write(StreamRecord.end(requestID: stream.requestID), to: id)
    }

    /// Writes what the peer takes now and keeps the rest, up to the limit.
    private mutating func write(_ bytes: [UInt8], to id: StreamID, unblocked: Bool = false) {
        guard let stream = streams[id] else { return }
        stream.outbox.append(bytes)
        let descriptor = stream.descriptor
        var isAlive = true
        if !stream.isBlocked || unblocked {
            isAlive = stream.outbox.flush { Self.send($0, descriptor) }
        }
        let pending = stream.outbox.pending
        let mustBlock = pending > 0
        if isAlive, mustBlock != stream.isBlocked {
            stream.isBlocked = mustBlock
            isAlive = hub.poller.change(
                descriptor, id: id.number, mustBlock ? [.input, .output] : .input)
        }
        if !isAlive {
            end(id, .peerClosed)
        } else if pending > hub.limits.streamBytes {
            end(id, .tooSlow)
        } else if stream.isClosing, pending == 0 {
            end(id, .closed)
        }
    }

    private mutating func end(_ id: StreamID, _ reason: StreamEnd) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        close(stream.descriptor)
        hub.released()
        hub.onClose(id, reason)
    }

    /// How many bytes the peer takes now; negative when it is gone.
    private static func send(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) -> Int {
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
        return count < 0 && errno == EAGAIN ? 0 : count
    }
}
