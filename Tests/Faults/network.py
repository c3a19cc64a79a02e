"""A network of its own for a cluster: each node in a network namespace with a cable that can be pulled."""
import contextlib, os, pwd, subprocess

from system import Trouble


class Network:
    """Needs root and ip(8). Node 0 is at `host(0)`, this machine at `here`."""

    def __init__(self):
        # Two runs at a time do not meet.
        self.name = f"wbf{os.getpid() % 100000}"
        prefix = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self.here, self.subnet, self.prefix = f"{prefix}.1", f"{prefix}.0/24", prefix

    @staticmethod
    def is_possible():
        if os.getuid() != 0 or subprocess.run(["which", "ip"], capture_output=True).returncode != 0:
            return False
        # Containers refuse it to their root.
        return subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0

    def host(self, node):
        return f"{self.prefix}.{11 + node}"

    def start(self, nodes):
        self.ip("link", "add", self.name, "type", "bridge")
        self.ip("addr", "add", f"{self.here}/24", "dev", self.name)
        self.ip("link", "set", self.name, "up")
        for node in range(nodes):
            space, cable = self.space(node), self.cable(node)
            self.ip("netns", "add", space)
            self.ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            self.ip("link", "set", cable, "master", self.name, "up")
            self.ip("-n", space, "addr", "add", f"{self.host(node)}/24", "dev", "eth0")
            self.ip("-n", space, "link", "set", "eth0", "up")
            self.ip("-n", space, "link", "set", "lo", "up")

    def inside(self, node, words, user):
        """A command that runs in a node's namespace, in the same process, as a user."""
        return ["ip", "netns", "exec", self.space(node), "setpriv", f"--reuid={user.pw_uid}",
                f"--regid={user.pw_gid}", "--clear-groups", *words]

    def cut(self, node):
        self.ip("link", "set", self.cable(node), "down")

    def mend(self, node):
        self.ip("link", "set", self.cable(node), "up")

    def stop(self, nodes):
        for words in [["netns", "del", self.space(node)] for node in range(nodes)] + [["link", "del", self.name]]:
            with contextlib.suppress(Trouble):
                self.ip(*words)

    def space(self, node):
        return f"{self.name}n{node}"

    def cable(self, node):
        return f"{self.name}v{node}"

    @staticmethod
    def ip(*words):
        answer = subprocess.run(["ip", *words], capture_output=True, text=True)
        if answer.returncode != 0:
            raise Trouble(f"ip {' '.join(words)}: {answer.stderr.strip()}")


def postgres_user():
    """Whom PostgreSQL runs as: it refuses root."""
    return pwd.getpwnam("postgres") if os.getuid() == 0 else None
