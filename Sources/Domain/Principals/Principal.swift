/// Who asks for something: a user, an API key, or somebody at this machine's command line.
///
/// What is kept of an act refers to the id, which outlives secrets and names.
package struct Principal: Sendable, Equatable {
    package let id: PrincipalID
    /// What it is called at the moment.
    package let name: String
    /// What it may do.
    package let scopes: Set<Scope>

    package init(id: PrincipalID, name: String, scopes: Set<Scope>) {
        self.id = id
        self.name = name
        self.scopes = scopes
    }

    /// The principal that a key stands for.
    package init(_ key: APIKey) {
        self.init(id: .key(key.id), name: key.name, scopes: key.scopes)
    }

    /// Somebody who runs a command on this machine: whoever has the database's password may do
    /// everything.
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

/// A principal with what is needed to find out later what it asked for.
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
