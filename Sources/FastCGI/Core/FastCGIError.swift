internal import System

/// What went wrong while a listener, a server or a stream was set up.
///
/// `description` names the step and the path or descriptor, and is safe to show;
/// `debugDescription` adds the number of the system's error.
package struct FastCGIError: Error, Sendable, Equatable {
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
        /// A limit is zero, negative or too large.
        case badLimit
        /// The system refused; `errorNumber` says why.
        case system
        /// The exchange was answered already.
        case alreadyAnswered
        /// The peer went away or its input did not end.
        case peerFailed
        /// The peer took nothing of a long answer for too long.
        case stalled
        /// As many streams or long answers are open as are allowed.
        case tooManyStreams
        /// The hub, or the long answers, are being drained.
        case draining
        /// A body, or what CONTENT_LENGTH says, is beyond the limit.
        case bodyTooLarge
        /// CONTENT_LENGTH is not a decimal number.
        case malformedLength
        /// A body ended cleanly, but before or after CONTENT_LENGTH.
        case lengthMismatch
        /// A body was read before, or the exchange was answered.
        case bodyUnavailable
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

    static func system(_ context: String, _ errorNumber: Int32) -> FastCGIError {
        FastCGIError(.system, context, errorNumber: errorNumber)
    }

    /// Translates an error of `System`; each of its codes has one here of the same name.
    init(_ error: SystemError) {
        self.init(
            Code(rawValue: error.code.rawValue) ?? .system, error.context,
            errorNumber: error.errorNumber)
    }
}

extension FastCGIError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The code and its context.
    package var description: String { "fastcgi \(code.rawValue): \(context)" }

    /// As `description`, with the errno.
    package var debugDescription: String {
        guard let errorNumber else { return description }
        return "\(description) (errno \(errorNumber))"
    }
}
