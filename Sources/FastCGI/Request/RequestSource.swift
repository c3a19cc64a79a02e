internal import Glibc

/// What libfcgi reads from instead of a socket: the head of a request, complete and examined.
///
/// libfcgi 2.4.2 trusts its peer: FCGI_GET_VALUES with four names overruns a buffer on its stack,
/// and a name of gigabytes aborts the process. It also blocks its thread until the peer has sent
/// all. So it never reads a socket here: `OS_Read`, the one function by which it reads, is ours,
/// and `Library` refuses to start when the linker did not bind it.
enum RequestSource {
    /// What is left for this thread's libfcgi to read.
    fileprivate struct Rest {
        var bytes: UnsafeRawBufferPointer.SubSequence
    }

    /// Each thread's own pointer to its `Rest`; null outside `with`.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // Fails only when the process has more than a thousand keys; then nothing can be read.
        let status = pthread_key_create(&key, nil)
        precondition(status == 0, "pthread_key_create: \(status)")
        return key
    }()

    /// Lets libfcgi read `bytes`, on this thread, for as long as `body` runs.
    ///
    /// - Returns: What `body` returns, and whether libfcgi has read all of the bytes.
    static func with<Result>(
        _ bytes: UnsafeRawBufferPointer, _ body: () -> Result
    ) -> (result: Result, isExhausted: Bool) {
        var rest = Rest(bytes: bytes[...])
        return withUnsafeMutablePointer(to: &rest) { pointer in
            pthread_setspecific(key, pointer)
            defer { pthread_setspecific(key, nil) }
            return (body(), pointer.pointee.bytes.isEmpty)
        }
    }

    /// Gives the next bytes; 0 at their end, and 0 on a thread that has none.
    fileprivate static func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let pointer = pthread_getspecific(key)?.assumingMemoryBound(to: Rest.self) else {
            return 0
        }
        let part = pointer.pointee.bytes.prefix(buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
        pointer.pointee.bytes = pointer.pointee.bytes.dropFirst(part.count)
        return part.count
    }
}

/// Replaces libfcgi's function of this name in the whole process.
///
/// Source: libfcgi 2.4.2, os_unix.c; called by the readers of fcgiapp.c.
@c(OS_Read)
package func readForLibrary(
    _ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int
) -> Int {
    RequestSource.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: max(count, 0)))
}
