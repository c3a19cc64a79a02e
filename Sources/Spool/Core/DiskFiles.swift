private import Glibc

/// The spool's folder on the disk.
package struct DiskFiles: SpoolFiles {
    private let directory: String

    /// - Parameter directory: its path. If it is missing it is made, for this user alone, when
    ///   there is something to write.
    package init(directory: String) {
        self.directory = directory
    }

    package func names() throws(SpoolError) -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw .system("cannot read the folder \(directory)", errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package func create(_ name: String, bytes: Int) throws(SpoolError) -> any SpoolFile {
        makeDirectory()
        let file = DiskFile(
            name, Glibc.open(path(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600))
        guard file.descriptor >= 0 else { throw .system("cannot make \(name)", errno) }
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw SpoolError(.held, "\(name) is locked by another process")
        }
        // It returns the error's number.
        let status = posix_fallocate(file.descriptor, 0, bytes)
        guard status == 0 else {
            unlink(path(name))
            throw .system("cannot reserve \(bytes) bytes for \(name)", status)
        }
        return file
    }

    package func open(_ name: String, locked: Bool) throws(SpoolError) -> any SpoolFile {
        let file = DiskFile(name, Glibc.open(path(name), O_RDONLY | O_CLOEXEC))
        guard file.descriptor >= 0 else { throw .system("cannot open \(name)", errno) }
        if locked, flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            throw errno == EWOULDBLOCK
                ? SpoolError(.held, "\(name) is locked by another process")
                : .system("cannot lock \(name)", errno)
        }
        return file
    }

    package func rename(_ name: String, to new: String) throws(SpoolError) {
        guard Glibc.rename(path(name), path(new)) == 0 else {
            throw .system("cannot rename \(name)", errno)
        }
    }

    package func remove(_ name: String) throws(SpoolError) {
        guard unlink(path(name)) == 0 || errno == ENOENT else {
            throw .system("cannot remove \(name)", errno)
        }
    }

    package func syncDirectory() throws(SpoolError) {
        let file = DiskFile(
            directory, Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard file.descriptor >= 0, fsync(file.descriptor) == 0 else {
            throw .system("cannot sync the folder \(directory)", errno)
        }
    }

    package func space() throws(SpoolError) -> (free: Int, total: Int) {
        makeDirectory()
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else {
            throw .system("cannot measure the disk of \(directory)", errno)
        }
        return (
            Int(status.f_bavail) * Int(status.f_frsize), Int(status.f_blocks) * Int(status.f_frsize)
        )
    }

    package func size(of name: String) throws(SpoolError) -> Int {
        var status = stat()
        guard lstat(path(name), &status) == 0 else {
            throw .system("cannot look at \(name)", errno)
        }
        return Int(status.st_size)
    }

    /// It is there already, or else what follows fails.
    private func makeDirectory() { mkdir(directory, 0o700) }

    private func path(_ name: String) -> String { directory + "/" + name }
}

/// A descriptor and its owner.
private final class DiskFile: SpoolFile {
    let name: String
    /// Negative if it could not be opened.
    let descriptor: Int32

    init(_ name: String, _ descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }

    deinit {
        guard descriptor >= 0 else { return }
        let status = errno
        close(descriptor)
        // The caller of a failed call has yet to read it.
        errno = status
    }

    func size() throws(SpoolError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system("cannot look at \(name)", errno)
        }
        return Int(status.st_size)
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(SpoolError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            }
            guard count > 0 || (count < 0 && errno == EINTR) else {
                throw .system("cannot write to \(name)", count == 0 ? ENOSPC : errno)
            }
            done += max(0, count)
        }
    }

    func sync() throws(SpoolError) {
        guard fdatasync(descriptor) == 0 else { throw .system("cannot sync \(name)", errno) }
    }

    func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                    offset + filled)
                if got == 0 { break }
                if got < 0, errno != EINTR {
                    failure = errno
                    break
                }
                filled += max(0, got)
            }
        }
        if let failure { throw .system("cannot read \(name)", failure) }
        return bytes
    }
}
