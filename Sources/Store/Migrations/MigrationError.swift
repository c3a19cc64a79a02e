package import Postgres

/// Why the schema or the rights were not changed. The only error type of this module.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The folder, or a file in it, is not there or not named as it should be.
        case files
        /// No connection could be made.
        case connection
        /// What was applied is not what the files say.
        case history
        /// A lock did not come in time.
        case locked
        /// A file failed at the server.
        case failed
        /// Rights could not be given.
        case grant
    }

    package let code: Code
    /// Names the file, the folder or the role; for the person who migrates.
    package let description: String
    /// What the server said, if it was asked.
    package let cause: PostgresError?

    init(_ code: Code, _ description: String, cause: PostgresError? = nil) {
        self.code = code
        self.description = description
        self.cause = cause
    }
}
