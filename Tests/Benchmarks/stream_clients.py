"""Clients of live streams for streams.py: one process reads thousands of connections.

The machine is shared with what is measured, so a client does as little as it can while time counts: it
keeps what came, encrypted, with the moment of its coming, and decrypts it afterwards.
"""
import errno, random, select, socket, ssl, time


class Text:
    """The lines of an answer, whose chunks are put together."""

    def __init__(self):
        self.raw, self.lines = bytearray(), bytearray()
        self.status, self.is_over = None, False

    def add(self, data):
        self.raw += data
        if self.status is None:
            end = self.raw.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(self.raw[9:12])
            del self.raw[:end + 4]
        start = 0
        while (end := self.raw.find(b"\r\n", start)) >= 0:
            size = int(self.raw[start:end], 16)
            if len(self.raw) < end + 4 + size:
                break
            self.is_over |= size == 0
            self.lines += self.raw[end + 2:end + 2 + size]
            start = end + 4 + size
        del self.raw[:start]

    def take(self):
        """The whole lines so far, which are then forgotten."""
        end = self.lines.rfind(b"\n") + 1
        lines = bytes(self.lines[:end])
        del self.lines[:end]
        return lines


class Stream:
    """One client with a connection of its own."""
    __slots__ = ("socket", "tls", "incoming", "outgoing", "text", "log", "last_id", "retry", "is_open",
                 "address", "shaken", "path")

    def __init__(self, address, path):
        self.address, self.path = address, path
        self.last_id, self.retry = None, 2000
        self.log, self.is_open = [], False

    def connect(self, port, context):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((self.address, 0))
        self.socket.connect_ex(("127.0.0.1", port))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="127.0.0.1")
        self.shaken = False

    def ask(self, host, key):
        self.text = Text()
        resumption = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
        self.tls.write((f"GET {self.path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
                        f"{resumption}\r\n").encode())
        self.flush()

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.socket.send(data)

    def shake(self):
        """Whether the handshake is over."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self.flush()
            return False
        self.shaken = True
        return True

    def decrypt(self, data):
        self.incoming.write(data)
        while True:
            try:
                piece = self.tls.read(262144)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                return
            if not piece:
                return
            self.text.add(piece)

    def read_lines(self):
        """The whole lines that came; remembers what a browser would."""
        lines = self.text.take()
        for line in lines.split(b"\n"):
            if line.startswith(b"id: "):
                self.last_id = line[4:].decode()
            elif line.startswith(b"retry: "):
                self.retry = int(line[7:])
        return lines


class Reader:
    """The streams of one process. Messages to the parent go into `box`, as (kind, value)."""

    def __init__(self, number, demo, paths, box, stop):
        self.port = int(demo["url"].rsplit(":", 1)[1].strip("/"))
        self.host, self.key = f"127.0.0.1:{self.port}", demo["api_key"]
        self.context = ssl.create_default_context(cafile=demo["ca"])
        # So few addresses that nginx's limits for one stay as they are shipped.
        self.streams = [Stream(f"127.0.{1 + number}.{1 + place % 200}", path)
                        for place, path in enumerate(paths)]
        self.poll, self.by_number = select.epoll(), {}
        self.box, self.stop = box, stop

    def begin(self, stream):
        stream.connect(self.port, self.context)
        self.by_number[stream.socket.fileno()] = stream
        self.poll.register(stream.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def forget(self, stream):
        self.poll.unregister(stream.socket.fileno())
        del self.by_number[stream.socket.fileno()]
        stream.socket.close()

    def receive(self, stream):
        """What came; empty at the end, None if nothing did."""
        try:
            return stream.socket.recv(262144)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def opening(self, stream, events):
        """One step of a stream that is not open yet; false if it failed."""
        number = stream.socket.fileno()
        if not stream.shaken:
            if events & select.EPOLLOUT:
                self.poll.modify(number, select.EPOLLIN)
            if events & select.EPOLLIN:
                data = self.receive(stream)
                if data == b"":
                    return False
                stream.incoming.write(data or b"")
            try:
                if stream.shake():
                    stream.ask(self.host, self.key)
            except OSError as error:
                return error.errno in (errno.EAGAIN, errno.ENOTCONN)
            return True
        data = self.receive(stream)
        if data == b"":
            return False
        stream.decrypt(data or b"")
        return stream.text.status in (None, 200) or self.fail(stream)

    def fail(self, stream):
        self.box.put(("failed", f"{stream.text.status} {bytes(stream.text.lines[:200])}"))
        return False

    def open_all(self, at_once=48):
        """Opens all streams and tells how long it took."""
        started, waiting, begun = time.time(), list(self.streams), set()
        while waiting or begun:
            while waiting and len(begun) < at_once:
                stream = waiting.pop()
                begun.add(stream)
                self.begin(stream)
            for number, events in self.poll.poll(60) or [(None, 0)]:
                if number is None:
                    return self.box.put(("failed", f"{len(begun) + len(waiting)} did not open"))
                stream = self.by_number[number]
                if not self.opening(stream, events):
                    return self.box.put(("failed", "a stream was closed while it opened"))
                # Its first event has come.
                if not stream.is_open and stream.shaken and b"event: state" in stream.text.lines \
                        and stream.text.lines.endswith(b"\n\n"):
                    stream.is_open = True
                    stream.read_lines()
                    begun.discard(stream)
        self.box.put(("open", time.time() - started))

    def keep(self):
        """Keeps what comes until the parent says stop."""
        while not self.stop.is_set():
            for number, _ in self.poll.poll(0.2):
                stream = self.by_number[number]
                data = self.receive(stream)
                if data:
                    stream.log.append((time.time_ns(), data))
                elif data == b"":
                    stream.log.append((time.time_ns(), None))
                    self.forget(stream)

    def lines(self):
        """All that was kept: pairs of a stream and the list of (moment, its lines)."""
        for stream in self.streams:
            shown = []
            for moment, data in stream.log:
                if data is not None:
                    stream.decrypt(data)
                    shown.append((moment, stream.read_lines()))
            yield stream, shown

    def come_back(self, seconds):
        """Behaves as browsers do when their streams end: each comes back after its time. Tells when the
        first ended, and when the last was back, as seconds since the epoch."""
        first, last, back = None, None, 0
        due, closed = [], set()
        end = time.time() + seconds
        while time.time() < end and not (back == len(self.streams) and self.stop.is_set()):
            now = time.time()
            due.sort(key=lambda pair: -pair[0])
            while due and due[-1][0] <= now:
                stream = due.pop()[1]
                stream.is_open = False
                if stream in closed:
                    closed.discard(stream)
                    self.begin(stream)
                else:
                    stream.ask(self.host, self.key)
            for number, events in self.poll.poll(0.05):
                stream = self.by_number[number]
                was_open = stream.is_open
                if was_open or stream.shaken:
                    data = self.receive(stream)
                    if data == b"":
                        self.forget(stream)
                        closed.add(stream)
                        first = first or time.time()
                        due.append((time.time() + stream.retry / 1000, stream))
                        continue
                    stream.decrypt(data or b"")
                    stream.read_lines()
                    if stream.text.is_over:
                        first = first or time.time()
                        stream.text = Text()
                        due.append((time.time() + stream.retry / 1000, stream))
                    elif not was_open and stream.text.status == 200:
                        stream.is_open, last, back = True, time.time(), back + 1
                    elif stream.text.status not in (None, 200):
                        self.fail(stream)
                        return
                elif not self.opening(stream, events):
                    return self.box.put(("failed", "a stream was closed while it came back"))
        self.box.put(("back", (first, last, back)))


def run(number, demo, paths, box, stop, mode, argument):
    """A reader's process. `mode` says what follows once all streams are open."""
    random.seed(number)
    reader = Reader(number, demo, paths, box, stop)
    reader.open_all()
    if mode == "back":
        reader.come_back(argument)
    else:
        reader.keep()
    if mode == "names":
        box.put(("shown", [(stream.path, [(moment, name(lines)) for moment, lines in shown
                                          if b"provider_message_id" in lines])
                           for stream, shown in reader.lines()]))
    elif mode == "count":
        box.put(("count", sum(lines.count(b"event: status") for _, shown in reader.lines()
                              for _, lines in shown)))


def name(lines):
    """The names' numbers in some lines; see streams.py."""
    return [int(part[:19]) for part in lines.split(b'"provider_message_id":"ld-')[1:]]
