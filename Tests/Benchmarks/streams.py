#!/usr/bin/env python3
"""Live streams under load: a demo, nginx with TLS, and as many clients as wanted.

    waybill demo --empty --directory /tmp/demo &
    Tests/Benchmarks/streams.py /tmp/demo delay --streams 10000
    Tests/Benchmarks/streams.py /tmp/demo watchers --streams 1000
    Tests/Benchmarks/streams.py /tmp/demo restart --streams 10000

delay     All watch everything. Reports come one at a time; each message is named for the moment of its
          sending. Prints the delay from that moment to the event at each stream, and the responder's
          memory. Fails if a stream misses an event or gets one twice.
watchers  Each watches a message of its own. wrk posts other messages' reports with and without watchers,
          in turn, while the watched ones change twenty times a second. Prints what reception loses.
restart   kill -9 of the responder, which the demo starts again. Clients come back as browsers do, while
          a callback is posted every 10 ms. Prints the callbacks' delay from the new process on.

Each stream has a TLS connection of its own. Several processes read; their address is one of many on
loopback, so that nginx's limits for one address stay as they are shipped. Their share of the machine is
printed: it would not be there with clients elsewhere.
"""
import argparse, base64, http.client, json, multiprocessing, os, re, resource, signal, ssl, statistics
import subprocess, sys, threading, time

import stream_clients

HERE = os.path.dirname(os.path.abspath(__file__))


