/// A process of the service, which tells of itself while it lives.
package struct ServiceProcess: Sendable, Equatable {
    package let id: Identifier<ServiceProcess>
    package let kind: Kind
    /// The name of the machine that it runs on.
    package let host: String
    package let pid: Int32
    package let version: String
    package let startedAt: Timestamp

    package init(
        id: Identifier<ServiceProcess>, kind: Kind, host: String, pid: Int32, version: String,
        startedAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.host = host
        self.pid = pid
        self.version = version
        self.startedAt = startedAt
    }

    package enum Kind: String, Sendable, CaseIterable {
        /// `waybill serve`.
        case responder
        /// `waybill dispatch`.
        case dispatcher
        /// `waybill deliver`.
        case deliverer
    }

    /// What changes while it lives.
    package struct Pulse: Sendable, Equatable {
        /// Its own resident memory; nil if the system does not tell.
        package let memoryBytes: Int64?
        package let figures: [Figure]

        package init(memoryBytes: Int64?, figures: [Figure]) {
            self.memoryBytes = memoryBytes
            self.figures = figures
        }
    }

    /// Something that it does now, in a number.
    package struct Figure: Sendable, Equatable {
        /// Words joined by `_`, as members of the API are named.
        package let name: String
        package let value: Int64

        package init(_ name: String, _ value: Int) {
            self.name = name
            self.value = Int64(value)
        }
    }
}

/// A process as the others see it.
package struct SeenProcess: Sendable, Equatable {
    package let process: ServiceProcess
    /// Since when it has not told of itself.
    package let silence: Duration
    package let memoryBytes: Int64?
    /// A JSON object of names and whole numbers.
    package let figures: String

    package init(
        process: ServiceProcess, silence: Duration, memoryBytes: Int64?, figures: String
    ) {
        self.process = process
        self.silence = silence
        self.memoryBytes = memoryBytes
        self.figures = figures
    }
}

/// Where processes tell of themselves. Any thread; blocks for a round trip.
package protocol ProcessRegister: Sendable {
    /// It lives. Tell again within half a minute.
    func tell(_ process: ServiceProcess, _ pulse: ServiceProcess.Pulse) throws(StoreFailure)

    /// It ends.
    func remove(_ process: ServiceProcess) throws(StoreFailure)
}

/// Gives the processes that live, and those that fell silent within the last hour.
package protocol ProcessProbe: Sendable {
    /// By kind, the oldest of each first; 100 at most.
    func processes() throws(StoreFailure) -> [SeenProcess]
}
