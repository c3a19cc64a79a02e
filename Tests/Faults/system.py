"""The whole system on this machine, as `waybill demo` runs it, and what is done to its processes."""
import contextlib, http.client, json, os, shutil, signal, socket, ssl, subprocess, sys, time
from urllib.parse import urlsplit


class Trouble(Exception):
    """Something that makes the run's result worthless; its text says what."""


handed_out = set()


def free_port():
    """A port on loopback below the kernel's own range that nobody listens on."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in handed_out:
                handed_out.add(port)
                return port
    raise Trouble("no free port on loopback")


def free_ports(count):
    return [free_port() for _ in range(count)]


class System:
    """A running demo. `directory` and all below it belong to this run."""

    def __init__(self, program, directory, environment=None, write_through=False):
        self.program, self.directory = program, directory
        self.port = free_port()
        self.environment = {**os.environ, **(environment or {})}
        if write_through:
            self.environment["WAYBILL_SPOOL"] = "always"
        self.log = open(os.path.join(directory, "demo.log"), "ab")
        self.process = None

    def start(self):
        """Starts the demo and waits until it has said how to call it."""
        self.process = subprocess.Popen(
            [self.program, "demo", "--directory", self.demo, "--port", str(self.port), "--empty"],
            stdout=self.log, stderr=self.log, env=self.environment)
        self.wait("the demo is not up", lambda: os.path.exists(self.summary_path), 120)
        self.wait_ready(60)

    def stop(self):
        """Stops it as Ctrl-C does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill_everything()

    @property
    def demo(self):
        return os.path.join(self.directory, "demo")

    @property
    def summary_path(self):
        return os.path.join(self.demo, "demo.json")

    @property
    def spool(self):
        return os.path.join(self.demo, "spool")

    def summary(self):
        """demo.json, which names the present pids."""
        for _ in range(100):
            try:
                with open(self.summary_path) as file:
                    return json.load(file)
            except (OSError, ValueError):
                # It is being written again.
                time.sleep(0.05)
        raise Trouble(f"{self.summary_path} is missing or damaged")

    def pid(self, name):
        return self.summary()["pids"][name]

    def sql(self, text, patience=30):
        """The rows of a statement of the administrator's, as lists of texts."""
        url = self.summary()["admin_database_url"]
        deadline = time.monotonic() + patience
        while True:
            answer = subprocess.run(
                ["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text, url],
                capture_output=True, text=True,
                # Also while everybody else may only read.
                env={**os.environ, "PGOPTIONS": "-c default_transaction_read_only=off"})
            if answer.returncode == 0:
                return [line.split("\t") for line in answer.stdout.splitlines()]
            if time.monotonic() > deadline:
                raise Trouble(f"PostgreSQL refuses {text!r}: {answer.stderr.strip()}")
            time.sleep(0.2)

    def get(self, path, key=None):
        """Status and body of a GET through nginx."""
        summary = self.summary()
        connection = http.client.HTTPSConnection(
            "127.0.0.1", urlsplit(summary["url"]).port, timeout=5,
            context=ssl.create_default_context(cafile=summary["ca"]))
        try:
            headers = {"Authorization": "Bearer " + summary["api_key"]} if key else {}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_ready(self):
        try:
            return self.get("/health/ready")[0] == 200
        except (OSError, http.client.HTTPException, Trouble):
            return False

    def wait_ready(self, seconds=60):
        """Waits until it is ready; how long that took, in seconds."""
        start = time.monotonic()
        self.wait("it is not ready again", self.is_ready, seconds)
        return time.monotonic() - start

    def spooled_bytes(self):
        """Bytes of reports that are in the spool and not in the database."""
        status, body = self.get("/v1/status", key=True)
        if status != 200:
            raise Trouble(f"/v1/status answers {status}")
        return (json.loads(body).get("spool") or {}).get("bytes", 0)

    def wait_drained(self, seconds=180):
        def is_drained():
            try:
                return self.spooled_bytes() == 0
            except (OSError, http.client.HTTPException, Trouble):
                return False
        self.wait("the spool does not get empty", is_drained, seconds)

    def wait(self, problem, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None and self.process.returncode != -9:
                raise Trouble(f"the demo ended by itself; see {self.log.name}")
            if time.monotonic() > deadline:
                raise Trouble(f"{problem} after {seconds} s; see {self.directory}")
            time.sleep(0.05)

    def descendants(self, pid):
        """All processes below one, itself included."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    with open(f"/proc/{entry}/stat") as file:
                        parent = int(file.read().rsplit(")", 1)[1].split()[1])
                    children.setdefault(parent, []).append(int(entry))
        found, todo = [], [pid]
        while todo:
            found.append(todo.pop())
            todo += children.get(found[-1], [])
        return found

    def signal_all(self, pids, number):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill_everything(self):
        """What the machine's sudden end leaves, but for the page cache: that survives here."""
        stopped = set()
        # All are stopped before the first is killed: the supervisor would start others again, and
        # what was being started while one looked is found by looking again.
        while new := set(self.descendants(self.process.pid)) - stopped:
            self.signal_all(new, signal.SIGSTOP)
            stopped |= new
        self.signal_all(stopped, signal.SIGKILL)
        self.process.wait()
        # A port is free when the last who held it has ended.
        deadline = time.monotonic() + 10
        while any(is_running(pid) for pid in stopped) and time.monotonic() < deadline:
            time.sleep(0.005)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.summary_path)

    def forget(self):
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def is_running(pid):
    """Whether a process is there and is more than an entry that its parent has to read."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