class Demo:
    def __init__(self, directory):
        self.path = directory + "/demo.json"
        with open(self.path) as file:
            self.document = json.load(file)
        self.port = int(self.document["url"].rsplit(":", 1)[1].strip("/"))

    def pid(self, name="responder"):
        with open(self.path) as file:
            return json.load(file)["pids"][name]

    def connect(self):
        context = ssl.create_default_context(cafile=self.document["ca"])
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)

    def report(self, connection, names, group=3, done="2026-11-20T09:15:04.913+0000"):
        words = {3: ("DELIVERED", 5), 2: ("UNDELIVERABLE", 9)}[group]
        body = {"results": [{
            "messageId": name, "to": "447700900123", "doneAt": done,
            "status": {"groupId": group, "groupName": words[0], "id": words[1], "name": words[0]}}
            for name in names]}
        infobip = self.document["infobip"]
        credentials = base64.b64encode(f"{infobip['user']}:{infobip['password']}".encode()).decode()
        connection.request("POST", "/callbacks/infobip", json.dumps(body), {
            "Authorization": "Basic " + credentials, "Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def get(self, connection, path):
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.document['api_key']}"})
        answer = connection.getresponse()
        return json.loads(answer.read())

    def resident(self):
        with open(f"/proc/{self.pid()}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Crowd:
    """Readers in processes of their own."""

    def __init__(self, demo, paths, processes, mode, argument=None):
        self.box, self.stop = multiprocessing.Queue(), multiprocessing.Event()
        self.processes = [
            multiprocessing.Process(
                target=stream_clients.run, daemon=True,
                args=(number, demo.document, paths[number::processes], self.box, self.stop, mode,
                      argument))
            for number in range(processes)]
        for process in self.processes:
            process.start()
        self.seconds = max(self.take("open"))

    def take(self, kind):
        values = []
        for _ in self.processes:
            got, value = self.box.get(timeout=600)
            if got != kind:
                sys.exit(f"{got}: {value}")
            values.append(value)
        return values

    def cpu(self):
        """Seconds of processor time so far."""
        ticks = 0
        for process in self.processes:
            with open(f"/proc/{process.pid}/stat") as file:
                ticks += sum(int(word) for word in file.read().rsplit(")", 1)[1].split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self):
        for process in self.processes:
            process.join(60)


def at(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def shares(values):
    return "median {:.0f}, p90 {:.0f}, p99 {:.0f}, longest {:.0f}".format(
        *(at(values, share) for share in (0.5, 0.9, 0.99, 1)))


def measure_delay(demo, arguments):
    print(f"{arguments.streams} streams; the responder has {demo.resident():.1f} MiB before")
    crowd = Crowd(demo, ["/v1/live?final=true"] * arguments.streams, arguments.readers, "names")
    print(f"open after {crowd.seconds:.1f} s; the responder has {demo.resident():.1f} MiB")
    connection, names, peak = demo.connect(), [], 0
    before, started = crowd.cpu(), time.time()
    for _ in range(arguments.reports):
        names.append(time.time_ns())
        assert demo.report(connection, [f"ld-{names[-1]}"]) == 200
        time.sleep(arguments.pause)
        peak = max(peak, demo.resident())
    time.sleep(2)
    used = (crowd.cpu() - before) / (time.time() - started)
    crowd.stop.set()
    delays, wrong = [], 0
    for part in crowd.take("shown"):
        for _, shown in part:
            got = [(moment, name) for moment, all in shown for name in all]
            delays += [(moment - name) / 1e6 for moment, name in got]
            wrong += sorted(name for _, name in got) != names
    crowd.end()
    print(f"{len(delays)} events; {wrong} streams missed one or got one twice")
    print(f"the responder has {peak:.1f} MiB; the readers took {100 * used:.0f}% of a core")
    print("delay in ms:", shares(delays))
    return wrong == 0 and at(delays, 0.5) < 100 and at(delays, 0.99) < 500 and peak < 64


class Changes(threading.Thread):
    """Twenty callbacks a second that change five watched messages each."""

    def __init__(self, demo, names):
        super().__init__(daemon=True)
        self.demo, self.names, self.stopped, self.count, self.turn = demo, names, False, 0, 0

    def run(self):
        connection = self.demo.connect()
        while not self.stopped:
            place = self.turn * 5 % len(self.names)
            # Later each time, and another status: so it is a change.
            turn = self.turn * 5 // len(self.names)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime(1795170000 + self.turn))
            some = self.names[place:place + 5]
            assert self.demo.report(connection, some, 3 - turn % 2, moment) == 200
            self.turn += 1
            self.count += len(some)
            time.sleep(0.05)


def load(demo, arguments):
    """Reports a second that wrk posts."""
    out = subprocess.run(
        ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "-s",
         HERE + "/callbacks.lua", f"https://127.0.0.1:{demo.port}/callbacks/infobip"],
        env=dict(os.environ, DEMO=demo.path, BATCH=str(arguments.batch)), capture_output=True, text=True)
    found = re.search(r"([\d.]+) reports/s, p50 ([\d.]+) ms, p99 ([\d.]+) ms, (\d+) failed", out.stdout)
    assert found and found[4] == "0", out.stdout + out.stderr
    return float(found[1]), float(found[2]), float(found[3])


def measure_watchers(demo, arguments):
    connection, moment = demo.connect(), time.time_ns()
    names = [f"watched-{moment}-{number}" for number in range(arguments.streams)]
    for start in range(0, len(names), 100):
        assert demo.report(connection, names[start:start + 100]) == 200
    paths = [
        "/v1/messages/{}/live".format(demo.get(
            connection, f"/v1/messages?provider=infobip&provider_message_id={name}")["id"])
        for name in names]
    changes = Changes(demo, names)
    changes.turn = len(names) // 5
    changes.start()
    load(demo, arguments)
    rates = {False: [], True: []}
    for turn in range(2 * arguments.rounds):
        watched = turn % 4 in (1, 2)
        crowd = Crowd(demo, paths, 2, "count") if watched else None
        before, cpu, started = changes.count, crowd.cpu() if crowd else 0, time.time()
        rate, median, p99 = load(demo, arguments)
        rates[watched].append(rate)
        more = ""
        if crowd:
            used = 100 * (crowd.cpu() - cpu) / (time.time() - started)
            changed = changes.count - before
            crowd.stop.set()
            events = sum(crowd.take("count"))
            crowd.end()
            more = f"; {changed} changes of theirs, {events} events, readers {used:.0f}% of a core"
        print(f"{'with   ' if watched else 'without'} {rate:.0f} reports/s, p50 {median:.2f} ms,"
              f" p99 {p99:.2f} ms{more}", flush=True)
    changes.stopped = True
    loss = 100 * (1 - statistics.median(rates[True]) / statistics.median(rates[False]))
    print(f"{arguments.streams} watchers cost reception {loss:.1f}% (median of {arguments.rounds})")
    return loss <= 5


class Callbacks(threading.Thread):
    """One every 10 ms; keeps when each was sent, how long it took, and its status."""

    def __init__(self, demo):
        super().__init__(daemon=True)
        self.demo, self.stopped, self.samples = demo, False, []

    def run(self):
        connection, number = self.demo.connect(), 0
        while not self.stopped:
            started = time.time()
            try:
                status = self.demo.report(connection, [f"restart-{started}-{number}"])
            except (OSError, http.client.HTTPException):
                status, connection = 0, self.demo.connect()
            self.samples.append((started, time.time() - started, status))
            number += 1
            time.sleep(max(0, 0.01 - (time.time() - started)))


def measure_restart(demo, arguments):
    crowd = Crowd(demo, ["/v1/live?final=true&status=rejected"] * arguments.streams, arguments.readers,
                  "back", 90)
    print(f"open after {crowd.seconds:.1f} s; the responder has {demo.resident():.1f} MiB")
    callbacks = Callbacks(demo)
    callbacks.start()
    time.sleep(3)
    quiet = [1000 * took for _, took, _ in callbacks.samples]
    killed, cpu = time.time(), crowd.cpu()
    os.kill(demo.pid(), signal.SIGKILL)
    crowd.stop.set()
    backs = crowd.take("back")
    used = crowd.cpu() - cpu
    crowd.end()
    first = min(first for first, _, _ in backs)
    last = max(last for _, last, _ in backs)
    count = sum(back for _, _, back in backs)
    time.sleep(1)
    callbacks.stopped = True
    callbacks.join()
    # From the first answer of the new process on.
    ready = next(at + took for at, took, status in callbacks.samples if at + took > killed + 0.02
                 and status == 200 and at > killed - 0.05)
    after = [(1000 * took, status) for at, took, status in callbacks.samples if ready <= at <= last + 1]
    refused = sum(status != 200 for at, took, status in callbacks.samples)
    print(f"{count} of {arguments.streams} came back, the last {last - killed:.1f} s after the kill; "
          f"their readers took {used:.1f} s of processor time; "
          f"the responder answered {ready - killed:.2f} s after it and has {demo.resident():.1f} MiB")
    print("callbacks before, in ms:", shares(quiet))
    print(f"callbacks from then until all were back ({len(after)}), in ms:",
          shares([took for took, _ in after]) + f"; {refused} refused in all")
    return count >= arguments.streams and at([took for took, _ in after], 0.99) < 100


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("mode", choices=["delay", "watchers", "restart"])
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--readers", type=int, default=2, help="processes")
    parser.add_argument("--reports", type=int, default=20, help="of delay")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two reports of delay")
    parser.add_argument("--rounds", type=int, default=4, help="of watchers, each with and without")
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--connections", type=int, default=64, help="of wrk")
    parser.add_argument("--batch", type=int, default=1, help="reports in each of wrk's callbacks")
    arguments = parser.parse_args()
    wanted = arguments.streams + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    demo = Demo(arguments.directory)
    measure = {"delay": measure_delay, "watchers": measure_watchers, "restart": measure_restart}
    sys.exit(0 if measure[arguments.mode](demo, arguments) else 1)


if __name__ == "__main__":
    main()
