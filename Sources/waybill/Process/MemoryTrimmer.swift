import Foundation
import System

// Swift's Glibc module leaves malloc.h out, and a C module for one function would be more code.
// Source: malloc_trim(3).
@_silgen_name("malloc_trim")
private func glibcMallocTrim(_ pad: Int) -> Int32

/// Returns memory to the system that large callbacks have used.
///
/// glibc keeps what was freed: after callbacks of 10,000 results, eight at a time, 118 MB stayed,
/// of which 53 MB were in use. Fewer arenas (`M_ARENA_MAX` 2) and lower thresholds for trimming and
/// mapping left as much after a trim; fewer arenas raised the CPU of a callback from 33 to 41 µs.
enum MemoryTrimmer {
    /// The thread's pause between two checks.
    private static let pause = Duration.seconds(5)

    /// Starts the thread that trims when memory has grown, at most once a minute.
    @discardableResult
    static func start() -> ServiceThread {
        let thread = ServiceThread("memory", stackBytes: 1 << 17)
        thread.startOrAbort {
            guard let resident = residentBytes() else { return }
            var schedule = TrimSchedule(residentBytes: resident)
            while thread.pause(for: pause) {
                guard let resident = residentBytes() else { continue }
                if schedule.isDue(residentBytes: resident, at: .now) { _ = glibcMallocTrim(0) }
            }
        }
        return thread
    }

    /// Memory of our own that is resident, without the libraries' and files'. Source: proc(5),
    /// statm.
    static func residentBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return nil
        }
        let pages = text.split(separator: " ").compactMap { Int($0) }
        guard pages.count > 2 else { return nil }
        return (pages[1] - pages[2]) * Int(getpagesize())
    }
}

/// Decides when memory is trimmed.
///
/// A pure state machine: memory and time go in, the decision comes out.
struct TrimSchedule {
    /// The memory at the start. Not that after the last trim: a trim under load leaves much, which
    /// would then never be trimmed again.
    private let initialBytes: Int
    private var lastTrim: ContinuousClock.Instant?

    /// Below this, a trim costs more page faults than it gains.
    static let worthwhileBytes = 8 << 20
    static let interval: Duration = .seconds(60)

    init(residentBytes: Int) {
        initialBytes = residentBytes
    }

    /// Whether to trim now; if so, it counts as done.
    mutating func isDue(residentBytes: Int, at now: ContinuousClock.Instant) -> Bool {
        guard residentBytes >= initialBytes + Self.worthwhileBytes else { return false }
        if let lastTrim, now - lastTrim < Self.interval { return false }
        lastTrim = now
        return true
    }
}
