package import Postgres

/// Why the schema or the rights were not changed. The only error type of this module.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The folder, or a file in it, is missing or has a wrong name.
        case files
        /// No connection could be made.
        case connection
        /// The applied migrations do not match the files.
        case history
        /// A lock did not come in time.
        case locked
        /// A file failed at the server.
        case failed
        /// Rights could not be granted or revoked.
        case grant
    }

    package let code: Code
    /// Names the file, the folder or the role; for the person who migrates.
    package let description: String
    /// The server's error, if the server was asked.
    package let cause: PostgresError?

    init(_ code: Code, _ description: String, cause: PostgresError? = nil) {
        self.code = code
        self.description = description
        self.cause = cause
    }
}
