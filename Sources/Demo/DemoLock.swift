import Foundation

/// Prevents two demos in one folder. The kernel releases the lock when the process ends.
struct DemoLock {
    private let descriptor: Int32

    /// - Throws: `DemoError` if another demo holds it.
    init(_ path: String) throws(DemoError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DemoError("cannot open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DemoError(
                "another demo runs in this folder; stop it or choose another with --directory")
        }
    }

    func release() {
        close(descriptor)
    }
}
