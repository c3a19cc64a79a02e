import Accounts
import Domain
import Foundation
import JSON
import Postgres
import Security
import Settings
import Store
import Web

/// `waybill user`: the accounts of people.
enum UserCommand {
    static let help = """
        usage: waybill user create EMAIL [--name NAME] [--role ROLE] [--password-file FILE]
               waybill user list [--json]
               waybill user role EMAIL ROLE
               waybill user disable EMAIL
               waybill user enable EMAIL
               waybill user reset EMAIL
               waybill user sessions EMAIL [--end]
               waybill user import FILE [--role ROLE] [--dry-run] [--skip-bad]

        Roles: viewer (reads, with numbers masked and no texts), operator (also sends, cancels and
        replays, and sees numbers and texts), admin (also people, keys, settings and the audit);
        viewer unless given. Connects with DATABASE_URL.

        create prints a link with which its owner chooses a password: once, within 24 hours. Its
        beginning is the first APP_BASE_URL. With --password-file the first line of FILE (- for
        standard input) is the password instead: 15 characters or more, at most 256
        bytes, and none that many use.

        reset takes password, authenticator app and recovery codes away, ends all sessions, and
        prints a new link. disable ends all sessions. enable also forgets failed sign-ins. The last
        admin can be neither disabled nor given another role. sessions --end ends all of a user's.

        import reads users from another system: CSV with a header, JSON lines, or a JSON array, as
        exported from the table of the NextAuth guide. Of the columns it takes email, name, role and
        password (bcrypt hashes; also passwordHash or password_hash). Each line is told of: what was
        taken, what not and why. An address that has an account already is left as it is, so the
        same file can be read again. A bad line means that nothing at all is taken, unless
        --skip-bad is given. --dry-run only tells.

        Exit status 0 if all was done, 1 if not, 3 if the import took some lines and skipped bad ones.
        """

    private static let verbs = [
        "create", "list", "role", "disable", "enable", "reset", "sessions", "import",
    ]

    static func run(_ words: [String]) throws -> Int32 {
        let known = verbs.joined(separator: ", ")
        guard let verb = words.first else {
            throw CommandFailure(.usage, "one of \(known) is missing")
        }
        let rest = Array(words.dropFirst())
        switch verb {
        case "create":
            let arguments = try Arguments(
                rest, options: ["name", "role", "password-file"], positional: 1...1)
            let draft = UserDraft(
                email: try email(arguments.positional[0]), name: try name(arguments.value("name")),
                role: try role(arguments.value("role") ?? Role.viewer.rawValue))
            try create(draft, passwordFile: arguments.value("password-file"))
        case "list":
            try list(asJSON: Arguments(rest, flags: ["json"]).has("json"))
        case "role":
            let arguments = try Arguments(rest, positional: 2...2)
            try change(
                email(arguments.positional[0]), UserChange(role: role(arguments.positional[1])))
        case "disable", "enable":
            let arguments = try Arguments(rest, positional: 1...1)
            try change(
                email(arguments.positional[0]), UserChange(isDisabled: verb == "disable"))
        case "reset":
            try reset(email(Arguments(rest, positional: 1...1).positional[0]))
        case "sessions":
            let arguments = try Arguments(rest, flags: ["end"], positional: 1...1)
            try sessions(email(arguments.positional[0]), ends: arguments.has("end"))
        case "import":
            let arguments = try Arguments(
                rest, options: ["role"], flags: ["dry-run", "skip-bad"], positional: 1...1)
            return try UserImport(
                role: role(arguments.value("role") ?? Role.viewer.rawValue),
                isDryRun: arguments.has("dry-run"), skipsBad: arguments.has("skip-bad")
            ).run(file: arguments.positional[0])
        default:
            throw CommandFailure(.usage, "there is no \"\(verb)\" here; known: \(known)")
        }
        return 0
    }

    // MARK: - Arguments

    private static func email(_ text: String) throws(CommandFailure) -> EmailAddress {
        guard let email = EmailAddress(text) else {
            throw CommandFailure(
                .usage,
                "\"\(MessageTimeline.printable(text))\" is no address; needed: \(EmailAddress.rule)"
            )
        }
        return email
    }

    private static func name(_ text: String?) throws(CommandFailure) -> UserName? {
        guard let text else { return nil }
        guard let name = UserName(text) else {
            throw CommandFailure(.usage, "--name takes \(UserName.rule)")
        }
        return name
    }

