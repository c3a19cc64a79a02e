"""What is done to the system while callbacks come. Each fault is a function of the system: it does its worst,
undoes it, and returns; whatever is killed comes back by itself. A fault that this machine cannot have raises
`Skipped` with the reason."""
import contextlib, glob, os, random, resource, signal, subprocess, time


class Skipped(Exception):
    """Why a fault was left out."""


def kill_responder(system):
    """kill -9 of the responder"""
    os.kill(system.pid("responder"), signal.SIGKILL)


def kill_postmaster(system):
    """kill -9 of PostgreSQL, and its crash recovery"""
    os.kill(system.pid("postgres"), signal.SIGKILL)


def slow_recovery(system):
    """kill -9 of PostgreSQL whose recovery takes 5 s"""
    os.kill(system.pid("postgres"), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            new = system.pid("postgres")
            recovering = [pid for pid in system.descendants(new) if b"startup" in title(pid)]
            if recovering:
                system.signal_all(recovering, signal.SIGSTOP)
                time.sleep(5)
                system.signal_all(recovering, signal.SIGCONT)
                return
        time.sleep(0.002)


def title(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    return b""


def terminate_backends(system):
    """pg_terminate_backend of all connections, for 3 s"""
    for _ in range(15):
        system.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                   " where pid <> pg_backend_pid() and backend_type = 'client backend'")
        time.sleep(0.2)


def stop_postgres(system, seconds=10):
    """SIGSTOP of PostgreSQL for 10 s (30 s in a long run)"""
    seconds = 30 if os.environ.get("FAULT_LONG") else seconds
    pids = system.descendants(system.pid("postgres"))
    system.signal_all(pids, signal.SIGSTOP)
    time.sleep(seconds)
    system.signal_all(pids, signal.SIGCONT)


def use_up_connections(system):
    """all of PostgreSQL's connections taken by others, for 5 s"""
    url = system.summary()["admin_database_url"]
    most = int(system.sql("show max_connections")[0][0])
    others = [subprocess.Popen(["psql", "-XAtq", "-c", "select pg_sleep(6)", url],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(most)]
    time.sleep(1)
    # Those of the service, so that it has to come back into a server without room.
    with contextlib.suppress(Exception):
        system.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'waybill%'", 1)
    for other in others:
        other.wait()


def read_only(system):
    """PostgreSQL read-only for 5 s, as a primary is that was demoted"""
    system.sql("alter system set default_transaction_read_only = on")
    system.sql("select pg_reload_conf()")
    time.sleep(5)
    system.sql("alter system reset default_transaction_read_only")
    system.sql("select pg_reload_conf()")


def fill(path, leave):
    """A file that leaves so many bytes on its disk, or none."""
    free = os.statvfs(os.path.dirname(path))
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - max(leave, 1 << 20), 1))
        if leave == 0:
            file.seek(0, os.SEEK_END)
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))


def is_small_disk(path):
    status = os.statvfs(path)
    return status.f_blocks * status.f_frsize < 4 << 30


def disk_full(system):
    """the disk of the database and the spool full, for 5 s"""
    if not is_small_disk(system.directory):
        raise Skipped("the run's folder is on no small disk of its own (mount failed)")
    ballast = os.path.join(system.directory, "ballast")
    fill(ballast, 0)
    time.sleep(5)
    os.remove(ballast)


def no_more_room(system):
    """PostgreSQL stopped, and no room but the spool's reserved segment, for 8 s"""
    if not is_small_disk(system.directory):
        raise Skipped("the run's folder is on no small disk of its own (mount failed)")
    pids = system.descendants(system.pid("postgres"))
    ballast = os.path.join(system.directory, "ballast")
    system.signal_all(pids, signal.SIGSTOP)
    fill(ballast, 8 << 20)
    time.sleep(8)
    os.remove(ballast)
    system.signal_all(pids, signal.SIGCONT)


