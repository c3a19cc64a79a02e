import Glibc
import TestSupport
import Testing

@testable import System

@Suite("Unix sockets", .blocking)
struct SocketTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private var path: String { folder.path(of: "s") }

    @Test(
        "A path that is not valid is refused before any system call",
        arguments: ["", "a\u{0}b", String(repeating: "x", count: 108)])
    func badPath(path: String) {
        let error = #expect(throws: SystemError.self) { try UnixAddress(path: path) }
        #expect(error?.code == .badPath)
        #expect(throws: SystemError.self) { try UnixAddress(pathOrAbstractName: "@" + path) }
    }

    @Test("The longest path works, as a path and as a name in the abstract namespace")
    func longestPath() throws {
        let start = folder.path(of: "")
        let path = start + String(repeating: "x", count: UnixAddress.longestPath - start.utf8.count)
        #expect(path.utf8.count == 107)
        let socket = try UnixSocket(.datagram)
        try socket.bind(to: UnixAddress(path: path))
        let descriptor = socket.descriptor
        #expect(UnixAddress.path(of: descriptor) == path)
        _ = try UnixAddress(pathOrAbstractName: "@" + String(path.dropFirst()))
    }

    @Test("What is sent to a listening socket is received", arguments: [true, false])
    func stream(isInherited: Bool) throws {
        var listener = try ListeningSocket.bind(path, backlog: 4)
        #expect(listener.ownsQueue)
        if isInherited {
            listener = try ListeningSocket.adopt(listener.descriptor)
            #expect(!listener.ownsQueue)
        }
        let ours = try UnixSocket(.stream)
        try ours.connect(to: UnixAddress(path: path))
        let theirs = accept(listener.descriptor, nil, nil)
        let isSent = ours.send(Array("hello".utf8))
        #expect(isSent)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(recv(theirs, &buffer, 8, 0) == 5)
        send(theirs, buffer, 5, 0)
        let isReadable = ours.isReadable(within: .seconds(10))
        #expect(isReadable)
        let answer = ours.receive(atMost: 64)
        #expect(answer == Array("hello".utf8))
        close(theirs)
        let end = ours.receive(atMost: 64)
        #expect(end.isEmpty)
        listener.shut()
    }

    @Test("A limited wait ends without a byte")
    func limit() throws {
        let listener = try ListeningSocket.bind(path, backlog: 4)
        defer { listener.shut() }
        let socket = try UnixSocket(.stream)
        try socket.connect(to: UnixAddress(path: path))
        for limit in [Duration.milliseconds(2), .seconds(-1)] {
            socket.limitWaits(to: limit)
            let bytes = socket.receive(atMost: 64)
            #expect(bytes.isEmpty)
        }
        let isReadable = socket.isReadable(within: .zero)
        #expect(!isReadable)
    }

    @Test("A message reaches a datagram socket, whole", arguments: ["path", "@"])
    func datagram(kind: String) throws {
        let name =
            kind == "@" ? "@waybill-\(getpid())-\(UInt32.random(in: .min ... .max))" : path
        let receiver = try #require(DatagramSocket(name))
        let sender = try UnixSocket(.datagram)
        try sender.send(Array("READY=1".utf8), to: UnixAddress(pathOrAbstractName: name))
        #expect(receiver.receive() == "READY=1")
    }

    @Test("A missing listener is an error with the system's number")
    func nobody() throws {
        let socket = try UnixSocket(.stream)
        let address = try UnixAddress(path: path)
        var error: SystemError?
        do { try socket.connect(to: address) } catch let failure { error = failure }
        #expect(error?.errorNumber == ENOENT)
        #expect(error?.debugDescription.contains("errno 2") == true)
        #expect(error?.reason.isEmpty == false)
    }

    @Test("A dead process's file is replaced; a live one's and a plain file are left alone")
    func stale() throws {
        let first = try ListeningSocket.bind(path, backlog: 1)
        var error = #expect(throws: SystemError.self) {
            try ListeningSocket.bind(path, backlog: 1)
        }
        #expect(error?.code == .addressInUse)
        close(first.descriptor)
        let second = try ListeningSocket.bind(path, backlog: 1)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        // The first socket is closed late: the file belongs to another one by now.
        unlink(path)
        let third = try ListeningSocket.bind(folder.path(of: "other"), backlog: 1)
        rename(folder.path(of: "other"), path)
        second.removeFile()
        #expect(lstat(path, &status) == 0)
        close(second.descriptor)
        close(third.descriptor)
        let plain = try folder.write("plain", "text")
        error = #expect(throws: SystemError.self) { try ListeningSocket.bind(plain, backlog: 1) }
        #expect(error?.code == .notASocket)
    }

    @Test("An unknown group is named")
    func group() {
        let error = #expect(throws: SystemError.self) {
            try ListeningSocket.bind(path, group: "no-such-group", backlog: 1)
        }
        #expect(error == SystemError(.unknownGroup, "no-such-group"))
        #expect(access(path, F_OK) != 0)
    }

    @Test("A descriptor that does not listen is refused")
    func notListening() throws {
        let socket = try UnixSocket(.stream)
        let descriptor = socket.descriptor
        let error = #expect(throws: SystemError.self) { try ListeningSocket.adopt(descriptor) }
        #expect(error?.code == .notListening)
    }

    @Test("A socket that was given away stays open")
    func take() throws {
        let socket = try UnixSocket(.stream)
        let descriptor = socket.take()
        #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
        close(descriptor)
    }
}
