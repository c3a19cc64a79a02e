import CPostgres
import Glibc

extension ConnectionHandle {
    /// Connects without blocking past the deadline, except for looking up names.
    ///
    /// - Throws: `timeout`, or the server's refusal, or `connection`.
    static func open(
        _ options: [String: String], until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> ConnectionHandle {
        let handle = try start(options)
        PQsetErrorVerbosity(handle.pointer, PQERRORS_VERBOSE)
        var next = PGRES_POLLING_WRITING
        while true {
            switch next {
            case PGRES_POLLING_OK: return handle
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING:
                let events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT
                // libpq opens another socket for each host and address.
                guard
                    SocketReadiness.wait(handle.socket, for: Int32(events), until: deadline) != nil
                else { throw PostgresError(.timeout, "the server did not answer in time") }
                next = PQconnectPoll(handle.pointer)
            default:
                let text = handle.errorText
                let state = sqlState(inConnectError: text)
                throw PostgresError(state?.code ?? .connection, text, sqlState: state)
            }
        }
    }

    private static func start(
        _ options: [String: String]
    ) throws(PostgresError) -> ConnectionHandle {
        let pairs = Array(options)
        let keywords = pairs.map { strdup($0.key) } + [nil]
        let values = pairs.map { strdup($0.value) } + [nil]
        defer { (keywords + values).forEach { free($0) } }
        let pointer = PQconnectStartParams(
            keywords.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 0)
        guard let pointer else { throw PostgresError(.other, "out of memory") }
        let handle = ConnectionHandle(owning: pointer)
        guard !handle.isBad else { throw PostgresError(.connection, handle.errorText) }
        return handle
    }

    /// The SQLSTATE of the last refusal in libpq's report of a failed connect.
    ///
    /// libpq makes no result for a failed connect. With verbose errors, each of the server's is
    /// written `SEVERITY:  SQLSTATE: text`, with two spaces.
    static func sqlState(inConnectError text: String) -> SQLState? {
        var found: SQLState?
        var rest = Substring(text)
        while let colon = rest.firstIndex(of: ":") {
            rest = rest[rest.index(after: colon)...]
            guard rest.hasPrefix("  ") else { continue }
            let word = rest.dropFirst(2).prefix(6)
            if word.last == ":", let state = SQLState(String(word.dropLast())) { found = state }
        }
        return found
    }
}
