import Foundation
import Glibc
import Synchronization
import TestSupport

/// Passes connections on to a server of this machine, and can lose a commit or the answer to one,
/// so that its outcome is unknown to the client; or keep LISTEN from the server, which the client does
/// not see.
final class LossyRelay: Sendable {
    enum Loss: Sendable {
        /// The server has done it.
        case answer
        /// The server never got it.
        case commit
    }

    let port: UInt16
    private let server: UInt16
    private let listener: Int32
    private let state = Mutex((loss: Loss?.none, count: 0))
    private let isDeaf = Atomic<Bool>(false)
    private let deafened = Atomic<Int>(0)

    private static let commit = Array("commit\0".utf8)

    /// How many were lost.
    var lossCount: Int { state.withLock { $0.count } }

    init(to server: UInt16) throws {
        self.server = server
        port = try FreePort.next()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let isBound = Self.with(port) { bind(listener, $0, $1) == 0 }
        guard isBound, listen(listener, 64) == 0 else { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { [listener, server, weak self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                guard let self else { break }
                self.serve(client, server)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Whether LISTEN is kept from the server from now on: what is sent in its place is answered as
    /// LISTEN would be. So does a proxy that gives a session's statements to several connections.
    func deafen(_ isDeaf: Bool) { self.isDeaf.store(isDeaf, ordering: .releasing) }

    /// How many LISTENs did not reach the server.
    var deafenedCount: Int { deafened.load(ordering: .acquiring) }

    private static let listenWords = Array("listen \"".utf8)

    /// The same number of bytes, with another statement in place of LISTEN, up to its end.
    private func passing(_ bytes: [UInt8]) -> [UInt8] {
        guard isDeaf.load(ordering: .acquiring), let place = bytes.firstRange(of: Self.listenWords),
            let end = bytes[place.upperBound...].firstIndex(of: 0)
        else { return bytes }
        deafened.wrappingAdd(1, ordering: .releasing)
        var changed = bytes
        let other = Array("set a.b=1".utf8)
        let blanks = repeatElement(UInt8(ascii: " "), count: end - place.lowerBound - other.count)
        changed.replaceSubrange(place.lowerBound..<end, with: other + blanks)
        return changed
    }

    /// Loses the next commit.
    func loseNext(_ loss: Loss) { state.withLock { $0.loss = loss } }

    private func serve(_ client: Int32, _ port: UInt16) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard Self.with(port, { connect(server, $0, $1) == 0 }) else {
            close(client)
            close(server)
            return
        }
        let isDropping = Flag()
        let group = DispatchGroup()
        group.enter()
        group.enter()
        Thread.detachNewThread {
            Self.pump(from: client, to: server) { bytes in
                guard bytes.contains(Self.commit), let loss = self.takeLoss() else {
                    return self.passing(bytes)
                }
                isDropping.set()
                return loss == .answer ? bytes : nil
            }
            group.leave()
        }
        Thread.detachNewThread {
            Self.pump(from: server, to: client) { isDropping.isSet ? nil : $0 }
            group.leave()
        }
        group.notify(queue: .global()) {
            close(client)
            close(server)
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }

    private func takeLoss() -> Loss? {
        state.withLock { state in
            guard let loss = state.loss else { return nil }
            state = (nil, state.count + 1)
            return loss
        }
    }

    /// Until one side ends, or the bytes must not pass; then both ends are shut.
    private static func pump(
        from source: Int32, to target: Int32, _ passing: ([UInt8]) -> [UInt8]?
    ) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        pumping: while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
            guard let bytes = passing(Array(buffer[..<count])) else { break }
            var sent = 0
            while sent < bytes.count {
                let written = bytes[sent...].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break pumping }
                sent += written
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func with<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
