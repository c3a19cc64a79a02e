internal import Glibc

// Functions of glibc that Swift's own module leaves out. A C module for four functions would be one
// more library to explain.

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

/// `EFD_CLOEXEC` and `SFD_CLOEXEC` are this flag of open(2), and so are those for not blocking.
let descriptorFlags = O_CLOEXEC | O_NONBLOCK
