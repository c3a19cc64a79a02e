import Foundation
import JSON
import Providers
import Security

/// The secrets and ports that the demo chose once and keeps, in a file only its owner can read.
struct DemoSecrets {
    let databaseSuperuser: String
    let databaseMigrator: String
    let databaseResponder: String
    let apiKey: String
    var databaseDispatcher = ""
    var databaseDeliverer = ""
    /// That of the user with which the demo can be entered.
    var userPassword = ""
    /// Those of the providers, by the names that their kits give them.
    private(set) var providers: [String: String] = [:]
    /// The simulator's port; another one is chosen if it is in use.
    var simulatorPort: UInt16 = 0
    /// PostgreSQL's TCP port; another one is chosen if it is in use.
    var databasePort: UInt16

    /// Reads the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - kits: the providers whose secrets are in it, too.
    /// - Returns: all of it.
    /// - Throws: `DemoError` if the file is damaged or cannot be written.
    static func load(
        from path: String, for kits: [any ProviderKit]
    ) throws(DemoError) -> DemoSecrets {
        if let data = FileManager.default.contents(atPath: path) {
            let json = try? JSONValue(strict: [UInt8](data))
            guard var secrets = json.flatMap({ DemoSecrets($0) }) else {
                throw DemoError("\(path) is damaged; remove the folder to start afresh")
            }
            if try secrets.complete(for: kits) { try secrets.save(to: path) }
            return secrets
        }
        var secrets = try generate()
        _ = try secrets.complete(for: kits)
        try secrets.save(to: path)
        return secrets
    }

    /// Adds what a file of an earlier version does not have.
    ///
    /// - Returns: whether there was anything to make.
    private mutating func complete(for kits: [any ProviderKit]) throws(DemoError) -> Bool {
        var isWhole =
            simulatorPort != 0 && !databaseDispatcher.isEmpty && !databaseDeliverer.isEmpty
            && !userPassword.isEmpty
        if userPassword.isEmpty { userPassword = try Self.token() }
        if databaseDispatcher.isEmpty { databaseDispatcher = try Self.token() }
        if databaseDeliverer.isEmpty { databaseDeliverer = try Self.token() }
        for secret in kits.compactMap(\.demo).flatMap(\.secrets)
        where (providers[secret.name] ?? "").isEmpty {
            isWhole = false
            providers[secret.name] = try Self.value(of: secret.form)
        }
        while simulatorPort == 0 || simulatorPort == databasePort {
            simulatorPort = try LoopbackPort.free()
        }
        return !isWhole
    }

    private static func value(of form: DemoSecret.Form) throws(DemoError) -> String {
        switch form {
        case .fixed(let text): text
        case .token: try token()
        case .account(let prefix): prefix + (try token(byteCount: 10)).uppercased()
        }
    }

    private static func token(byteCount: Int = 24) throws(DemoError) -> String {
        do {
            return try RandomBytes.token(byteCount: byteCount)
        } catch {
            throw DemoError("cannot make secrets: \(error)")
        }
    }

    /// Writes the file with mode 0600, whole or not at all.
    func save(to path: String) throws(DemoError) {
        guard PrivateFile.write(Data(json), to: path) else {
            throw DemoError("cannot write \(path)")
        }
    }

    private static func generate() throws(DemoError) -> DemoSecrets {
        do {
            return DemoSecrets(
                databaseSuperuser: try RandomBytes.token(byteCount: 24),
                databaseMigrator: try RandomBytes.token(byteCount: 24),
                databaseResponder: try RandomBytes.token(byteCount: 24),
                apiKey: try APIToken.generate().revealed,
                databasePort: try LoopbackPort.free())
        } catch let failure as DemoError {
            throw failure
        } catch {
            throw DemoError("cannot make secrets: \(error)")
        }
    }
}

extension DemoSecrets {
    /// The names in the file, without those of the providers' secrets.
    private enum Member: String, CaseIterable {
        case databaseSuperuser
        case databaseMigrator
        case databaseResponder
        case databaseDispatcher
        case databaseDeliverer
        case apiKey
        case userPassword
        case simulatorPort
        case databasePort
    }

    private var json: [UInt8] {
        var json = JSONWriter(indent: 2)
        json.object { json in
            let texts: [(Member, String)] = [
                (.databaseSuperuser, databaseSuperuser), (.databaseMigrator, databaseMigrator),
                (.databaseResponder, databaseResponder),
                (.databaseDispatcher, databaseDispatcher),
                (.databaseDeliverer, databaseDeliverer), (.apiKey, apiKey),
                (.userPassword, userPassword),
            ]
            for (member, text) in texts { json.member(member.rawValue, text) }
            for (name, text) in providers.sorted(by: { $0.key < $1.key }) {
                json.member(name, text)
            }
            json.member(Member.simulatorPort.rawValue, simulatorPort)
            json.member(Member.databasePort.rawValue, databasePort)
        }
        return json.bytes
    }

    /// Nil without a secret that every version wrote. Other missing secrets are made again.
    private init?(_ json: JSONValue) {
        func port(_ member: Member) -> UInt16? {
            json[member.rawValue]?.integer.flatMap { UInt16(exactly: $0) }
        }
        func text(_ member: Member) -> String? { json[member.rawValue]?.text }
        guard let databaseSuperuser = text(.databaseSuperuser),
            let databaseMigrator = text(.databaseMigrator),
            let databaseResponder = text(.databaseResponder), let apiKey = text(.apiKey),
            let databasePort = port(.databasePort)
        else { return nil }
        self.init(
            databaseSuperuser: databaseSuperuser, databaseMigrator: databaseMigrator,
            databaseResponder: databaseResponder, apiKey: apiKey,
            // A file of an earlier version may lack these.
            databaseDispatcher: text(.databaseDispatcher) ?? "",
            databaseDeliverer: text(.databaseDeliverer) ?? "",
            userPassword: text(.userPassword) ?? "",
            simulatorPort: port(.simulatorPort) ?? 0, databasePort: databasePort)
        for member in json.members where Member(rawValue: member.name) == nil {
            providers[member.name] = member.value.text
        }
    }
}

/// Files that only their owner can read.
enum PrivateFile {
    /// Writes a file with mode 0600 beside the old one and renames it.
    static func write(_ data: Data, to path: String) -> Bool {
        let new = path + ".new"
        unlink(new)
        // Private from the first byte: FileManager would create it first and restrict it then.
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: data)
            try file.close()
        } catch {
            unlink(new)
            return false
        }
        return rename(new, path) == 0
    }
}
