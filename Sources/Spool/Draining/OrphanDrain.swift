import Domain
import System

/// Moves the segments that nobody holds into the database, once; for the command line. One thread.
package struct OrphanDrain {
    private let files: any SpoolFiles
    private let way: SpoolDrain.Way
    private let metrics: SpoolMetrics
    /// How often the database may refuse before a segment is left.
    private static let mostRefusals = 10
    private static let perSecond = 5000

    /// - Parameters:
    ///   - files: the folder.
    ///   - way: how to write.
    ///   - metrics: where it counts.
    package init(_ files: any SpoolFiles, _ way: SpoolDrain.Way, metrics: SpoolMetrics) {
        self.files = files
        self.way = way
        self.metrics = metrics
    }

    /// Moves all.
    ///
    /// - Parameters:
    ///   - mustStop: whether to end after the current portion.
    ///   - tell: gets how many more callbacks were moved, from which segment.
    /// - Returns: those that are left, with the reason; none that a process holds.
    package func run(
        until mustStop: @escaping () -> Bool, tell: @escaping (String, Int) -> Void
    ) -> [(name: String, problem: String)] {
        let names: [String]
        do throws(SpoolError) {
            names = try files.names().filter { $0.hasSuffix(SegmentName.ending) }
        } catch {
            return [("", "\(error)")]
        }
        var left: [(name: String, problem: String)] = []
        for name in names {
            do throws(SpoolError) {
                guard try move(name, mustStop, tell) else {
                    left.append((name, "not all of it was moved"))
                    break
                }
            } catch {
                if error.code != .held { left.append((name, "\(error)")) }
            }
        }
        return left
    }

    /// Moves one; false if the database does not take it, or it must stop.
    private func move(
        _ name: String, _ mustStop: @escaping () -> Bool,
        _ told: @escaping (String, Int) -> Void
    ) throws(SpoolError) -> Bool {
        let file = try files.open(name, locked: true)
        var refusals = 0
        let drain = SegmentDrain(
            files: files, providers: way.providers, read: way.read, target: way.target,
            metrics: metrics,
            pause: { limit in
                guard refusals < Self.mostRefusals, !mustStop() else { return false }
                if limit > .zero { ServiceThread.sleep(for: limit) }
                return true
            },
            tell: { note in
                switch note {
                case .moved(let count):
                    told(name, count)
                    refusals = 0
                case .refused: refusals += 1
                case .tornTail, .setAside: break
                }
            })
        guard try drain.run(file, name, perSecond: Self.perSecond) == .done else { return false }
        try files.remove(name)
        try files.syncDirectory()
        return true
    }
}
