/// An open file of the spool. Closed, and its lock released, with its last reference.
package protocol SpoolFile: AnyObject, Sendable {
    /// Its length in bytes, reserved ones included.
    func size() throws(SpoolError) -> Int

    /// Writes all of it at an offset.
    func write(_ bytes: [UInt8], at offset: Int) throws(SpoolError)

    /// Returns when all that was written is on the disk. After a failure it must not be called
    /// again for this file: the system reports a failed write once, and then forgets it.
    func sync() throws(SpoolError)

    /// Bytes from an offset on; fewer than asked for at the end of the file only.
    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8]
}

/// The spool's folder. Tests put failing calls in front of the real ones. Any thread.
package protocol SpoolFiles: Sendable {
    /// The names of all files in it, in order.
    func names() throws(SpoolError) -> [String]

    /// Makes a new file, locks it, and reserves its room.
    func create(_ name: String, bytes: Int) throws(SpoolError) -> any SpoolFile

    /// Opens a file for reading; if `locked`, for us alone: `held` when another process has it.
    func open(_ name: String, locked: Bool) throws(SpoolError) -> any SpoolFile

    /// Gives a file another name. Not durable before `syncDirectory`.
    func rename(_ name: String, to new: String) throws(SpoolError)

    /// Removes a file; it may be gone already. Not durable before `syncDirectory`.
    func remove(_ name: String) throws(SpoolError)

    /// Makes the names durable.
    func syncDirectory() throws(SpoolError)

    /// The room that the disk has for this user, and its whole size, in bytes.
    func space() throws(SpoolError) -> (free: Int, total: Int)

    /// The length of a file, reserved bytes included.
    func size(of name: String) throws(SpoolError) -> Int
}
