import Domain
import System

extension Requester {
    /// Whoever runs this command, by the operating system's name for them.
    static var commandLine: Requester {
        let user = ProcessUser.current
        return Requester(.commandLine(name: user.name, number: user.number))
    }
}
