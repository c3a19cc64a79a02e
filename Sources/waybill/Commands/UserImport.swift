import Domain
import Postgres
import Security
import Settings
import Store

/// Brings users from another system's table.
struct UserImport {
    /// Of those whose record names none of ours.
    let role: Role
    let isDryRun: Bool
    let skipsBad: Bool

    /// What becomes of one record.
    enum Fate {
        case take(ImportedUser, note: String?)
        case exists(EmailAddress)
        case bad(String)
    }

    /// A record's place in the file and its fate.
    typealias Line = (place: String, fate: Fate)

    /// Reads the file, tells of each record, and takes what can be taken.
    ///
    /// - Returns: the exit status: 0, or 3 if bad records were skipped.
    /// - Throws: `CommandFailure` if nothing is taken because of a bad record.
    func run(file path: String) throws -> Int32 {
        let file = try ImportFile(path: path)
        var environment = Environment()
        let database = try environment.requiredDatabase()
        let others = Self.ignored(file.columns)
        if !others.isEmpty {
            let names = others.map(MessageTimeline.printable).joined(separator: ", ")
            Output.note("Columns that are not taken: \(names)")
        }
        return try CommandDatabase.with(database) {
            pool, logger throws(StoreFailure) -> Result<Int32, CommandFailure> in
            let people = PeopleStore(pool, logger: logger)
            let known = Set(try people.users().map(\.email))
            let lines = plan(file, known: known)
            let bad = lines.count { if case .bad = $0.fate { true } else { false } }
            guard !isDryRun, bad == 0 || skipsBad else {
                for line in lines { Output.line(Self.text(of: line, isDone: false)) }
                if bad > 0, !skipsBad { return .failure(Self.refusal(bad, of: lines.count)) }
                return .success(bad == 0 ? 0 : 3)
            }
            let added = try people.add(lines.compactMap(\.fate.user), by: .commandLine)
            var results = added.makeIterator()
            var taken = 0
            for line in lines {
                var told = line
                if let user = line.fate.user, results.next() == false {
                    told.fate = .exists(user.draft.email)
                } else if line.fate.user != nil {
                    taken += 1
                }
                Output.line(Self.text(of: told, isDone: true))
            }
            Output.line("\(taken) taken, \(lines.count - taken - bad) left as they are, \(bad) bad")
            return .success(bad == 0 ? 0 : 3)
        }.get()
    }

    private static func refusal(_ bad: Int, of count: Int) -> CommandFailure {
        CommandFailure(
            "\(bad) of \(count) records are bad, so nothing was taken; --skip-bad takes the others")
    }

    /// Decides on each record.
    ///
    /// - Parameters:
    ///   - file: the records.
    ///   - known: the addresses that have accounts.
    /// - Returns: a line for each record, in the file's order.
    func plan(_ file: ImportFile, known: Set<EmailAddress>) -> [Line] {
        var seen: [EmailAddress: String] = [:]
        return file.records.map { record in
            let fate = fate(of: record)
            guard case .take(let user, _) = fate else { return (record.place, fate) }
            let email = user.draft.email
            if let first = seen[email] {
                return (record.place, .bad("the address of \(first) again"))
            }
            seen[email] = record.place
            return (record.place, known.contains(email) ? .exists(email) : fate)
        }
    }

    private func fate(of record: ImportFile.Record) -> Fate {
        if let problem = record.problem { return .bad(problem) }
        guard let address = Self.field(.email, in: record) else { return .bad("no address") }
        guard let email = EmailAddress(address) else {
            return .bad("\"\(MessageTimeline.printable(address))\" is no address")
        }
        var name: UserName?
        if let text = Self.field(.name, in: record) {
            name = UserName(text)
            guard name != nil else { return .bad("the name is not \(UserName.rule)") }
        }
        var notes: [String] = []
        var role = role
        if let text = Self.field(.role, in: record) {
            if let known = Role(rawValue: text.lowercased()) {
                role = known
            } else {
                notes.append("\"\(MessageTimeline.printable(text))\" is no role of ours")
            }
        }
        var hash: PasswordHash?
        if let text = Self.field(.password, in: record) {
            hash = PasswordHash(text)
            guard hash != nil else {
                return .bad(
                    "the password is no bcrypt hash ($2a$, $2b$ or $2y$) of cost"
                        + " \(PasswordHash.bcryptCosts.lowerBound) to"
                        + " \(PasswordHash.bcryptCosts.upperBound)")
            }
        } else {
            notes.append("without a password: \"waybill user reset\" makes a link")
        }
        return .take(
            ImportedUser(
                draft: UserDraft(email: email, name: name, role: role),
                passwordHash: hash?.stored),
            note: notes.isEmpty ? nil : notes.joined(separator: "; "))
    }

    // MARK: - Columns

    /// The columns that are taken, by their names without case, `_` and `-`.
    private enum Column: CaseIterable {
        case email
        case name
        case role
        case password

        var names: Set<String> {
            switch self {
            case .email: ["email", "emailaddress"]
            case .name: ["name"]
            case .role: ["role"]
            case .password: ["password", "passwordhash", "hashedpassword"]
            }
        }
    }

    private static func plain(_ column: String) -> String {
        column.lowercased().replacing("_", with: "").replacing("-", with: "")
    }

    private static func field(_ column: Column, in record: ImportFile.Record) -> String? {
        record.fields.filter { column.names.contains(plain($0.key)) }
            .min { $0.key < $1.key }?.value
    }

    private static func ignored(_ columns: [String]) -> [String] {
        let taken = Set(Column.allCases.flatMap(\.names))
        return columns.filter { !taken.contains(plain($0)) }
    }

    // MARK: - Telling

    private static func text(of line: Line, isDone: Bool) -> String {
        switch line.fate {
        case .take(let user, let note):
            let email = MessageTimeline.printable(user.draft.email.text)
            let verb = isDone ? "taken" : "can be taken"
            return "\(line.place): \(email): \(verb) as \(user.draft.role.rawValue)"
                + (note.map { " (\($0))" } ?? "")
        case .exists(let email):
            let email = MessageTimeline.printable(email.text)
            return "\(line.place): \(email): has an account, left as it is"
        case .bad(let problem): return "\(line.place): bad: \(problem)"
        }
    }
}

extension UserImport.Fate {
    /// Nil if nothing is taken.
    var user: ImportedUser? {
        if case .take(let user, _) = self { user } else { nil }
    }
}
