"""Signed callbacks through nginx, and a record of what was answered.

Each message gets two or three reports in callbacks of their own, shuffled, a part of them twice. What gets no
2xx is sent again a little later, as a provider would; what was acknowledged is written down, with its receipt.
"""
import base64, hashlib, hmac, http.client, json, os, queue, random, ssl, threading, time, uuid
from urllib.parse import urlencode

INFOBIP = {
    "sent": (1, "PENDING", 26, "PENDING_ACCEPTED"),
    "delivered": (3, "DELIVERED", 5, "DELIVERED_TO_HANDSET"),
    "undeliverable": (2, "UNDELIVERABLE", 4, "REJECTED_OPERATOR"),
}


class Load:
    """Sends until `stop`. All counts are of callbacks."""

    def __init__(self, system, directory, seed, threads=8, per_second=400):
        self.system, self.random = system, random.Random(seed)
        self.name = f"fault-{os.getpid()}-{seed}"
        self.todo = queue.PriorityQueue()
        self.lock = threading.Lock()
        self.acknowledged = open(os.path.join(directory, "acknowledged.jsonl"), "a", buffering=1 << 16)
        self.receipts = open(os.path.join(directory, "receipts.txt"), "a", buffering=1 << 16)
        self.sent = self.taken = self.refused = self.unanswered = 0
        self.made = self.tie = 0
        # Of the present silence: since when nothing got a 2xx, and the longest so far.
        self.last_taken, self.longest_silence = time.monotonic(), 0.0
        self.is_over = threading.Event()
        self.interval = threads / per_second
        summary = system.summary()
        self.context = ssl.create_default_context(cafile=summary["ca"])
        self.port, self.url = system.port, summary["url"]
        infobip = summary["infobip"]
        self.basic = "Basic " + base64.b64encode(
            f"{infobip['user']}:{infobip['password']}".encode()).decode()
        self.token = summary["plivo"]["auth_token"].encode()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Makes nothing new, and waits until all that was made is acknowledged, or refused sixty times."""
        self.is_over.set()
        for thread in self.threads:
            thread.join(240)
        self.acknowledged.close()
        self.receipts.close()

    def run(self):
        connection = None
        while True:
            started = time.monotonic()
            try:
                due, _, attempts, callback = self.todo.get_nowait()
                if due > started and not self.is_over.is_set():
                    self.todo.put((due, self.next_tie(), attempts, callback))
                    callback = None
                elif due > started:
                    time.sleep(min(due - started, 0.2))
            except queue.Empty:
                callback = None
                if self.is_over.is_set():
                    break
            if callback is None:
                if self.is_over.is_set():
                    continue
                self.make()
                continue
            connection, answer = self.post(connection, callback)
            self.note(answer, attempts, callback)
            if not self.is_over.is_set():
                time.sleep(max(0, self.interval - (time.monotonic() - started)))
        if connection:
            connection.close()

    def next_tie(self):
        with self.lock:
            self.tie += 1
            return self.tie

    def put(self, callback, attempts=0, delay=0.0):
        self.todo.put((time.monotonic() + delay, self.next_tie(), attempts, callback))

    def make(self):
        """The callbacks of ten messages, shuffled: late, twice and out of order."""
        callbacks = []
        with self.lock:
            for _ in range(10):
                self.made += 1
                message = f"{self.name}-{self.made}"
                if self.random.random() < 0.2:
                    callbacks.append(("plivo", [(str(uuid.uuid5(uuid.NAMESPACE_URL, message)), "delivered", 9)]))
                    continue
                final = "delivered" if self.random.random() < 0.8 else "undeliverable"
                callbacks.append(("infobip", [(message, "sent", 1)]))
                callbacks.append(("infobip", [(message, final, 5)]))
            # One callback with many reports.
            batch = [(f"{self.name}-b{self.made}-{n}", "delivered", 5) for n in range(20)]
            callbacks.append(("infobip", batch))
            callbacks += [entry for entry in callbacks if self.random.random() < 0.1]
            self.random.shuffle(callbacks)
            delays = [self.random.random() * 0.5 for _ in callbacks]
        for callback, delay in zip(callbacks, delays):
            self.put(callback, delay=delay)

    def post(self, connection, callback):
        """One attempt: the connection to go on with, and (status, receipt) or None."""
        try:
            if connection is None:
                connection = http.client.HTTPSConnection(
                    "127.0.0.1", self.port, timeout=9, context=self.context)
            path, headers, body = self.request(*callback)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return connection, (answer.status, answer.headers.get("Waybill-Receipt"))
        except (OSError, http.client.HTTPException):
            if connection:
                connection.close()
            return None, None

    def note(self, answer, attempts, callback):
        now = time.monotonic()
        with self.lock:
            self.sent += 1
            if answer and 200 <= answer[0] < 300:
                self.taken += 1
                self.longest_silence = max(self.longest_silence, now - self.last_taken)
                self.last_taken = now
                provider, reports = callback
                self.acknowledged.write(json.dumps([answer[1], provider, reports]) + "\n")
                self.receipts.write((answer[1] or "missing") + "\n")
                return
            if answer:
                self.refused += 1
            else:
                self.unanswered += 1
        if attempts < 60 and (not answer or answer[0] in (429, 500, 502, 503, 504)):
            self.put(callback, attempts + 1, delay=0.5)
        elif answer:
            with self.lock:
                self.acknowledged.write(json.dumps(["refused", answer[0], callback]) + "\n")

    def request(self, provider, reports):
        if provider == "infobip":
            body = json.dumps({"results": [self.infobip(*report) for report in reports]})
            return "/callbacks/infobip", {
                "Content-Type": "application/json", "Authorization": self.basic}, body
        message, _, _ = reports[0]
        form = {"MessageUUID": message, "Status": "delivered", "To": "447700900123", "From": "Waybill",
                "TotalAmount": "0.01", "TotalRate": "0.01", "Units": "1"}
        path, nonce = "/callbacks/plivo", str(uuid.uuid4())
        signed = self.url + path + "?" + "".join(k + form[k] for k in sorted(form)) + "." + nonce
        signature = base64.b64encode(hmac.new(self.token, signed.encode(), hashlib.sha256).digest())
        return path, {
            "Content-Type": "application/x-www-form-urlencoded", "X-Plivo-Signature-V3": signature.decode(),
            "X-Plivo-Signature-V3-Nonce": nonce}, urlencode(form)

    def infobip(self, message, status, second):
        group, group_name, number, name = INFOBIP[status]
        return {
            "bulkId": self.name, "messageId": message, "to": "447700900123", "from": "Waybill",
            "sentAt": "2026-11-20T09:15:00.100+0000", "doneAt": f"2026-11-20T09:15:{second:02}.000+0000",
            "smsCount": 1, "price": {"pricePerMessage": 0.01, "currency": "EUR"},
            "status": {"groupId": group, "groupName": group_name, "id": number, "name": name,
                       "description": name},
            "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR",
                      "description": "No Error", "permanent": False}}
