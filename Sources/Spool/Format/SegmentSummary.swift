package import Domain

/// What one file of the spool holds, read from its beginning to its end.
package struct SegmentSummary: Sendable, Equatable {
    /// The file's name.
    package let file: String
    /// What it takes on the disk.
    package let size: Int
    /// Whether a process writes or drains it.
    package let isHeld: Bool
    package private(set) var frames = 0
    package private(set) var callbacks = 0
    /// Bytes of good frames.
    package private(set) var usedBytes = 0
    package private(set) var oldestAt: Timestamp?
    package private(set) var newestAt: Timestamp?
    /// Bytes that are no frame, before one: damage.
    package private(set) var damagedBytes = 0
    /// Bytes that are no frame, at the end: an unfinished group, of which no caller was told.
    package private(set) var tornBytes = 0

    /// Reads a file.
    ///
    /// - Throws: when the disk cannot be read.
    package init(_ files: any SpoolFiles, _ name: String) throws(SpoolError) {
        let file: any SpoolFile
        do throws(SpoolError) {
            file = try files.open(name, locked: true)
            isHeld = false
        } catch {
            guard error.code == .held else { throw error }
            file = try files.open(name, locked: false)
            isHeld = true
        }
        self.file = name
        size = try file.size()
        var reader = try SegmentReader(file, SegmentName(name))
        var start = 0
        while let finding = try reader.next() {
            switch finding {
            case .frame(let records, let end):
                frames += 1
                usedBytes += end - start
                start = end
                for record in records { add(SpoolRecord(record, providers: [:])) }
            case .damage(let range):
                damagedBytes += range.count
                start = range.upperBound
            case .tornTail(let range): tornBytes += range.count
            }
        }
    }

    private mutating func add(_ record: SpoolRecord?) {
        callbacks += 1
        guard let time = record?.callback.receivedAt else { return }
        oldestAt = min(oldestAt ?? time, time)
        newestAt = max(newestAt ?? time, time)
    }

    /// The callbacks in all segments of a folder, those that are being written included.
    package static func callbacks(
        in files: any SpoolFiles
    ) throws(SpoolError) -> Set<CallbackID> {
        var ids: Set<CallbackID> = []
        for name in try files.names() where name.hasSuffix(SegmentName.ending) {
            // Drained meanwhile.
            guard let file = try? files.open(name, locked: false) else { continue }
            var reader = try SegmentReader(file, SegmentName(name))
            while let finding = try reader.next() {
                guard case .frame(let records, _) = finding else { continue }
                for record in records {
                    if let id = SpoolRecord(record, providers: [:])?.callback.id { ids.insert(id) }
                }
            }
        }
        return ids
    }

    /// All segments in the folder, and the names of the files that were set aside.
    package static func all(
        _ files: any SpoolFiles
    ) throws(SpoolError) -> (segments: [SegmentSummary], setAside: [String]) {
        var segments: [SegmentSummary] = []
        let names = try files.names()
        for name in names where name.hasSuffix(SegmentName.ending) {
            do throws(SpoolError) {
                segments.append(try SegmentSummary(files, name))
            } catch {
                // Drained meanwhile.
                if try files.names().contains(name) { throw error }
            }
        }
        return (segments, names.filter { $0.hasSuffix(SegmentName.damagedEnding) })
    }
}
