import FastCGI
import Foundation
import System

/// The three listeners' sockets: passed by systemd, or bound in a folder.
struct ResponderSockets: Sendable {
    private let sources: [Listener.Name: Listener.Source]
    private let paths: [Listener.Name: String]

    /// - Throws: `CommandFailure` if systemd handed over some of the sockets but not all.
    init(_ configuration: Configuration.Sockets) throws(CommandFailure) {
        let inherited: InheritedSockets
        do {
            inherited = try InheritedSockets(
                environment: ProcessInfo.processInfo.environment, processID: getpid())
        } catch {
            throw CommandFailure("cannot take over systemd's sockets: \(error)")
        }
        var sources: [Listener.Name: Listener.Source] = [:]
        var paths: [Listener.Name: String] = [:]
        for name in Listener.Name.allCases {
            if let descriptor = inherited.descriptors[name.rawValue] {
                sources[name] = .inherited(descriptor)
                paths[name] = UnixAddress.path(of: descriptor)
            } else {
                guard inherited.descriptors.isEmpty else {
                    throw CommandFailure(
                        "systemd handed over no socket named \(name.rawValue);"
                            + " waybill.socket must list \(name.rawValue).sock")
                }
                let path = "\(configuration.directory)/\(name.rawValue).sock"
                sources[name] = .path(path, group: configuration.group)
                paths[name] = path
            }
        }
        self.sources = sources
        self.paths = paths
    }

    func source(_ name: Listener.Name) -> Listener.Source {
        sources[name] ?? .path(path(name))
    }

    func path(_ name: Listener.Name) -> String { paths[name] ?? "" }
}
