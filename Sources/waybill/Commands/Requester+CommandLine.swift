import Domain
import System

extension Requester {
    /// The user that runs this command, by the operating system's name.
    static var commandLine: Requester {
        let user = ProcessUser.current
        return Requester(.commandLine(name: user.name, number: user.number))
    }
}
