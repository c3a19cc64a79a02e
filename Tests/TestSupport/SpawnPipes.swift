import Glibc

/// The three standard descriptors of a child as pipes, and the `posix_spawn` that hands them over.
struct SpawnPipes: Sendable {
    private let input: Int32
    private let output: (ours: Int32, childs: Int32)
    private let errors: (ours: Int32, childs: Int32)

    /// Opens the pipes and fills the input.
    init(input text: String) throws(TestSupportError) {
        precondition(text.utf8.count <= 65_536, "an input that fits in a pipe")
        var ends: [(ours: Int32, childs: Int32)] = []
        for _ in 0..<3 {
            var pair: (Int32, Int32) = (-1, -1)
            let made = withUnsafeMutableBytes(of: &pair) {
                pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
            }
            guard made == 0, fcntl(pair.0, F_SETFD, FD_CLOEXEC) == 0,
                fcntl(pair.1, F_SETFD, FD_CLOEXEC) == 0
            else { throw TestSupportError("no descriptors left for a pipe") }
            ends.append((pair.0, pair.1))
        }
        var bytes = Array(text.utf8)
        if !bytes.isEmpty { write(ends[0].childs, &bytes, bytes.count) }
        close(ends[0].childs)
        input = ends[0].ours
        output = ends[1]
        errors = ends[2]
    }

    /// Starts `command`, found in `PATH`, with the pipes as descriptors 0 to 2 and no others.
    func spawn(_ command: [String], _ environment: [String]) -> (pid: pid_t, error: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output.childs, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.childs, 2)
        _ = Self.closeAllFrom?(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = -1
        let error = posix_spawnp(
            &pid, command[0], &actions, &attributes, &arguments, &variables)
        return (pid, error)
    }

    /// A GNU extension, which the Glibc module does not show.
    private static let closeAllFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast(
            $0,
            to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32)
                .self)
    }

    /// Reads both outputs to their ends.
    ///
    /// - Parameter take: called with true for the standard error, and what was read.
    func readAll(_ take: (Bool, ArraySlice<UInt8>) -> Void) {
        var polled = [
            pollfd(fd: output.ours, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.ours, events: Int16(POLLIN), revents: 0),
        ]
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while polled.contains(where: { $0.fd >= 0 }) {
            guard poll(&polled, 2, -1) > 0 else { continue }
            for index in 0..<2 where polled[index].fd >= 0 && polled[index].revents != 0 {
                let count = read(polled[index].fd, &chunk, chunk.count)
                if count > 0 {
                    take(index == 1, chunk[..<count])
                } else if count == 0 || errno != EINTR {
                    // poll(2) passes over a negative descriptor.
                    polled[index].fd = -1
                }
            }
        }
    }

    func closeChildEnds() {
        close(input)
        close(output.childs)
        close(errors.childs)
    }

    func closeOurEnds() {
        close(output.ours)
        close(errors.ours)
    }

    func closeAll() {
        closeChildEnds()
        closeOurEnds()
    }
}
