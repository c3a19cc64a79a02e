#!/usr/bin/env python3
"""Webhooks of a running demo, measured: how many deliveries a second, how late, and whether a verifier
of other people's accepts them all.

    waybill demo --directory D --port 8443 --empty     (a release build)
    Tests/Benchmarks/webhooks.py D/demo.json --events 10000 --rate 2000
    Tests/Benchmarks/webhooks.py D/demo.json --events 20000 --live 500 --dead 500 --rate 500 --batch 1

Each event is a final report of a message of its own, posted to Infobip's path in callbacks of 20,
or of --batch: one is told to each of many webhooks, so that larger ones are large bursts. With
--others N, N more reports a second come that no webhook wants. A quarter of the dead webhooks refuse
connections, the others take them and never answer. With PyPI's standardwebhooks installed every
signature is checked by it; otherwise by the rule itself.
"""
import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.request

try:
    from standardwebhooks.webhooks import Webhook
except ImportError:
    Webhook = None


class Receiver:
    """Takes events, and notes when each came."""

    def __init__(self):
        self.secrets = {}
        self.arrivals = {}
        self.repeats = 0
        self.refused = 0
        self.kept = []

    async def serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
            now = time.time()
            key = (path, headers["webhook-id"])
            if key in self.arrivals:
                self.repeats += 1
            else:
                self.arrivals[key] = now
                # Checked afterwards, so that the checks do not take the time that is measured.
                self.kept.append((path, headers, body, now))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def verify(self):
        """How many are genuine, and how late each came, in seconds."""
        late = []
        for path, headers, body, arrived in self.kept:
            secret = self.secrets[path]
            try:
                if Webhook:
                    event = Webhook(secret).verify(body, headers)
                else:
                    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
                    key = base64.b64decode(secret.removeprefix("whsec_"))
                    code = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
                    assert f"v1,{code}" in headers["webhook-signature"].split(" ")
                    event = json.loads(body)
                at = event["timestamp"].replace("Z", "+00:00")
                late.append(arrived - time_of(at))
            except Exception as problem:  # noqa: BLE001: whatever it is, the event is refused
                self.refused += 1
                if self.refused < 4:
                    print("refused:", repr(problem))
        return late


def time_of(text):
    from datetime import datetime
    return datetime.fromisoformat(text).timestamp()


async def hang(reader, writer):
    await reader.read(1 << 20)
    await asyncio.sleep(60)


class API:
    def __init__(self, demo):
        self.url = demo["url"]
        self.key = demo["api_key"]
        self.context = ssl.create_default_context(cafile=demo["ca"])

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        while True:
            try:
                with urllib.request.urlopen(request, context=self.context) as answer:
                    text = answer.read()
                    return json.loads(text) if text else {}
            except urllib.error.HTTPError as problem:
                if problem.code not in (429, 503):
                    raise
                # The limit of requests a second.
                time.sleep(1)


def callback(run, number, count, to):
    done = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime())
    return json.dumps({"results": [{
        "messageId": f"{run}-{number}-{place}", "to": to, "doneAt": done, "sentAt": done,
        "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
        "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR"},
    } for place in range(count)]}).encode()


async def post(demo, context, bodies, rate, batch):
    """Posts callbacks on a few kept connections, at so many reports a second."""
    infobip = demo["infobip"]
    login = base64.b64encode(f"{infobip['user']}:{infobip['password']}".encode()).decode()
    host = demo["url"].removeprefix("https://")
    name, port = host.split(":")
    queue = asyncio.Queue()
    began = time.monotonic()
    refused = 0

    async def worker():
        nonlocal refused
        reader, writer = await asyncio.open_connection(name, int(port), ssl=context)
        while (item := await queue.get()) is not None:
            place, body = item
            wait = began + place * batch / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            writer.write((f"POST /callbacks/infobip HTTP/1.1\r\nHost: {host}\r\n"
                          f"Authorization: Basic {login}\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n").encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.decode().lower().split("\r\n")
                           if line.startswith("content-length:")), 0)
            await reader.readexactly(length)
            if not head.startswith(b"HTTP/1.1 200"):
                refused += 1
        writer.close()

    workers = [asyncio.create_task(worker()) for _ in range(16)]
    for item in enumerate(bodies):
        await queue.put(item)
    for _ in workers:
        await queue.put(None)
    await asyncio.gather(*workers)
    return time.monotonic() - began, refused


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("demo")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=2000, help="events a second")
    parser.add_argument("--others", type=float, default=0, help="other reports a second")
    parser.add_argument("--live", type=int, default=1)
    parser.add_argument("--dead", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--batch", type=int, default=20, help="reports in a callback")
    options = parser.parse_args()
    demo = json.load(open(options.demo))
    api = API(demo)
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    hole = await asyncio.start_server(hang, "127.0.0.1", 0, backlog=4096)
    hole_port = hole.sockets[0].getsockname()[1]
    made = []

    def make(url, countries):
        answer = api.call("POST", "/v1/webhooks", {
            "url": url, "events": ["message.status_changed"], "final_only": True,
            "countries": countries, "concurrency": options.concurrency})
        made.append(answer["webhook"]["id"])
        return answer["secret"]

    for number in range(options.live):
        path = f"/{number}"
        receiver.secrets[path] = make(f"http://127.0.0.1:{port}{path}", ["GB"])
    for number in range(options.dead):
        make(f"http://127.0.0.1:{9 if number % 4 == 0 else hole_port}/{number}", ["GB"])
    await asyncio.sleep(2)
    run = f"bench-{time.time_ns()}"
    wanted = options.events // options.live
    bodies = [callback(run, number, options.batch, "447700900123")
              for number in range(wanted // options.batch)]
    context = ssl.create_default_context(cafile=demo["ca"])
    load = [asyncio.create_task(post(
        demo, context, bodies, options.rate / options.live, options.batch))]
    if options.others:
        seconds = options.events / options.rate
        others = [callback(f"{run}-other", number, 20, "41791234567")
                  for number in range(int(options.others * seconds / 20))]
        load.append(asyncio.create_task(post(demo, context, others, options.others, 20)))
    began = time.monotonic()
    results = await asyncio.gather(*load)
    expected = len(bodies) * options.batch * options.live
    deadline = time.monotonic() + 120
    while len(receiver.arrivals) < expected and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    took = time.monotonic() - began
    late = sorted(receiver.verify())
    for index, (seconds, refused) in enumerate(results):
        print(f"{'events' if index == 0 else 'others'}: posted in {seconds:.1f} s, {refused} refused")
    print(f"verifier: {'standardwebhooks' if Webhook else 'own rule'}; expected {expected},"
          f" accepted {len(late)}, refused {receiver.refused}, repeated {receiver.repeats}")
    if late:
        print(f"{expected / took:.0f} deliveries a second; from the commit's transaction to the receiver: "
              + ", ".join(f"p{part} {late[min(len(late) - 1, len(late) * part // 100)] * 1000:.0f} ms"
                          for part in (50, 90, 99)) + f", longest {late[-1] * 1000:.0f} ms")
    for webhook in made:
        api.call("DELETE", f"/v1/webhooks/{webhook}")
    server.close()
    return 0 if len(late) == expected and receiver.refused == 0 else 1


raise SystemExit(asyncio.run(main()))
