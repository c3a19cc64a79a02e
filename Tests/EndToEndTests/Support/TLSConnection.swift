import COpenSSL
import Foundation
import Glibc

/// The certificates that a client trusts: those of one file and no others.
// Sendable because OpenSSL locks a context itself, and nothing changes it once it is made.
final class TLSTrust: @unchecked Sendable {
    fileprivate let context: OpaquePointer

    /// - Throws: when the file holds no certificate.
    init(authority path: String) throws(ConnectionFailure) {
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw ConnectionFailure("no TLS context")
        }
        self.context = context
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard SSL_CTX_load_verify_locations(context, path, nil) == 1 else {
            throw ConnectionFailure("\(path) holds no certificate")
        }
    }

    deinit {
        SSL_CTX_free(context)
    }
}

/// One TLS connection to a port on loopback, blocking, every wait bounded.
///
/// Foundation's URLSession cannot be used: on Linux it trusts the system's certificates only, and
/// it sends whole requests only.
// Sendable because its owner lends it to one thread at a time.
final class TLSConnection: @unchecked Sendable {
    private let descriptor: Int32
    private let session: OpaquePointer

    /// Connects and checks the server's certificate for the name or the address.
    ///
    /// - Parameters:
    ///   - port: of the server.
    ///   - host: the name or the address that the certificate must hold.
    ///   - trust: which certificates count.
    ///   - patience: how long one wait may take.
    ///   - name: the protocol to agree on; HTTP/1.1 unless given.
    ///   - source: the last two bytes of our own address, which begins with 127.0.
    /// - Throws: when nobody listens, or the certificate is not for `host`.
    init(
        port: UInt16, host: String, trust: TLSTrust, patience: Duration = .seconds(20),
        protocol name: String? = nil, source: (UInt8, UInt8) = (0, 1)
    ) throws(ConnectionFailure) {
        // OpenSSL writes with write(2): a server that has closed must not end the tests.
        signal(SIGPIPE, SIG_IGN)
        descriptor = try Self.connect(port, patience, source: source)
        guard let session = SSL_new(trust.context) else {
            close(descriptor)
            throw ConnectionFailure("no TLS session")
        }
        self.session = session
        if host == "127.0.0.1" {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host)
        } else {
            SSL_set1_host(session, host)
            _ = waybill_tls_server_name(session, host)
        }
        if let name {
            let list = [UInt8(name.utf8.count)] + Array(name.utf8)
            SSL_set_alpn_protos(session, list, UInt32(list.count))
        }
        guard SSL_set_fd(session, descriptor) == 1, SSL_connect(session) == 1 else {
            throw ConnectionFailure(
                "no TLS with \(host): \(SSL_get_verify_result(session)), errno \(errno)")
        }
    }

    deinit {
        SSL_free(session)
        close(descriptor)
    }

    /// Sends all of it.
    func send(_ bytes: [UInt8]) throws(ConnectionFailure) {
        guard !bytes.isEmpty else { return }
        guard SSL_write(session, bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            throw ConnectionFailure("the server takes no more")
        }
    }

    /// What came next; empty at the end of the connection.
    ///
    /// - Throws: when nothing comes in time.
    func receive() throws(ConnectionFailure) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        errno = 0
        let count = SSL_read(session, &buffer, Int32(buffer.count))
        if count > 0 { return Array(buffer[..<Int(count)]) }
        guard errno != EAGAIN else { throw ConnectionFailure("no answer in time", isTimeout: true) }
        return []
    }

    /// What `poll` waits for, once nothing waits by itself any more.
    func stopBlocking() -> Int32 {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return descriptor
    }

    /// What is there now, after `stopBlocking`.
    ///
    /// - Returns: how many bytes came; 0 at the end, nil if there are none yet.
    func receiveNow(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
        if count > 0 { return Int(count) }
        return SSL_get_error(session, count) == SSL_ERROR_WANT_READ ? nil : 0
    }

    /// Ends both directions, and with them a wait in another thread.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    static func connect(
        _ port: UInt16, _ patience: Duration, source: (UInt8, UInt8) = (0, 1)
    ) throws(ConnectionFailure) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ConnectionFailure("no socket") }
        var limit = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var yes: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        func with(_ host: UInt32, _ port: UInt16, _ call: (Int32, UnsafePointer<sockaddr>) -> Int32)
            -> Int32
        {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = host.bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0) }
            }
        }
        let size4 = socklen_t(MemoryLayout<sockaddr_in>.size)
        let own = 0x7F00_0000 | UInt32(source.0) << 8 | UInt32(source.1)
        // Without need it would cost a port that other addresses could have.
        let isBound = source == (0, 1) || with(own, 0, { bind($0, $1, size4) }) == 0
        guard isBound,
            with(0x7F00_0001, port, { Glibc.connect($0, $1, size4) }) == 0
        else {
            close(descriptor)
            throw ConnectionFailure("nobody listens on port \(port)")
        }
        return descriptor
    }
}

/// Why there was no answer at all.
struct ConnectionFailure: Error, CustomStringConvertible {
    let description: String
    let isTimeout: Bool

    init(_ description: String, isTimeout: Bool = false) {
        self.description = description
        self.isTimeout = isTimeout
    }
}
