import Foundation
import Glibc
import System
import Testing

import TestSupport
@testable import FastCGI

@Suite("Listeners", .blocking, .timeLimit(.minutes(10)))
struct ListenerTests {
    @Test("the socket has mode 0660 and its file is removed at the stop")
    func mode() throws {
        let server = try TestServer(handler: Handler.echo)
        var status = stat()
        #expect(lstat(server.path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o660)
        #expect(status.st_mode & S_IFMT == S_IFSOCK)
        server.server.stopAccepting()
        #expect(lstat(server.path, &status) != 0)
    }

    @Test("the socket gets the group that it is given")
    func group() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s")
        let group = try #require(getgrgid(getgid()))
        let source = Listener.Source.path(path, group: String(cString: group.pointee.gr_name))
        let server = try Server.start(Listener(.api, on: source), handler: Handler.echo)
        defer { server.drain(deadline: .now + .seconds(1)) }
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_gid == getgid())
        #expect(status.st_mode & 0o7777 == 0o660)
    }

    @Test("a stale socket file is replaced")
    func stale() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s")
        let socket = try ListeningSocket.bind(path, backlog: 1)
        // Closed without unlinking, as by a crash.
        Glibc.close(socket.descriptor)
        let server = try Server.start(Listener(.api, on: .path(path)), handler: Handler.echo)
        defer { server.drain(deadline: .now + .seconds(1)) }
        #expect(try TestPeer(path).exchange(TestRequest()).status == 200)
    }

    @Test("a live socket is refused and goes on")
    func live() throws {
        let server = try TestServer(handler: Handler.echo)
        let error = #expect(throws: FastCGIError.self) {
            try Server.start(Listener(.api, on: .path(server.path)), handler: Handler.echo)
        }
        #expect(error?.code == .addressInUse)
        #expect(try server.peer().exchange(TestRequest()).status == 200)
    }

    @Test("a file that is not a socket is left alone")
    func file() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s")
        try Data("precious".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: FastCGIError.self) {
            try Server.start(Listener(.api, on: .path(path)), handler: Handler.echo)
        }
        #expect(error?.code == .notASocket)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
    }

    @Test("the file of a new server on the same path is not removed")
    func successor() throws {
        let server = try TestServer(handler: Handler.echo)
        unlink(server.path)
        let next = try Server.start(Listener(.api, on: .path(server.path)), handler: Handler.echo)
        defer { next.drain(deadline: .now + .seconds(1)) }
        server.server.drain(deadline: .now + .seconds(10))
        #expect(try TestPeer(server.path).exchange(TestRequest()).status == 200)
    }

    @Test(
        "a bad description is refused with its cause",
        arguments: [
            (Listener(.api, on: .path("")), FastCGIError.Code.badPath),
            (Listener(.api, on: .path("/" + String(repeating: "a", count: 107))), .badPath),
            (Listener(.api, on: .path("/tmp/s", group: "no-such-group")), .unknownGroup),
            (Listener(.api, on: .path("/no/such/folder/s")), .system),
            (Listener(.api, on: .inherited(0)), .notListening),
            (Listener(.api, on: .inherited(999)), .notListening),
            (Listener(.api, on: .path("/tmp/s"), limits: .init(workers: 0)), .badLimit),
            (Listener(.api, on: .path("/tmp/s"), limits: .init(ioTimeout: .zero)), .badLimit),
        ])
    func bad(listener: Listener, code: FastCGIError.Code) {
        let error = #expect(throws: FastCGIError.self) {
            try Server.start(listener, handler: Handler.echo)
        }
        #expect(error?.code == code)
    }

    @Test("an inherited socket is served, and its queue outlives the server")
    func inherited() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s")
        let socket = try ListeningSocket.bind(path, backlog: 8)
        defer { Glibc.close(socket.descriptor) }
        for _ in 0..<2 {
            let server = try Server.start(
                Listener(.callbacks, on: .inherited(dup(socket.descriptor))),
                handler: Handler.echo)
            #expect(try TestPeer(path).exchange(TestRequest()).status == 200)
            #expect(server.drain(deadline: .now + .seconds(10)) == 0)
            // Waits in the queue for the next server.
            _ = try TestPeer(path)
        }
    }

    /// Where a test's descriptors are bound; 9 is not a Unix socket.
    private static func path(_ descriptor: Int32) -> String? {
        descriptor == 9
            ? nil
            : [3: "/run/waybill/callbacks.sock", 4: "/run/waybill/api.sock", 5: "/run/x/events"][
                descriptor] ?? "/run/waybill/more-\(descriptor).sock"
    }
}
