/// The demo could not do its work: the message says what to do, and is safe to show.
package struct DemoError: Error, Sendable, CustomStringConvertible {
    /// One line, or a line and the last lines of a program's output.
    package let description: String
    /// The exit status of the process.
    package let exitStatus: Int32

    init(_ description: String, exitStatus: Int32 = 1) {
        self.description = description
        self.exitStatus = exitStatus
    }
}
