#!/usr/bin/env python3
"""Opens many live streams to a demo through nginx with TLS, reports to them, and measures.

    waybill demo --empty --directory /tmp/demo &
    Tests/Benchmarks/streams.py /tmp/demo --streams 10000

Every callback's message is named for the moment of its sending, so an event tells its own delay.
Several processes read, each without threads; a stream's source address is one of many on loopback,
so that nginx's limits for one address stay as they are shipped.

Prints how long opening took, the responder's resident memory, and the delays from the callback's
sending to the event at each of the streams. Exits 1 if a stream missed an event or got one twice.
"""
import argparse, base64, http.client, json, multiprocessing, os, resource, selectors, socket, ssl
import sys, time

NAME = b'"provider_message_id":"ld-'


def reader(number, port, ca, request, count, reports, box, go):
    """Opens `count` streams, then reads `reports` events on each."""
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    selector = selectors.DefaultSelector()
    streams, waiting = {}, list(range(count))
    handshaking, isopen = set(), set()
    started = time.time()

    def begin():
        place = waiting.pop()
        raw = socket.socket()
        raw.setblocking(False)
        raw.bind((f"127.0.{1 + number}.{1 + place % 200}", 0))
        raw.connect_ex(("127.0.0.1", port))
        secure = context.wrap_socket(raw, server_hostname="127.0.0.1", do_handshake_on_connect=False)
        selector.register(secure, selectors.EVENT_WRITE)
        streams[secure] = bytearray()
        handshaking.add(secure)

    def shake(secure):
        try:
            secure.do_handshake()
        except ssl.SSLWantReadError:
            return selector.modify(secure, selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            return selector.modify(secure, selectors.EVENT_WRITE)
        secure.send(request)
        handshaking.discard(secure)
        selector.modify(secure, selectors.EVENT_READ)

    while len(isopen) < count:
        while waiting and len(handshaking) < 32:
            begin()
        for key, _ in selector.select(60) or [(None, None)]:
            if key is None:
                return box.put(("failed", number, f"{len(isopen)} of {count} opened", []))
            secure = key.fileobj
            if secure in handshaking:
                try:
                    shake(secure)
                except OSError as error:
                    return box.put(("failed", number, repr(error), []))
                continue
            text = streams[secure]
            if not receive(secure, text):
                return box.put(("failed", number, "closed", bytes(text[:400])))
            if secure in isopen:
                text.clear()
            elif b"event: state" in text and text.rstrip().endswith(b"}"):
                isopen.add(secure)
                text.clear()
            elif b"\r\n\r\n" in text and not text.startswith(b"HTTP/1.1 200"):
                return box.put(("failed", number, "refused", bytes(text[:400])))
    for text in streams.values():
        text.clear()
    box.put(("open", number, time.time() - started, None))

    got = {secure: set() for secure in streams}
    delays, doubles, total = [], 0, 0
    deadline = time.time() + 600
    while total < count * reports and time.time() < deadline:
        events = selector.select(5)
        if not events and go.is_set():
            break
        for key, _ in events:
            piece = streams[key.fileobj]
            if not receive(key.fileobj, piece):
                selector.unregister(key.fileobj)
                continue
            now = time.time_ns()
            place = piece.find(NAME)
            while 0 <= place <= len(piece) - len(NAME) - 19:
                sent = int(piece[place + len(NAME):place + len(NAME) + 19])
                if sent in got[key.fileobj]:
                    doubles += 1
                else:
                    got[key.fileobj].add(sent)
                    delays.append((now - sent) / 1e6)
                    total += 1
                place = piece.find(NAME, place + 1)
            # A name that is cut off comes whole with the rest.
            cut = piece.rfind(NAME[:10])
            if cut >= 0 and len(piece) - cut < len(NAME) + 19:
                del piece[:cut]
            else:
                piece.clear()
    box.put(("done", number, delays, (count * reports - total, doubles)))
    go.wait()


def receive(secure, piece):
    while True:
        try:
            bytes_ = secure.recv(65536)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False
        if not bytes_:
            return False
        piece += bytes_
        if len(bytes_) < 65536 and not secure.pending():
            return True


def report(demo, connection, name):
    body = {"results": [{
        "messageId": name, "to": "447700900123", "doneAt": "2026-11-20T09:15:04.913+0000",
        "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"}}]}
    credentials = base64.b64encode(
        f"{demo['infobip']['user']}:{demo['infobip']['password']}".encode()).decode()
    connection.request("POST", "/callbacks/infobip", json.dumps(body), {
        "Authorization": "Basic " + credentials, "Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def at(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--reports", type=int, default=20)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two reports")
    arguments = parser.parse_args()
    limit = min(arguments.streams + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with open(arguments.directory + "/demo.json") as file:
        demo = json.load(file)
    port = int(demo["url"].rsplit(":", 1)[1].strip("/"))
    request = (f"GET /v1/live?final=true HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
               f"Authorization: Bearer {demo['api_key']}\r\n\r\n").encode()
    responder = demo["pids"]["responder"]
    print(f"{arguments.streams} streams; the responder has {resident(responder):.1f} MiB before")
    box, go = multiprocessing.Queue(), multiprocessing.Event()
    share = [arguments.streams // arguments.readers] * arguments.readers
    share[0] += arguments.streams - sum(share)
    processes = [
        multiprocessing.Process(
            target=reader, daemon=True,
            args=(number, port, demo["ca"], request, count, arguments.reports, box, go))
        for number, count in enumerate(share)]
    for process in processes:
        process.start()
    for _ in processes:
        kind, number, detail, more = box.get(timeout=600)
        if kind != "open":
            sys.exit(f"reader {number}: {detail} {more}")
        longest = detail
    print(f"open after {longest:.1f} s; the responder has {resident(responder):.1f} MiB")
    context = ssl.create_default_context(cafile=demo["ca"])
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    for _ in range(arguments.reports):
        report(demo, connection, f"ld-{time.time_ns()}")
        time.sleep(arguments.pause)
    peak = resident(responder)
    time.sleep(6)
    go.set()
    delays, missed, doubles = [], 0, 0
    for _ in processes:
        _, _, some, (lost, twice) = box.get(timeout=600)
        delays += some
        missed += lost
        doubles += twice
    delays.sort()
    print(f"{len(delays)} events, {missed} missed, {doubles} twice; the responder has {peak:.1f} MiB")
    if delays:
        print("delay in ms: median {:.0f}, p90 {:.0f}, p99 {:.0f}, longest {:.0f}".format(
            at(delays, 0.5), at(delays, 0.9), at(delays, 0.99), delays[-1]))
    sys.exit(1 if missed or doubles else 0)


if __name__ == "__main__":
    main()
