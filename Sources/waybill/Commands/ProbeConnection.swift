import Foundation

/// One TLS connection to a deployment, over which a probe makes its requests one after the other.
///
/// `openssl s_client` makes it: URLSession on Linux trusts the system's authorities and no others,
/// and would load libcurl into the responder too. Everything is bounded in time and in bytes. For
/// one thread.
final class ProbeConnection {
    /// A whole answer.
    struct Answer {
        let status: Int
        let body: [UInt8]
        /// From the request's start to the answer's end.
        let duration: Duration
    }

    /// How long the connection, and each answer, may take.
    private static let limit: Duration = .seconds(15)
    private static let byteLimit = 262_144

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let errors = Pipe()
    private var received: [UInt8] = []
    private var words: [UInt8] = []
    private let authority: String
    private let basePath: String
    /// The time of name look-up, TCP and TLS, and of starting the program that does it.
    private(set) var setup: Duration = .zero

    /// Connects and verifies the certificate.
    ///
    /// - Parameters:
    ///   - url: `https://host[:port][/path]`.
    ///   - trusted: a PEM file of authorities instead of the system's.
    ///   - openssl: the program.
    /// - Throws: `CommandFailure` with what is wrong between here and nginx.
    init(_ url: String, trusted: String?, openssl: String) throws(CommandFailure) {
        guard let parts = URLComponents(string: url), let name = parts.host, !name.isEmpty else {
            throw CommandFailure("\(url) is no URL")
        }
        // Foundation keeps the brackets of an IPv6 address.
        let host = name.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let place = name.contains(":") ? "[\(host)]" : host
        authority = parts.port.map { "\(place):\($0)" } ?? place
        basePath = parts.percentEncodedPath
        process.executableURL = URL(fileURLWithPath: openssl)
        process.arguments =
            [
                "s_client", "-brief", "-ign_eof", "-verify_return_error", "-alpn", "http/1.1",
                "-connect", "\(place):\(parts.port ?? 443)",
            ] + Self.identity(host) + (trusted.map { ["-CAfile", $0] } ?? [])
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        // A connection that breaks must be an error, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        let start = ContinuousClock.now
        do {
            try process.run()
        } catch {
            throw CommandFailure("cannot start \(openssl): \(error.localizedDescription)")
        }
        let deadline = start + Self.limit
        while !contains("CONNECTION ESTABLISHED") {
            guard try readMore(until: deadline) else { throw CommandFailure(reason) }
        }
        setup = ContinuousClock.now - start
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// An address has no name to ask for, and is verified as what it is.
    private static func identity(_ host: String) -> [String] {
        var address = in6_addr()
        let isAddress =
            inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
        return isAddress
            ? ["-verify_ip", host, "-noservername"]
            : ["-verify_hostname", host, "-servername", host]
    }

    /// Sends one request and waits for its answer.
    ///
    /// - Throws: `CommandFailure` if the connection breaks, if no answer is there after 15 seconds, or if
    ///   it has more than 256 KiB.
    func send(
        _ method: String, _ target: String, headers: [(name: String, value: String)],
        body: [UInt8]?
    ) throws(CommandFailure) -> Answer {
        var head = "\(method) \(basePath)\(target) HTTP/1.1\r\nHost: \(authority)\r\n"
        head += "User-Agent: waybill-probe/\(Version.current)\r\nAccept: application/json\r\n"
        for (name, value) in headers {
            guard !value.contains(where: \.isNewline) else {
                throw CommandFailure("the value of \(name) has a line break")
            }
            head += "\(name): \(value)\r\n"
        }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        let start = ContinuousClock.now
        do {
            let request = Array((head + "\r\n").utf8) + (body ?? [])
            try input.fileHandleForWriting.write(contentsOf: Data(request))
        } catch {
            throw CommandFailure("the connection broke")
        }
        received = []
        let deadline = start + Self.limit
        var answer = try parsed()
        while answer == nil {
            guard try readMore(until: deadline) else {
                throw CommandFailure("the connection was closed before the answer's end")
            }
            answer = try parsed()
        }
        let duration = ContinuousClock.now - start
        return Answer(
            status: answer?.status ?? 0, body: answer?.body ?? [], duration: duration)
    }

    // MARK: Reading

    /// The answer, if all of it is there.
    private func parsed() throws(CommandFailure) -> (status: Int, body: [UInt8])? {
        let end = Array("\r\n\r\n".utf8)
        guard
            let gap = received.indices.dropLast(3).first(where: {
                received[$0..<$0 + 4].elementsEqual(end)
            })
        else { return nil }
        let lines = String(decoding: received[..<gap], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw CommandFailure("what answers does not speak HTTP")
        }
        var length: Int?
        for line in lines.dropFirst() where line.lowercased().hasPrefix("content-length:") {
            length = Int(line.dropFirst(15).trimmingCharacters(in: .whitespaces))
        }
        // Waybill and its nginx always send the length; an answer without one is not read further.
        guard let length, (0...Self.byteLimit).contains(length) else { return (status, []) }
        let body = received[(gap + 4)...]
        return body.count < length ? nil : (status, Array(body.prefix(length)))
    }

    /// Waits for more of the answer or of openssl's messages.
    ///
    /// Returns false once openssl has ended.
    private func readMore(until deadline: ContinuousClock.Instant) throws(CommandFailure) -> Bool {
        let left = deadline - ContinuousClock.now
        let descriptors = [output, errors].map { $0.fileHandleForReading.fileDescriptor }
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard left > .zero, poll(&polled, 2, Int32(left / .milliseconds(1)) + 1) > 0 else {
            throw CommandFailure("no answer within \(Self.limit.components.seconds) seconds")
        }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var isOpen = false
        for (index, item) in polled.enumerated() where item.revents != 0 {
            let count = read(item.fd, &buffer, buffer.count)
            guard count > 0 else { continue }
            isOpen = true
            if index == 0 { received += buffer[..<count] } else { words += buffer[..<count] }
        }
        guard received.count + words.count <= 2 * Self.byteLimit else {
            throw CommandFailure("an answer of more than \(Self.byteLimit) bytes")
        }
        return isOpen
    }

    private func contains(_ text: String) -> Bool {
        String(decoding: words, as: UTF8.self).contains(text)
    }

    /// Why openssl did not connect, from its messages.
    private var reason: String {
        let lines = String(decoding: words, as: UTF8.self).split(separator: "\n")
        if let line = lines.first(where: { $0.hasPrefix("verify error:") }) {
            let problem = line.split(separator: ":").last ?? ""
            return "the certificate is not trusted: \(problem); if it is of an authority of your"
                + " own, name its file with --ca"
        }
        if contains("Name or service not known") || contains("name resolution") {
            return "the host name cannot be resolved"
        }
        if contains("Connection refused") {
            return "the connection is refused: is nginx running, and is it this port?"
        }
        if contains("no certificate or crl found") {
            return "the file of --ca holds no certificate"
        }
        let last =
            lines.first?.split(separator: ":").suffix(3).joined(separator: ":") ?? "no reason"
        return "TLS failed: \(last)"
    }
}
