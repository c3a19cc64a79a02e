internal import Glibc

// Functions of glibc that Swift's Glibc module leaves out. A C module for four functions would be
// more code.

/// Source: eventfd(2).
@_silgen_name("eventfd")
func glibcEventDescriptor(_ value: UInt32, _ flags: Int32) -> Int32

/// Source: signalfd(2).
@_silgen_name("signalfd")
func glibcSignalDescriptor(
    _ descriptor: Int32, _ signals: UnsafePointer<sigset_t>, _ flags: Int32
) -> Int32

/// Source: pthread_setname_np(3).
@_silgen_name("pthread_setname_np")
func glibcSetThreadName(_ thread: pthread_t, _ name: UnsafePointer<CChar>) -> Int32

/// Source: sem_clockwait(3).
@_silgen_name("sem_clockwait")
func glibcSemaphoreWait(
    _ semaphore: UnsafeMutablePointer<sem_t>, _ clock: clockid_t, _ limit: UnsafePointer<timespec>
) -> Int32

/// The close-on-exec and non-blocking flags of eventfd and signalfd are those of open(2).
let descriptorFlags = O_CLOEXEC | O_NONBLOCK
