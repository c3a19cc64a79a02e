import Domain

/// The segment that is being written. One thread.
struct OpenSegment {
    let segment: Segment
    private var end = 0
    private var sequence: UInt64 = 0

    /// Makes a new segment, whose name is durable.
    ///
    /// It gets its name when it is locked, because a process that drains takes whatever nobody
    /// holds.
    init(_ files: any SpoolFiles, size: Int, at now: Timestamp) throws(SpoolError) {
        let name = SegmentName(at: now)
        let file = try files.create(name.unfinished, bytes: size)
        do throws(SpoolError) {
            // Its length must be durable before fdatasync can be relied on.
            try file.sync()
            try files.rename(name.unfinished, to: name.description)
            try files.syncDirectory()
        } catch {
            for name in [name.unfinished, name.description] { try? files.remove(name) }
            throw error
        }
        segment = Segment(name, file, size: size)
    }

    var isEmpty: Bool { sequence == 0 }

    /// Whether it has room for a frame, and for the last one.
    func hasRoom(for frame: Int) -> Bool {
        end + FrameHeader.rounded(frame) + FrameHeader.size <= segment.size
    }

    /// Writes a group as one frame, and returns when it is on the disk.
    ///
    /// - Throws: after which this segment must not be used any more.
    mutating func append(_ records: [[UInt8]]) throws(SpoolError) -> Int {
        let frame = FrameHeader.frame(
            records, .records, sequence: sequence, offset: end, segment: segment.name.id)
        try segment.file.write(frame, at: end)
        try segment.file.sync()
        end += frame.count
        sequence += 1
        return end
    }

    /// Marks the end, so that damage to the last group is not taken for a torn tail. Without a
    /// sync: a missing mark does no harm.
    func finish() {
        let frame = FrameHeader.frame(
            [], .end, sequence: sequence, offset: end, segment: segment.name.id)
        try? segment.file.write(frame, at: end)
    }
}
