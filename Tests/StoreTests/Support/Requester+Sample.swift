import Domain

extension Requester {
    /// Somebody at the command line.
    static let sample = Requester(.commandLine(name: "tester", number: 7))
}
