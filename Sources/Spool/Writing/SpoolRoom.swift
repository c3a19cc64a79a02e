/// How much the spool may take.
struct SpoolRoom {
    let limitBytes: Int

    /// Segments are as large as sixteen make up the limit, within these bounds.
    private static let segmentBytes = (16 << 20)...(64 << 20)
    /// A last segment, where little room is left, is no smaller.
    private static let leastBytes = 1 << 20
    /// What is left to others on the disk: a twentieth of it, and no more than this.
    private static let mostSpared = 256 << 20

    /// The size of an ordinary segment.
    var segmentBytes: Int {
        let size = min(
            max(limitBytes / 16, Self.segmentBytes.lowerBound), Self.segmentBytes.upperBound)
        return min(size, limitBytes) / 4096 * 4096
    }

    /// The size of a new segment for a frame.
    func size(for frame: Int) -> Int {
        let needed = FrameHeader.rounded(frame) + FrameHeader.size
        return max(segmentBytes, (needed + 4095) / 4096 * 4096)
    }

    /// Half of a size, as long as that is worth a file and holds the frame.
    func smaller(than size: Int, for frame: Int) -> Int? {
        let half = size / 8192 * 4096
        let needed = FrameHeader.rounded(frame) + FrameHeader.size
        return half >= max(needed, Self.leastBytes) ? half : nil
    }

    /// What all of the spool's files take.
    static func usedBytes(_ files: any SpoolFiles) throws(SpoolError) -> Int {
        var sum = 0
        for name in try files.names() where SegmentName.isOurs(name) {
            // It may have been removed meanwhile.
            sum += (try? files.size(of: name)) ?? 0
        }
        return sum
    }

    /// - Throws: `full` when there is no room for a segment.
    func check(_ size: Int, _ files: any SpoolFiles) throws(SpoolError) {
        let used = try Self.usedBytes(files)
        guard used + size <= limitBytes else {
            throw SpoolError(.full, "\(used) of \(limitBytes) bytes are used")
        }
        let space = try files.space()
        let spared = min(space.total / 20, Self.mostSpared)
        guard space.free - size >= spared else {
            throw SpoolError(
                .full, "its disk has \(space.free) bytes left, of which \(spared) are spared")
        }
    }
}
