private import Glibc

/// Why the spool could not do something. `description` is safe to show.
package struct SpoolError: Error, Sendable, Equatable {
    /// The closed list of causes.
    package enum Code: String, Sendable {
        /// The system refused a call; `errorNumber` says why.
        case system
        /// The spool, or its disk, has no room for more.
        case full
        /// Another process holds the file.
        case held
        /// Bytes are not what was written.
        case damaged
        /// It takes no more, because the process ends.
        case closed
    }

    /// Which of the causes it was.
    package let code: Code
    /// The step and the file's name, or what is wrong.
    package let context: String
    /// The errno, when the system refused.
    package let errorNumber: Int32?

    package init(_ code: Code, _ context: String, errorNumber: Int32? = nil) {
        self.code = code
        self.context = context
        self.errorNumber = errorNumber
    }

    /// The system's refusal of a step; no room is told from other reasons.
    package static func system(_ context: String, _ errorNumber: Int32) -> SpoolError {
        let isFull = [ENOSPC, EDQUOT].contains(errorNumber)
        return SpoolError(isFull ? .full : .system, context, errorNumber: errorNumber)
    }
}

extension SpoolError: CustomStringConvertible {
    package var description: String {
        guard let errorNumber else { return "spool: \(context)" }
        return "spool: \(context): \(String(cString: strerror(errorNumber)))"
    }
}
