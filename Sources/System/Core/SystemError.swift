private import Glibc

/// Why the operating system refused a call, or would refuse it.
///
/// `description` names the step and its object and is safe to show; `debugDescription` adds the
/// number of the system's error.
package struct SystemError: Error, Sendable, Equatable {
    /// The closed list of causes.
    package enum Code: String, Sendable {
        /// A live process listens on the path already.
        case addressInUse
        /// The path holds something that is not a socket; it is left alone.
        case notASocket
        /// The path is empty or does not fit a Unix socket's address (107 bytes).
        case badPath
        /// The group of the socket is not known on this machine.
        case unknownGroup
        /// The inherited descriptor is not a listening Unix stream socket.
        case notListening
        /// LISTEN_FDS is not valid.
        case badEnvironment
        /// The system refused; `errorNumber` says why.
        case system
    }

    /// Which of the causes it was.
    package let code: Code
    /// The step and its object, without secrets.
    package let context: String
    /// The errno, when the system refused.
    package let errorNumber: Int32?

    init(_ code: Code, _ context: String, errorNumber: Int32? = nil) {
        self.code = code
        self.context = context
        self.errorNumber = errorNumber
    }

    /// The system's refusal of a step.
    static func system(_ context: String, _ errorNumber: Int32) -> SystemError {
        SystemError(.system, context, errorNumber: errorNumber)
    }

    /// The system's text for the error number; empty without one.
    package var reason: String {
        errorNumber.map { String(cString: strerror($0)) } ?? ""
    }
}

extension SystemError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The code and its context.
    package var description: String { "\(code.rawValue): \(context)" }

    /// As `description`, with the errno.
    package var debugDescription: String {
        guard let errorNumber else { return description }
        return "\(description) (errno \(errorNumber))"
    }
}
