/// The spool's state, as of now.
package struct SpoolState: Sendable, Equatable {
    /// When callbacks go to the spool.
    package enum Mode: String, Sendable, CaseIterable {
        /// Those that the database does not take in time.
        case fallback
        /// All of them, and to the database as well.
        case always
    }

    package let mode: Mode
    /// What its files take, with the room that is reserved ahead, and may take.
    package let fileBytes: Int
    package let limitBytes: Int
    /// Callbacks that wait to be moved into the database, as far as they are known: those of other
    /// processes are counted while they are moved.
    package let waitingCallbacks: Int
    /// Their bytes on the disk; 0 if none waits.
    package let waitingBytes: Int
    /// When the first of them came; nil if none waits.
    package let oldestAt: Timestamp?
    /// Callbacks moved a second, over the last ten seconds.
    package let drainRate: Double
    /// Files of bytes that are not what was written.
    package let setAsideFiles: Int
    /// Whether it takes callbacks now.
    package let accepts: Bool
    /// What does not work, safe to show: storing, or moving to the database. Nil if all does.
    package let problem: String?

    package init(
        mode: Mode, fileBytes: Int, limitBytes: Int, waitingCallbacks: Int, waitingBytes: Int,
        oldestAt: Timestamp?, drainRate: Double, setAsideFiles: Int, accepts: Bool,
        problem: String?
    ) {
        self.mode = mode
        self.fileBytes = fileBytes
        self.limitBytes = limitBytes
        self.waitingCallbacks = waitingCallbacks
        self.waitingBytes = waitingBytes
        self.oldestAt = oldestAt
        self.drainRate = drainRate
        self.setAsideFiles = setAsideFiles
        self.accepts = accepts
        self.problem = problem
    }
}

/// Gives the spool's state.
package protocol SpoolProbe: Sendable {
    /// Only reads memory.
    func spoolState() -> SpoolState
}
