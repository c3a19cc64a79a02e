"""Two responders behind nginx, as on two hosts: each with sockets and a spool of its own, one database."""
import glob, json, os, pwd, shutil, signal, subprocess, time

from system import System, Trouble, free_port

SECRETS = {"INFOBIP_WEBHOOK_USER": "waybill", "INFOBIP_WEBHOOK_PASSWORD": "a-password-of-the-faults-own",
           "PLIVO_AUTH_TOKEN": "a-token-of-the-faults-own"}


class Responders(System):
    """What `Load` and `evidence` ask of a system, for two responders on a cluster."""

    def __init__(self, program, repository, directory, cluster, write_through):
        super().__init__(program, directory, write_through=write_through)
        self.repository, self.cluster = repository, cluster
        self.nginx = os.path.join(directory, "nginx")
        self.processes = []

    def start(self):
        self.cluster.psql("""
            create role waybill_migrate login; create role waybill login; create role waybill_dispatch login;
            create database waybill owner waybill_migrate;""", database="postgres")
        self.environment |= SECRETS | {
            "DATABASE_URL": self.cluster.url("waybill"), "MIGRATE_DATABASE_URL": self.cluster.url("waybill_migrate"),
            "APP_BASE_URL": f"https://127.0.0.1:{self.port}"}
        if os.getuid() == 0:
            self.environment["WAYBILL_SOCKET_GROUP"] = "www-data"
        self.call("migrate", "--directory", os.path.join(self.repository, "Migrations"))
        self.key = self.call("key", "create", "--name", "faults", "--scope", "read,admin").split()[-1]
        for number in (0, 1):
            self.start_responder(number)
        self.configure()
        self.process = self.spawn("nginx", ["nginx", "-p", self.nginx, "-c", os.path.join(self.nginx, "nginx.conf")])
        self.wait_ready(60)

    def call(self, *words):
        answer = subprocess.run([self.program, *words], env=self.environment, capture_output=True, text=True)
        if answer.returncode != 0:
            raise Trouble(f"waybill {words[0]} fails: {answer.stderr.strip()}")
        return answer.stdout

    def spawn(self, name, words, environment=None):
        log = open(os.path.join(self.directory, f"{name}.log"), "ab")
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environment or self.environment)
        self.processes.append(process)
        return process

    def start_responder(self, number):
        sockets = os.path.join(self.directory, f"run{number}")
        os.makedirs(sockets, exist_ok=True)
        self.spawn(f"responder{number}", [self.program, "serve"], {
            **self.environment, "WAYBILL_SOCKET_DIRECTORY": sockets,
            "WAYBILL_SPOOL_DIRECTORY": os.path.join(self.directory, f"spool{number}")})

    def configure(self):
        """The demo's nginx, with both responders behind each upstream."""
        site = os.path.join(self.repository, "nginx")
        os.makedirs(os.path.join(self.nginx, "temp"))
        shutil.copytree(site, os.path.join(self.nginx, "waybill"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
             "certificate.pem"], cwd=self.nginx, check=True, capture_output=True)
        shutil.copy(os.path.join(self.nginx, "certificate.pem"), os.path.join(self.nginx, "ca.pem"))
        with open(os.path.join(site, "demo.conf.template")) as file:
            text = file.read()
        for kind in ("callbacks", "api", "events"):
            servers = "\n        ".join(
                f'server "unix:{self.directory}/run{number}/{kind}.sock" max_fails=0;' for number in (0, 1))
            text = text.replace(f'server "unix:@DIRECTORY@/{kind}.sock";', servers)
        user = "user www-data;" if os.getuid() == 0 else ""
        for name, value in {"DIRECTORY": self.nginx, "PORT": str(self.port), "USER": user,
                            "CALLBACKS_RATE": "100000r/s"}.items():
            text = text.replace(f"@{name}@", value)
        with open(os.path.join(self.nginx, "nginx.conf"), "w") as file:
            file.write(text)

    def summary(self):
        return {
            "url": f"https://127.0.0.1:{self.port}", "ca": os.path.join(self.nginx, "ca.pem"), "api_key": self.key,
            "admin_database_url": self.cluster.url("postgres"),
            "infobip": {"user": SECRETS["INFOBIP_WEBHOOK_USER"], "password": SECRETS["INFOBIP_WEBHOOK_PASSWORD"]},
            "plivo": {"auth_token": SECRETS["PLIVO_AUTH_TOKEN"]}}

    def wait_drained(self, seconds=180):
        """Each responder tells of its own spool, and nginx asks them in turn."""
        quiet = 0
        deadline = time.monotonic() + seconds
        while quiet < 12:
            try:
                quiet = quiet + 1 if self.spooled_bytes() == 0 else 0
            except (OSError, Trouble):
                quiet = 0
            if time.monotonic() > deadline:
                raise Trouble(f"the spools do not get empty after {seconds} s; see {self.directory}")
            time.sleep(0.1)

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
