internal import CFastCGI
internal import Glibc

/// libfcgi's process-wide state.
enum Library {
    /// Prepares libfcgi once a process and returns 0 or its error.
    ///
    /// FCGX_Init installs its own handlers for SIGUSR1, SIGTERM and SIGPIPE. A daemon waits for the
    /// first two itself, so their old handlers are restored.
    static let status: Int32 = {
        var user = sigaction()
        var terminate = sigaction()
        sigaction(SIGUSR1, nil, &user)
        sigaction(SIGTERM, nil, &terminate)
        let status = FCGX_Init()
        sigaction(SIGUSR1, &user, nil)
        sigaction(SIGTERM, &terminate, nil)
        ignoreBrokenPipes()
        return status == 0 && !readsFromMemory ? ENOSYS : status
    }()

    /// Whether libfcgi reads through our `OS_Read`. The dynamic linker decides that: a library
    /// loaded earlier with an `OS_Read` of its own would make libfcgi read the socket directly,
    /// past the checks of `RequestCollector`.
    private static var readsFromMemory: Bool {
        // A request of a responder without parameters.
        let head: [UInt8] = [
            1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 0, 0,
        ]
        let descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, let request = LibraryRequest(head: head, descriptor: descriptor)
        else { return false }
        request.abandon()
        close(descriptor)
        return true
    }

    /// libfcgi writes with write(2); without this, SIGPIPE would kill the process when nginx
    /// closes.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// The owner of one FCGX_Request, which keeps its address until it is freed.
///
/// It does not own the descriptor, but a failed `read` has closed it. One thread at a time, which
/// `Exchange` ensures.
struct LibraryRequest: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: what it points to is used by one thread at a time.
    private let request: UnsafeMutablePointer<FCGX_Request>

    /// Parses the head of a request: parameters up to their end.
    ///
    /// Nil when libfcgi finds an error in it or has no memory. The descriptor is closed in that
    /// case, whether libfcgi did so or not.
    ///
    /// - Parameters:
    ///   - head: Complete, as `RequestCollector` has examined it.
    ///   - descriptor: Where the answer goes; it is not read.
    init?(head: [UInt8], descriptor: Int32) {
        let request = UnsafeMutablePointer<FCGX_Request>.allocate(capacity: 1)
        self.request = request
        request.initialize(to: FCGX_Request())
        let (status, isExhausted) = head.withUnsafeBytes { bytes in
            RequestSource.with(bytes) { waybill_request_read(request, descriptor) }
        }
        guard status == 0 else {
            // FCGX_Accept_r has closed the descriptor and freed the streams.
            return nil
        }
        // FCGX_Accept_r accepts parameters that were cut off between two names; only the stream's
        // error shows it.
        guard isExhausted, FCGX_GetError(request.pointee.in) == 0,
            request.pointee.role == Int32(WAYBILL_ROLE_RESPONDER)
        else {
            waybill_request_abandon(request)
            close(descriptor)
            return nil
        }
    }

    deinit {
        if request.pointee.ipcFd >= 0 { waybill_request_abandon(request) }
        request.deinitialize(count: 1)
        request.deallocate()
    }

    var id: UInt16 { UInt16(truncatingIfNeeded: request.pointee.requestId) }
    var peerKeepsConnection: Bool { request.pointee.keepConnection != 0 }

    /// A copy of a parameter's value; of a header that came in several lines, all of them.
    func parameter(_ name: String) -> String? {
        // The implicit bridging of a String to a pointer would allocate an array.
        name.withCString { name in
            guard let envp = request.pointee.envp,
                let value = FCGX_GetParam(name, envp)
            else { return nil }
            let first = String(cString: value)
            // nginx before 1.23 passes each line by itself, later ones join them in the same way.
            // Nothing but headers can come twice.
            guard strncmp(name, "HTTP_", 5) == 0 else { return first }
            return Self.joined(first, followedBy: envp, name)
        }
    }

    /// A header's first value with those of its other lines behind it.
    /// Source: RFC 9110, section 5.3.
    private static func joined(
        _ first: String, followedBy parameters: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ name: UnsafePointer<CChar>
    ) -> String {
        let length = strlen(name)
        var text = first
        var count = 0
        var next = parameters
        while let pair = next.pointee {
            next += 1
            guard strncmp(pair, name, length) == 0, pair[length] == CChar(UInt8(ascii: "="))
            else { continue }
            count += 1
            if count > 1 { text += ", " + String(cString: pair + length + 1) }
        }
        return text
    }

    /// Puts bytes into the output; false when the peer no longer takes them.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var rest = raw[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                let wanted = Int32(part.count)
                guard let base = part.baseAddress?.assumingMemoryBound(to: CChar.self),
                    FCGX_PutStr(base, wanted, request.pointee.out) == wanted
                else { return false }
                rest = rest.dropFirst(part.count)
            }
            return true
        }
    }

    /// Sends what was put so far, without ending the output.
    func flush() -> Bool { FCGX_FFlush(request.pointee.out) == 0 }

    /// Ends the output and frees the request; 0, or what went wrong with the output.
    func finish() -> Int32 { waybill_request_finish(request) }

    /// Frees the request without ending the output.
    func abandon() { waybill_request_abandon(request) }
}