    private static func role(_ text: String) throws(CommandFailure) -> Role {
        guard let role = Role(rawValue: text) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(
                .usage, "there is no role \"\(MessageTimeline.printable(text))\"; known: \(known)")
        }
        return role
    }

    // MARK: - Verbs

    private static func create(_ draft: UserDraft, passwordFile: String?) throws {
        var environment = Environment()
        let database = try environment.requiredDatabase()
        guard let passwordFile else {
            let base = try linkBase(&environment)
            let token = try OpaqueToken.generate()
            let made = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
                try PeopleStore(pool, logger: logger).create(
                    draft, link: token.digest.bytes, passwordHash: nil, by: .commandLine)
            }
            _ = try user(made, draft)
            return show(token, base)
        }
        let password = try PasswordFile.read(passwordFile)
        if let problem = PasswordRules.problem(with: password, for: draft, hasTOTP: false) {
            throw CommandFailure(problem.description)
        }
        let hash = try PasswordHash.make(password.bytes).stored
        let made = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            try PeopleStore(pool, logger: logger).create(
                draft, link: nil, passwordHash: hash, by: .commandLine)
        }
        _ = try user(made, draft)
        Output.line("created")
    }

    private static func user(
        _ creation: UserCreation, _ draft: UserDraft
    ) throws(CommandFailure) -> User {
        switch creation {
        case .created(let user): return user
        case .emailTaken:
            throw CommandFailure(
                "\(draft.email) has an account already; \"waybill user reset\" makes a new link")
        case .tooMany: throw CommandFailure("there are \(userLimit) users, which is the most")
        }
    }

    private static func list(asJSON: Bool) throws {
        let users = try onDatabase { people throws(StoreFailure) in try people.users() }
        if asJSON {
            let document = JSONWriter.document { json in
                json.array("users") { json in
                    for user in users { json.raw(PeopleView.document(of: user)) }
                }
            }
            return Output.line(String(decoding: document, as: UTF8.self))
        }
        for user in users { Output.line(UserLine.text(user)) }
    }

    private static func change(_ email: EmailAddress, _ change: UserChange) throws {
        let result = try onDatabase { people throws(StoreFailure) in
            guard let user = try people.user(email: email) else { return UserChangeResult.unknown }
            return try people.change(user.id, change, by: .commandLine)
        }
        switch result {
        case .changed(let user): Output.line(UserLine.text(user))
        case .unknown: throw unknown(email)
        case .lastAdmin:
            throw CommandFailure(
                "\(email) is the last admin that is not disabled; make another one first")
        }
    }

    private static func reset(_ email: EmailAddress) throws {
        var environment = Environment()
        let database = try environment.requiredDatabase()
        let base = try linkBase(&environment)
        let token = try OpaqueToken.generate()
        let user = try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            let people = PeopleStore(pool, logger: logger)
            return try people.user(email: email).flatMap { user throws(StoreFailure) in
                try people.reset(user.id, link: token.digest.bytes, by: .commandLine)
            }
        }
        guard let user else { throw unknown(email) }
        show(token, base)
        if user.isDisabled {
            Output.note("The account is disabled: the link works once it is enabled.")
        }
    }

    private static func sessions(_ email: EmailAddress, ends: Bool) throws {
        let sessions = try onDatabase { people throws(StoreFailure) -> [Session]? in
            guard let user = try people.user(email: email) else { return nil }
            guard ends else { return try people.sessions(of: user.id) }
            let count = try people.endAll(of: user.id, except: nil, by: .commandLine)
            Output.line("ended \(count)")
            return []
        }
        guard let sessions else { throw unknown(email) }
        for session in sessions { Output.line(UserLine.text(session)) }
    }

    // MARK: - What several of them do

    private static func unknown(_ email: EmailAddress) -> CommandFailure {
        CommandFailure("there is no user \(email)")
    }

    /// What the link begins with; nil if no public address is set.
    private static func linkBase(
        _ environment: inout Environment
    ) throws(ConfigurationError) -> String? {
        let base = environment.publicAddresses().first
        guard environment.problems.isEmpty else {
            throw ConfigurationError(problems: environment.problems)
        }
        return base
    }

    /// The token is in the fragment, which browsers do not send: it reaches no log.
    private static func show(_ token: OpaqueToken, _ base: String?) {
        Output.line("\(base ?? "")/set-password#\(token.revealed)")
        if base == nil {
            Output.note(
                "APP_BASE_URL is not set: put the address of your site before this.")
        }
        Output.note("The link is good once, within 24 hours. Give it to its owner only.")
    }

    private static func onDatabase<Value>(
        _ body: (PeopleStore) throws(StoreFailure) -> Value
    ) throws -> Value {
        var environment = Environment()
        let database = try environment.requiredDatabase()
        return try CommandDatabase.with(database) { pool, logger throws(StoreFailure) in
            try body(PeopleStore(pool, logger: logger))
        }
    }
}

/// A user or a session in lists.
enum UserLine {
    static func text(_ user: User) -> String {
        var parts = [
            MessageTimeline.printable(user.email.text),
            MessageTimeline.printable(user.name.description), user.role.rawValue,
            user.isDisabled ? "disabled" : "enabled",
            "made \(user.createdAt)", "signed in \(user.lastSignInAt?.description ?? "never")",
        ]
        if user.hasTOTP { parts.append("TOTP, \(user.recoveryCodesLeft) recovery codes left") }
        if let end = user.linkExpiresAt {
            parts.append("link until \(end)")
        } else if !user.hasPassword {
            parts.append("no password")
        }
        return parts.joined(separator: "\t")
    }

    static func text(_ session: Session) -> String {
        [
            "\(session.id)", "since \(session.createdAt)", "active \(session.lastActiveAt)",
            "until \(min(session.idleEndsAt, session.endsAt))", session.address ?? "no address",
            MessageTimeline.printable(session.userAgent ?? "no user agent"),
        ].joined(separator: "\t")
    }
}

/// A password in a file or on standard input, never on the command line, where `ps` shows it.
enum PasswordFile {
    /// Longer files hold no password.
    private static let limit = 4096

    /// The first line of a file; `-` for standard input.
    ///
    /// - Throws: `CommandFailure` if it cannot be read or holds more than a line.
    static func read(_ path: String) throws(CommandFailure) -> Password {
        let file =
            path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        var bytes: [UInt8] = []
        do {
            guard let file else { throw CommandFailure("cannot read \(path)") }
            while bytes.count <= limit, let part = try file.read(upToCount: limit), !part.isEmpty {
                bytes += part
            }
        } catch {
            throw CommandFailure("cannot read \(path)")
        }
        guard bytes.count <= limit else { throw CommandFailure("\(path) holds no password") }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.contains(UInt8(ascii: "\n")) else {
            throw CommandFailure("\(path) holds more than one line")
        }
        guard !bytes.isEmpty else { throw CommandFailure("\(path) holds no password") }
        return Password(bytes)
    }
}
