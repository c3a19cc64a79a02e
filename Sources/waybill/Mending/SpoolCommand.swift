import Domain
import Foundation
import Providers
import Settings
import Spool
import Store
import Telemetry

/// `waybill spool`: what is on the disk because the database did not take it.
enum SpoolCommand {
    static let help = """
        usage: waybill spool list|verify|drain [--directory DIR]

          list    shows the segments: callbacks, bytes, age, and who holds them
          verify  reads every byte; says what is damaged or set aside
          drain   moves every segment that no process holds into the database, and waits until it
                  is there; a running responder does that by itself

        The folder is that of WAYBILL_SPOOL_DIRECTORY. Nothing is removed but what the database has.

        Exit status 0 if all is well; verify: 1 if anything is damaged or was set aside; drain: 1 if
        callbacks are left, because the database or a file failed. It can be stopped and repeated.
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["directory"], positional: 1...1)
        switch arguments.positional[0] {
        case "list": return try list(files(arguments).files)
        case "verify": return try verify(files(arguments).files)
        case "drain": return try drain(arguments)
        case let other:
            throw CommandFailure(
                .usage, "there is no \"\(other)\"; it is one of list, verify, drain")
        }
    }

    private static func files(
        _ arguments: Arguments
    ) throws(CommandFailure) -> (files: DiskFiles, directory: String) {
        var environment = Environment()
        let setting = WaybillSettings.spoolDirectory
        guard let path = arguments.value("directory") ?? environment.text(setting) else {
            throw CommandFailure("no folder is given: set \(setting.name), or use --directory")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else { throw CommandFailure("there is no folder \(path)") }
        return (DiskFiles(directory: path), path)
    }

    private static func list(_ files: DiskFiles) throws -> Int32 {
        let (segments, setAside) = try SegmentSummary.all(files)
        for segment in segments { Output.line(line(segment, at: .now)) }
        for name in setAside { Output.line("\(name)  set aside") }
        let callbacks = segments.reduce(0) { $0 + $1.callbacks }
        Output.line(
            "\(segments.count) segments with \(callbacks) callbacks, \(setAside.count) files set aside"
        )
        return 0
    }

    private static func line(_ segment: SegmentSummary, at now: Timestamp) -> String {
        var text = "\(segment.file)  \(segment.callbacks) callbacks  \(segment.usedBytes) bytes"
        if let oldest = segment.oldestAt {
            text += "  oldest \(oldest), \(max(0, now.since(oldest).components.seconds)) s ago"
        }
        return text + (segment.isHeld ? "  held by a process" : "  held by nobody")
    }

    private static func verify(_ files: DiskFiles) throws -> Int32 {
        let (segments, setAside) = try SegmentSummary.all(files)
        for segment in segments {
            var text = "\(segment.file)  \(segment.frames) groups, \(segment.callbacks) callbacks"
            if segment.damagedBytes > 0 { text += ", \(segment.damagedBytes) bytes damaged" }
            if segment.tornBytes > 0 {
                text += ", \(segment.tornBytes) bytes of an unfinished group at its end"
            }
            Output.line(text + (segment.damagedBytes > 0 ? "" : ": good"))
        }
        for name in setAside {
            Output.line("\(name)  set aside: keep it for an examination, or remove it")
        }
        let isDamaged = segments.contains { $0.damagedBytes > 0 } || !setAside.isEmpty
        return isDamaged ? 1 : 0
    }

    /// As a responder does it, but without receiving anything.
    private static func drain(_ arguments: Arguments) throws -> Int32 {
        let interruption = Interruption()
        let (files, directory) = try files(arguments)
        let configuration = try Configuration()
        let logger = Logger(minimum: .warning)
        var settings = ReportWriter.Settings()
        settings.connections = 1
        settings.mayReadArchive = true
        settings.optOuts = configuration.optOuts
        let metrics = Metrics()
        let writer = ReportWriter(
            configuration.database, settings: settings, feed: ChangeFeed(), metrics: metrics,
            logger: logger)
        defer { _ = writer.stop(within: .seconds(10)) }
        let webhooks = configuration.receiving.compactMap { $0.settings.webhook() }
        let way = SpoolDrain.Way(
            writer, writer, providers: configuration.kits.providers,
            read: RecordReading(webhooks).submission)
        var moved = 0
        var progress = ProgressBar(of: "callbacks")
        let left = OrphanDrain(files, way, metrics: SpoolMetrics(metrics)).run(
            until: { interruption.isWanted },
            tell: { segment, count in
                moved += count
                progress.show(moved, of: nil, at: segment)
            })
        progress.clear()
        Output.line("\(moved) callbacks moved")
        for (name, problem) in left { Output.note("waybill: \(directory)/\(name): \(problem)") }
        return left.isEmpty ? 0 : 1
    }
}