def spool_without_room(system):
    """PostgreSQL stopped, the responder killed, and no room on the spool's disk for its first segment, for 8 s"""
    if not is_small_disk(system.directory):
        raise Skipped("the run's folder is on no small disk of its own (mount failed)")
    pids = system.descendants(system.pid("postgres"))
    ballast = os.path.join(system.directory, "ballast")
    system.signal_all(pids, signal.SIGSTOP)
    os.kill(system.pid("responder"), signal.SIGKILL)
    fill(ballast, 0)
    time.sleep(8)
    os.remove(ballast)
    system.signal_all(pids, signal.SIGCONT)


def fsync_fails(system):
    """fdatasync of the spool fails for 3 s while PostgreSQL hangs"""
    control = system.environment.get("FAULT_FSYNC")
    if not control:
        raise Skipped("no C compiler for the shim")
    pids = system.descendants(system.pid("postgres"))
    system.signal_all(pids, signal.SIGSTOP)
    time.sleep(3)
    open(control, "w").close()
    time.sleep(3)
    os.remove(control)
    time.sleep(2)
    system.signal_all(pids, signal.SIGCONT)


def clock_back(system):
    """the clock an hour back for 5 s"""
    control = system.environment.get("FAULT_CLOCK")
    if not control:
        raise Skipped("no C compiler for the shim")
    with open(control, "wb") as file:
        file.truncate(3600)
    time.sleep(5)
    os.remove(control)


def torn_tail(system):
    """everything killed, and half a group behind the last one of each segment"""
    pids = system.descendants(system.pid("postgres"))
    system.signal_all(pids, signal.SIGSTOP)
    time.sleep(6)
    system.kill_everything()
    for segment in glob.glob(os.path.join(system.spool, "*")):
        tear(segment)
    system.start()


def tear(segment):
    """Bytes behind the last that is not zero: what a crash leaves of a group that nobody was told of."""
    with open(segment, "r+b") as file:
        data = file.read()
        end = len(data.rstrip(b"\0"))
        if end == 0:
            return
        # It begins as the first group does.
        file.seek((end + 7) // 8 * 8)
        file.write(data[:min(end, 40)])


def kill_everything(system):
    """kill -9 of everything at once"""
    system.kill_everything()
    system.start()


def reload_nginx(system):
    """nginx reloaded five times"""
    for _ in range(5):
        os.kill(system.pid("nginx"), signal.SIGHUP)
        time.sleep(0.5)


def kill_nginx(system):
    """kill -9 of nginx and its workers"""
    system.signal_all(system.descendants(system.pid("nginx")), signal.SIGKILL)


def few_descriptors(system):
    """no new file descriptor for the responder while all its connections break, for 5 s"""
    pid = system.pid("responder")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # Below all that are open: none that is closed can be had again.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    with contextlib.suppress(Exception):
        system.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'waybill%'", 1)
    os.kill(system.pid("nginx"), signal.SIGHUP)
    time.sleep(5)
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def kill_dispatcher(system):
    """kill -9 of the dispatcher, three times, while a spool is drained"""
    pids = system.descendants(system.pid("postgres"))
    system.signal_all(pids, signal.SIGSTOP)
    time.sleep(4)
    system.signal_all(pids, signal.SIGCONT)
    for _ in range(3):
        os.kill(system.pid("dispatch"), signal.SIGKILL)
        time.sleep(0.7)


def kill_while_draining(system):
    """kill -9 of the responder, three times, while a spool is drained"""
    pids = system.descendants(system.pid("postgres"))
    system.signal_all(pids, signal.SIGSTOP)
    time.sleep(4)
    system.signal_all(pids, signal.SIGCONT)
    for _ in range(3):
        os.kill(system.pid("responder"), signal.SIGKILL)
        time.sleep(0.5 + random.random())
        system.wait_ready()


SHORT = [
    kill_responder, kill_postmaster, terminate_backends, stop_postgres, read_only, fsync_fails, torn_tail,
    kill_while_draining, few_descriptors, disk_full,
]
LONG = SHORT + [
    slow_recovery, use_up_connections, no_more_room, spool_without_room, clock_back, kill_everything, reload_nginx, kill_nginx,
    kill_dispatcher,
]
