/// Why a command did not do its work; the description says what to do, and is safe to show.
struct CommandFailure: Error, CustomStringConvertible {
    /// What kind of failure it was.
    enum Code: Sendable {
        /// The command line is wrong.
        case usage
        /// Something that the command needs is missing, or refused it.
        case failed
    }

    let code: Code
    let description: String
    /// The exit status of the process: 64 (EX_USAGE of sysexits.h) for a wrong command line,
    /// otherwise 1 by default.
    let exitStatus: Int32

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
        exitStatus = code == .usage ? 64 : 1
    }

    init(_ description: String, exitStatus: Int32 = 1) {
        code = .failed
        self.description = description
        self.exitStatus = exitStatus
    }
}
