/// The caller of a request: a user, an API key, or a user of this machine's command line.
///
/// Records of acts refer to the id, which stays when secrets and names change.
package struct Principal: Sendable, Equatable {
    package let id: PrincipalID
    /// Its present name.
    package let name: String
    /// What it may do.
    package let scopes: Set<Scope>
    /// A user's; nil of a key and of the command line, which have only scopes.
    package let role: Role?

    package init(id: PrincipalID, name: String, scopes: Set<Scope>) {
        self.id = id
        self.name = name
        self.scopes = scopes
        role = nil
    }

    /// A user with an account, who may do what the role allows.
    package init(user id: UserID, name: String, role: Role) {
        self.id = .user(id)
        self.name = name
        self.role = role
        scopes = role.scopes
    }

    /// The principal that a key stands for.
    package init(_ key: APIKey) {
        self.init(id: .key(key.id), name: key.name, scopes: key.scopes)
    }

    /// Whether it may see whole phone numbers and the texts of messages.
    package var seesDetails: Bool { role.map { $0 >= .operator } ?? true }

    /// A user of a command on this machine, who may do everything: the command needs the database's
    /// password.
    ///
    /// - Parameters:
    ///   - name: the operating system's name of the user.
    ///   - number: the operating system's number of the user.
    /// - Returns: the same id for the same number, whatever the name.
    package static func commandLine(name: String, number: UInt32) -> Principal {
        Principal(
            id: .commandLine(LocalUserID(userNumber: number)), name: name,
            scopes: Set(Scope.allCases))
    }
}

/// What a principal may do.
package enum Scope: String, Sendable, CaseIterable, Comparable {
    /// Read messages and their reports.
    case read
    /// Send messages, and cancel them.
    case send
    /// See the state of the service.
    case admin

    package static func < (a: Scope, b: Scope) -> Bool { a.rawValue < b.rawValue }
}

/// A principal, with the details for an audit of the request.
package struct Requester: Sendable, Equatable {
    package let principal: Principal
    /// nginx's id of the request; nil on the command line.
    package let requestID: String?
    /// The IP address that the request came from; nil on the command line.
    package let address: String?

    package init(_ principal: Principal, requestID: String? = nil, address: String? = nil) {
        self.principal = principal
        self.requestID = requestID
        self.address = address
    }
}
