internal import System

/// What a server listens on, and what it may use.
package struct Listener: Sendable, Equatable {
    /// The sockets of Waybill; each has a pool of its own, so that a slow one delays no other.
    package enum Name: String, Sendable, CaseIterable {
        /// The providers' callbacks: the hot path.
        case callbacks
        /// The API and the administration.
        case api
        /// The live streams.
        case events
    }

    /// Where the socket comes from.
    package enum Source: Sendable, Equatable {
        /// We bind it, mode 0660, optionally with that group; the file is removed when we stop.
        case path(String, group: String? = nil)
        /// A descriptor that listens already; see `InheritedSockets`.
        case inherited(Int32)
    }

    /// The bounds of a server; every one is checked when it starts.
    package struct Limits: Sendable, Equatable {
        /// Threads that read requests and, without handlers, run the handler, 1...256.
        package var workers: Int
        /// Threads that run a handler that blocks, 0...256: then no worker does, and requests are
        /// read while all of them are busy.
        package var handlers: Int
        /// Open connections, 1...65,536. Beyond it the one that has been idle for longest is
        /// closed. While none is idle, as many again are accepted; beyond that the request that has
        /// waited for longest is refused.
        package var maxConnections: Int
        /// Requests handed to the handler and not answered, 1...65,536; beyond it they wait.
        package var maxInFlight: Int
        /// How long a complete request may wait for room or for a handler, 1 ms to 1 hour; then it
        /// is refused.
        package var queueTime: Duration
        /// How long a request may take to come, from its first byte to its last, how long a new
        /// connection may stay silent, and how long a write may stall a worker, 1 ms to 1 hour.
        package var ioTimeout: Duration
        /// The most bytes of a body, 1...1 GiB; a request with more is handed on without it.
        package var bodyBytes: Int
        /// The most bytes of all incomplete requests together, and of all waiting bodies together,
        /// 1...64 GiB each. A part that would exceed it is closed; of the waiting requests the
        /// oldest is refused.
        package var partialBytes: Int
        /// The length of the socket's queue, 1...65,535; the system cuts it to somaxconn.
        package var backlog: Int

        /// Limits that suit a small machine.
        package init(
            workers: Int = 4, handlers: Int = 0, maxConnections: Int = 1_024,
            maxInFlight: Int = 512, queueTime: Duration = .seconds(2),
            ioTimeout: Duration = .seconds(10), bodyBytes: Int = 16 << 20,
            partialBytes: Int = 256 << 20, backlog: Int = 16_384
        ) {
            self.workers = workers
            self.handlers = handlers
            self.maxConnections = maxConnections
            self.maxInFlight = maxInFlight
            self.queueTime = queueTime
            self.ioTimeout = ioTimeout
            self.bodyBytes = bodyBytes
            self.partialBytes = partialBytes
            self.backlog = backlog
        }
    }

    /// Which of the sockets.
    package let name: Name
    /// What its threads' names begin with.
    package let threadName: String
    /// Where it comes from.
    package let source: Source
    /// What it may use.
    package let limits: Limits

    /// A description; nothing is opened before `Server.start`.
    package init(
        _ name: Name, on source: Source, limits: Limits = Limits(), threadName: String? = nil
    ) {
        self.name = name
        self.threadName = threadName ?? name.rawValue
        self.source = source
        self.limits = limits
    }
}

extension Listener.Limits {
    /// - Throws: `badLimit` with the name of the first one out of its range.
    func check() throws(FastCGIError) {
        let ranges: [(name: String, value: Int, range: ClosedRange<Int>)] = [
            ("workers", workers, 1...256),
            ("handlers", handlers, 0...256),
            ("maxConnections", maxConnections, 1...65_536),
            ("maxInFlight", maxInFlight, 1...65_536),
            ("bodyBytes", bodyBytes, 1...1 << 30),
            ("partialBytes", partialBytes, 1...64 << 30),
            ("backlog", backlog, 1...65_535),
        ]
        for limit in ranges where !limit.range.contains(limit.value) {
            throw FastCGIError(.badLimit, "\(limit.name) \(limit.value)")
        }
        for (name, time) in [("ioTimeout", ioTimeout), ("queueTime", queueTime)] {
            guard time >= .milliseconds(1), time <= .seconds(3_600) else {
                throw FastCGIError(.badLimit, "\(name) \(time)")
            }
        }
    }
}

extension Listener {
    /// Binds or takes over its socket.
    func open() throws(FastCGIError) -> ListeningSocket {
        do throws(SystemError) {
            return switch source {
            case .path(let path, let group):
                try ListeningSocket.bind(
                    path, group: group, backlog: Int32(clamping: limits.backlog))
            case .inherited(let descriptor): try ListeningSocket.adopt(descriptor)
            }
        } catch {
            throw FastCGIError(error)
        }
    }
}
