// As malloc_trim in MemoryTrimmer: malloc.h is not in Swift's Glibc module. Source: mallopt(3).
@_silgen_name("mallopt")
private func glibcMallocOption(_ name: Int32, _ value: Int32) -> Int32

/// Gives each thread its own arena of glibc's allocator.
///
/// glibc makes eight for each core and then has threads share them: with 21 threads on two cores
/// the threads of callbacks waited for each other's arenas, and a callback cost a tenth more.
enum AllocationArenas {
    /// `M_ARENA_MAX` of malloc.h.
    private static let arenaMaximum: Int32 = -8
    /// More threads than the settings allow by default; beyond it they share again.
    private static let limit: Int32 = 128

    /// Raises the bound, for threads that start later.
    static func raiseLimit() {
        _ = glibcMallocOption(arenaMaximum, limit)
    }
}
