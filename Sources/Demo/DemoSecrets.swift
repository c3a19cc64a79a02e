import Foundation
import JSON
import Security

/// Everything that the demo made up once and keeps, in a file that only its owner reads.
struct DemoSecrets {
    let databaseSuperuser: String
    let databaseMigrator: String
    let databaseResponder: String
    let apiKey: String
    let infobipUser: String
    let infobipPassword: String
    let infobipHeaderSecret: String
    let infobipHMACSecret: String
    let plivoAuthID: String
    let plivoAuthToken: String
    /// The key that the simulator accepts as Infobip's.
    var infobipAPIKey = ""
    /// In the URL that Infobip's messages name for their reports.
    var infobipURLSecret = ""
    /// The simulator's port; another one is chosen if it is in use.
    var simulatorPort: UInt16 = 0
    /// PostgreSQL's TCP port; another one is chosen if it is in use.
    var databasePort: UInt16

    /// Reads the file, or makes it.
    ///
    /// - Throws: `DemoError` if the file is damaged or cannot be written.
    static func load(from path: String) throws(DemoError) -> DemoSecrets {
        if let data = FileManager.default.contents(atPath: path) {
            let json = try? JSONValue(strict: [UInt8](data))
            guard var secrets = json.flatMap({ DemoSecrets($0) }) else {
                throw DemoError("\(path) is damaged; remove the folder to start afresh")
            }
            if try secrets.complete() { try secrets.save(to: path) }
            return secrets
        }
        var secrets = try generate()
        _ = try secrets.complete()
        try secrets.save(to: path)
        return secrets
    }

    /// Adds what a file of an earlier version does not have.
    ///
    /// - Returns: whether there was anything to make.
    private mutating func complete() throws(DemoError) -> Bool {
        let isWhole = !infobipAPIKey.isEmpty && !infobipURLSecret.isEmpty && simulatorPort != 0
        if infobipAPIKey.isEmpty { infobipAPIKey = try Self.token() }
        if infobipURLSecret.isEmpty { infobipURLSecret = try Self.token() }
        while simulatorPort == 0 || simulatorPort == databasePort {
            simulatorPort = try LoopbackPort.free()
        }
        return !isWhole
    }

    private static func token() throws(DemoError) -> String {
        do {
            return try RandomBytes.token(byteCount: 24)
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
                infobipUser: "infobip",
                infobipPassword: try RandomBytes.token(byteCount: 24),
                infobipHeaderSecret: try RandomBytes.token(byteCount: 24),
                infobipHMACSecret: try RandomBytes.token(byteCount: 24),
                plivoAuthID: "MADEMO" + (try RandomBytes.token(byteCount: 10)).uppercased(),
                plivoAuthToken: try RandomBytes.token(byteCount: 24),
                databasePort: try LoopbackPort.free())
        } catch let failure as DemoError {
            throw failure
        } catch {
            throw DemoError("cannot make secrets: \(error)")
        }
    }
}

extension DemoSecrets {
    /// The names in the file.
    private enum Member: String {
        case databaseSuperuser
        case databaseMigrator
        case databaseResponder
        case apiKey
        case infobipUser
        case infobipPassword
        case infobipHeaderSecret
        case infobipHMACSecret
        case plivoAuthID
        case plivoAuthToken
        case infobipAPIKey
        case infobipURLSecret
        case simulatorPort
        case databasePort
    }

    private var json: [UInt8] {
        var json = JSONWriter(indent: 2)
        json.object { json in
            let texts: [(Member, String)] = [
                (.databaseSuperuser, databaseSuperuser), (.databaseMigrator, databaseMigrator),
                (.databaseResponder, databaseResponder), (.apiKey, apiKey),
                (.infobipUser, infobipUser), (.infobipPassword, infobipPassword),
                (.infobipHeaderSecret, infobipHeaderSecret),
                (.infobipHMACSecret, infobipHMACSecret), (.plivoAuthID, plivoAuthID),
                (.plivoAuthToken, plivoAuthToken), (.infobipAPIKey, infobipAPIKey),
                (.infobipURLSecret, infobipURLSecret),
            ]
            for (member, text) in texts { json.member(member.rawValue, text) }
            json.member(Member.simulatorPort.rawValue, simulatorPort)
            json.member(Member.databasePort.rawValue, databasePort)
        }
        return json.bytes
    }

    /// Nil for what lacks a secret that every version made.
    private init?(_ json: JSONValue) {
        func port(_ member: Member) -> UInt16? {
            json[member.rawValue]?.integer.flatMap { UInt16(exactly: $0) }
        }
        func text(_ member: Member) -> String? { json[member.rawValue]?.text }
        guard let databaseSuperuser = text(.databaseSuperuser),
            let databaseMigrator = text(.databaseMigrator),
            let databaseResponder = text(.databaseResponder), let apiKey = text(.apiKey),
            let infobipUser = text(.infobipUser), let infobipPassword = text(.infobipPassword),
            let infobipHeaderSecret = text(.infobipHeaderSecret),
            let infobipHMACSecret = text(.infobipHMACSecret),
            let plivoAuthID = text(.plivoAuthID), let plivoAuthToken = text(.plivoAuthToken),
            let databasePort = port(.databasePort)
        else { return nil }
        self.init(
            databaseSuperuser: databaseSuperuser, databaseMigrator: databaseMigrator,
            databaseResponder: databaseResponder, apiKey: apiKey, infobipUser: infobipUser,
            infobipPassword: infobipPassword, infobipHeaderSecret: infobipHeaderSecret,
            infobipHMACSecret: infobipHMACSecret, plivoAuthID: plivoAuthID,
            plivoAuthToken: plivoAuthToken,
            // A file of an earlier version may lack these.
            infobipAPIKey: text(.infobipAPIKey) ?? "",
            infobipURLSecret: text(.infobipURLSecret) ?? "",
            simulatorPort: port(.simulatorPort) ?? 0, databasePort: databasePort)
    }
}

/// Files that nobody else reads.
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
