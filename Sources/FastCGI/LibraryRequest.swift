internal import CFastCGI
internal import Glibc

/// libfcgi's process-wide state.
///
/// A peer on the socket is trusted: libfcgi 2.4.2 aborts the process for FCGI_GET_VALUES with four
/// names (a 64-byte buffer on the stack) and for names of gigabytes when memory is short. nginx
/// sends neither, the socket's mode keeps everybody else away, and `RecordInspection` ends the
/// connections of those who try.
enum Library {
    /// Prepares libfcgi once a process and returns 0 or its error.
    ///
    /// FCGX_Init installs handlers for SIGUSR1, SIGTERM and SIGPIPE of its own; a daemon that
    /// waits for its signals wants the first two left as they were, so they are put back.
    static let status: Int32 = {
        var user = sigaction()
        var terminate = sigaction()
        sigaction(SIGUSR1, nil, &user)
        sigaction(SIGTERM, nil, &terminate)
        let status = FCGX_Init()
        sigaction(SIGUSR1, &user, nil)
        sigaction(SIGTERM, &terminate, nil)
        ignoreBrokenPipes()
        return status
    }()

    /// libfcgi writes with write(2), which would kill the process when nginx has gone away.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

/// The owner of one FCGX_Request, which stays at one address from its reading to its freeing.
///
/// The descriptor never belongs to it, except that a failed `read` has closed it. One thread at a
/// time; `Exchange` sees to that.
struct LibraryRequest: ~Copyable, @unchecked Sendable {
    // Unchecked because of the pointer: what it points to is used by one thread at a time.
    private let request: UnsafeMutablePointer<FCGX_Request>

    /// Reads the head of a request: parameters up to their end.
    ///
    /// - Returns: Nothing when the peer closed, stalled or broke the protocol. The descriptor is
    ///   closed in that case, whether libfcgi did so or not.
    init?(readingFrom descriptor: Int32) {
        request = .allocate(capacity: 1)
        request.initialize(to: FCGX_Request())
        guard waybill_request_read(request, descriptor) == 0 else {
            // FCGX_Accept_r has closed the descriptor and freed the streams.
            return nil
        }
        // Parameters cut off between two names look complete to FCGX_Accept_r: only the stream's
        // error tells.
        guard FCGX_GetError(request.pointee.in) == 0,
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

    var descriptor: Int32 { request.pointee.ipcFd }
    var id: UInt16 { UInt16(truncatingIfNeeded: request.pointee.requestId) }
    var peerKeepsConnection: Bool { request.pointee.keepConnection != 0 }

    /// A copy of a parameter's value.
    func parameter(_ name: String) -> String? {
        // The implicit bridging of a String to a pointer would allocate an array.
        name.withCString { name in
            guard let value = FCGX_GetParam(name, request.pointee.envp) else { return nil }
            return String(cString: value)
        }
    }

    /// Whether CONTENT_LENGTH is absent, empty or "0".
    var declaresNoBody: Bool {
        guard let value = FCGX_GetParam("CONTENT_LENGTH", request.pointee.envp) else { return true }
        return value[0] == 0 || value[0] == CChar(UInt8(ascii: "0")) && value[1] == 0
    }

    /// Reads up to the buffer's capacity from the input; fewer bytes mean its end or an error.
    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let base = buffer.baseAddress, !buffer.isEmpty else { return 0 }
        let wanted = Int32(clamping: buffer.count)
        let count = base.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
            FCGX_GetStr($0, wanted, request.pointee.in)
        }
        return Int(max(count, 0))
    }

    /// Whether nothing is left of the input and its end was clean. Reads the record that says so.
    func inputEnds() -> InputEnd {
        let next = FCGX_GetChar(request.pointee.in)
        if next >= 0 { return .more }
        return FCGX_GetError(request.pointee.in) == 0 ? .clean : .failed
    }

    /// Whether the input failed because the peer stalled.
    var inputStalled: Bool { FCGX_GetError(request.pointee.in) == EAGAIN }

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

    enum InputEnd { case clean, more, failed }
}
