/// The principal that submitted a send request, with its name at that time.
package struct Submitter: Sendable, Equatable {
    package let id: PrincipalID
    package let name: String

    package init(id: PrincipalID, name: String) {
        self.id = id
        self.name = name
    }

    package init(_ principal: Principal) {
        self.init(id: principal.id, name: principal.name)
    }
}
