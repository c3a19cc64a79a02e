"""Three PostgreSQL under Patroni with etcd, in one folder."""
import contextlib, glob, json, os, signal, subprocess, time, urllib.request

from network import postgres_user
from system import Trouble, free_ports

BIN = max(glob.glob("/usr/lib/postgresql/*/bin"), default="")
# What loads at least three times as fast as the defaults, for a cluster that lives for minutes. 20 s is the
# shortest ttl that Patroni takes.
TIMES = {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "master_start_timeout": 0, "maximum_lag_on_failover": 1 << 24}


class Cluster:
    """`mode` is "strict" (synchronous, and no write without a standby) or "async". All on loopback, unless it
    gets a network."""

    def __init__(self, directory, mode, network=None):
        self.directory, self.mode, self.network = directory, mode, network
        self.here = network.here if network else "127.0.0.1"
        self.hosts = [network.host(node) if network else "127.0.0.1" for node in range(3)]
        self.ports = free_ports(3)
        self.rest_ports = free_ports(3)
        self.etcd_port, self.etcd_peer_port = free_ports(2)
        self.processes = {}
        self.user = postgres_user()

    def start(self):
        for program in ("etcd", "patroni"):
            if subprocess.run(["which", program], capture_output=True).returncode != 0:
                raise Trouble(f"missing: {program}. apt-get install -y etcd-server patroni python3-etcd")
        if self.network:
            self.network.start(3)
        os.makedirs(os.path.join(self.directory, "etcd"), exist_ok=True)
        if self.user:
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
            os.chown(os.path.join(self.directory, "etcd"), self.user.pw_uid, self.user.pw_gid)
        client, peer = f"http://{self.here}:{self.etcd_port}", f"http://{self.here}:{self.etcd_peer_port}"
        self.run("etcd", [
            "etcd", "--name", "one", "--data-dir", os.path.join(self.directory, "etcd"), "--enable-v2",
            "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"one={peer}", "--unsafe-no-fsync"])
        for node in range(3):
            self.start_node(node)
            if node == 0:
                self.wait_primary(60)
        self.wait_whole(120)

    def start_node(self, node):
        path = os.path.join(self.directory, f"node{node}.json")
        with open(path, "w") as file:
            json.dump(self.configuration(node), file)
        self.run(f"node{node}", ["patroni", path], node)

    def configuration(self, node):
        host = self.hosts[node]
        # JSON is YAML.
        return {
            "scope": "faults", "name": f"node{node}",
            "restapi": {"listen": f"{host}:{self.rest_ports[node]}",
                        "connect_address": f"{host}:{self.rest_ports[node]}"},
            "etcd": {"host": f"{self.here}:{self.etcd_port}"},
            "bootstrap": {
                "dcs": {**TIMES, "synchronous_mode": self.mode == "strict",
                        "synchronous_mode_strict": self.mode == "strict",
                        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {
                            "max_connections": 100, "shared_buffers": "128MB", "wal_log_hints": "on"}}},
                "initdb": [{"encoding": "UTF8"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"{host}:{self.ports[node]}", "connect_address": f"{host}:{self.ports[node]}",
                "data_dir": os.path.join(self.directory, f"data{node}"), "bin_dir": BIN,
                "pgpass": os.path.join(self.directory, f"pgpass{node}"),
                "parameters": {"unix_socket_directories": self.directory},
                "pg_hba": ["local all all trust", f"host all all {self.subnet} trust",
                           f"host replication all {self.subnet} trust"],
                "authentication": {"superuser": {"username": "postgres", "password": "secret"},
                                   "replication": {"username": "replicator", "password": "secret"},
                                   "rewind": {"username": "rewinder", "password": "secret"}},
            },
        }

    @property
    def subnet(self):
        return self.network.subnet if self.network else "127.0.0.1/32"

    def run(self, name, words, node=None):
        log = open(os.path.join(self.directory, f"{name}.log"), "ab")
        if self.network and node is not None:
            self.processes[name] = subprocess.Popen(
                self.network.inside(node, words, self.user), stdout=log, stderr=log, cwd=self.directory,
                start_new_session=True)
            return
        identity = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        self.processes[name] = subprocess.Popen(
            words, stdout=log, stderr=log, cwd=self.directory, start_new_session=True, **identity)

    def members(self):
        for host, port in zip(self.hosts, self.rest_ports):
            with contextlib.suppress(OSError, ValueError):
                with urllib.request.urlopen(f"http://{host}:{port}/cluster", timeout=2) as answer:
                    return json.load(answer)["members"]
        return []

    def streaming(self):
        return [m for m in self.members() if m["role"] != "leader" and m["state"] in ("running", "streaming")]

    def primary(self):
        """The number of the node that leads, or None."""
        for member in self.members():
            if member["role"] == "leader" and member["state"] == "running":
                return int(member["name"][-1])
        return None

    def wait_primary(self, seconds, other_than=None):
        def leads():
            primary = self.primary()
            return primary is not None and primary != other_than
        self.wait("no primary", leads, seconds)
        return self.primary()

    def wait_whole(self, seconds):
        """Until any of the three may end."""
        self.wait("three members are not up", lambda: len(self.streaming()) == 2, seconds)
        if self.mode == "strict":
            self.wait("no synchronous standby", lambda: "sync_standby" in [m["role"] for m in self.members()], seconds)

    def wait(self, problem, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Trouble(f"{problem} after {seconds} s; see {self.directory}")
            time.sleep(0.1)

    def url(self, user, database="waybill"):
        hosts = ",".join(f"{host}:{port}" for host, port in zip(self.hosts, self.ports))
        return f"postgresql://{user}@{hosts}/{database}?target_session_attrs=read-write"

    def psql(self, text, database="waybill", patience=60):
        deadline = time.monotonic() + patience
        while True:
            answer = subprocess.run(
                ["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url("postgres", database)],
                # A host that is cut off answers nothing at all.
                input=text, capture_output=True, text=True, env={**os.environ, "PGCONNECT_TIMEOUT": "2"})
            if answer.returncode == 0:
                return [line.split("\t") for line in answer.stdout.splitlines()]
            if time.monotonic() > deadline:
                raise Trouble(f"PostgreSQL refuses: {answer.stderr.strip()}")
            time.sleep(0.5)

    def pids(self, node):
        """Patroni and PostgreSQL of a node."""
        pids = [self.processes[f"node{node}"].pid]
        with contextlib.suppress(OSError, ValueError):
            with open(os.path.join(self.directory, f"data{node}", "postmaster.pid")) as file:
                postmaster = int(file.readline())
            pids += [postmaster] + children(postmaster)
        return pids

    def kill(self, node):
        for pid in self.pids(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes[f"node{node}"].wait()

    def stop(self):
        nodes = [pid for node in range(3) if f"node{node}" in self.processes for pid in self.pids(node)]
        for pid in nodes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        if self.network:
            self.network.stop(3)


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError):
                with open(f"/proc/{entry}/stat") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(entry))
    return found
