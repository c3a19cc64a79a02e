#!/usr/bin/env python3
"""Times the first and the next page of each filter of GET /v1/messages, and of pairs of them.

    python3 Tests/Benchmarks/search.py --socket /run/waybill/api.sock --key wb_...
    python3 Tests/Benchmarks/search.py --url https://127.0.0.1:8443 --key wb_...

The database is the one that fill.sql fills. --socket speaks FastCGI to the responder, without nginx
and TLS. Ends with 1 if a page takes longer than is promised: 50 ms at the 95th percentile, or 100 ms
for a page that tells how far back it has looked.
"""
import argparse, http.client, itertools, json, random, socket, ssl, statistics, struct, sys, time
from urllib.parse import urlencode, urlsplit

FULL_MS, PARTIAL_MS = 50, 100


def fastcgi(path, key, target):
    """One request over the responder's socket: FastCGI 1.0."""
    uri, _, query = target.partition("?")
    parameters = {
        "REQUEST_METHOD": "GET", "REQUEST_URI": target, "DOCUMENT_URI": uri, "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": "Bearer " + key, "REMOTE_ADDR": "192.0.2.1", "REQUEST_ID": "bench",
    }
    pairs = b""
    for name, value in parameters.items():
        for text in (name, value):
            pairs += struct.pack(">I", len(text) | 1 << 31)
        pairs += name.encode() + value.encode()
    record = lambda kind, content: struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(
            record(1, struct.pack(">HB5x", 1, 0)) + record(4, pairs) + record(4, b"")
            + record(5, b""))
        data, output = b"", b""
        while chunk := connection.recv(1 << 20):
            data += chunk
    while len(data) >= 8:
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", data[:8])
        if kind == 6:
            output += data[8:8 + length]
        data = data[8 + length + padding:]
    head, _, body = output.partition(b"\r\n\r\n")
    return int(head.split(b"Status: ")[1][:3]) if b"Status: " in head else 200, body


class Client:
    def __init__(self, options):
        self.options = options
        self.connection = None
        if options.url:
            url = urlsplit(options.url)
            kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
            extra = {"context": ssl._create_unverified_context()} if url.scheme == "https" else {}
            self.connection = kind(url.netloc, **extra)

    def page(self, **filters):
        target = "/v1/messages?" + urlencode({k.replace("__", "."): v for k, v in filters.items()})
        start = time.perf_counter()
        if self.connection:
            self.connection.request(
                "GET", target, headers={"Authorization": "Bearer " + self.options.key})
            answer = self.connection.getresponse()
            status, body = answer.status, answer.read()
        else:
            status, body = fastcgi(self.options.socket, self.options.key, target)
        elapsed = (time.perf_counter() - start) * 1000
        if status != 200:
            sys.exit(f"{target}: {status} {body.decode()}")
        return elapsed, json.loads(body)


def cases(client):
    """Each filter with a common, a rare and an absent value; and pairs of them."""
    _, page = client.page(limit=200)
    newest = page["messages"]
    middle = None
    if newest:
        day = newest[0]["created_at"][:10]
        _, page = client.page(limit=200, until=day + "T12:00:00Z")
        middle = next(m for m in page["messages"] if m.get("send_request_id"))
    number, ours = middle["to"], middle["id"]
    single = {
        "nothing": [{}],
        "status": [{"status": s} for s in
                   ("delivered", "failed,expired", "rejected", "unknown", "cancelled",
                    "partially_delivered", "accepted")],
        "final": [{"final": "true"}, {"final": "false"}],
        "provider": [{"provider": "infobip"}, {"provider": "plivo"}],
        "error_code": [{"error_code": c} for c in ("110", "210", "140", "149", "999")],
        "to": [{"to": number}, {"to": "+6745571234"}, {"to": "+447700000000"}],
        "to_prefix": [{"to_prefix": p} for p in ("+4477", "+298", "+674", "+999", number[:9])],
        "from": [{"from": s} for s in ("Shop3", "+447700900042", "OnlyOnce", "Nobody")],
        "country": [{"country": c} for c in ("GB", "IT", "FO", "NR", "ZZ")],
        "since": [{"since": middle["created_at"]}, {"since": "2100-01-01T00:00:00Z"}],
        "until": [{"until": middle["created_at"]}, {"until": "2000-01-01T00:00:00Z"}],
        "submitted_by": [{"submitted_by": f"submitter {n}"} for n in (0, 5, 11, 12)]
                        + [{"submitted_by": middle["submitted_by"]["id"]},
                           {"submitted_by": "nobody"}],
        "send_request_id": [{"send_request_id": middle["send_request_id"]},
                            {"send_request_id": "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"}],
        "metadata": [{"metadata__campaign": c} for c in ("c7", "crare", "none")]
                    + [{"metadata__order": "o123451"}, {"metadata__vip": "true"}],
        "q": [{"q": q} for q in
              (number, number[1:], "+6745571234", ours, ours.upper(), middle["send_request_id"],
               middle["provider_message_id"] or "x", "not there", "+44770000",
               "0" * 31 + "1")],
    }
    for name, values in single.items():
        for value in values:
            yield name, value
    one = [v for name, values in single.items() if name != "nothing"
           for v in random.sample(values, min(2, len(values)))]
    for a, b in itertools.combinations(one, 2):
        if not set(a) & set(b):
            yield "+".join(sorted(set(a) | set(b))), {**a, **b}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket")
    parser.add_argument("--url")
    parser.add_argument("--key", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--all", action="store_true", help="print every case, not only the slow ones")
    options = parser.parse_args()
    random.seed(9)
    client = Client(options)
    every = {"first": [], "next": [], "partial": []}
    failed = 0
    plan = list(cases(client))
    for name, filters in plan:
        full, partial, found = [], [], 0
        for _ in range(options.rounds):
            cursor = {}
            for which in ("first", "next"):
                elapsed, page = client.page(**filters, **cursor)
                found = max(found, len(page["messages"]))
                if page["searched_back_to"]:
                    partial.append(elapsed)
                    every["partial"].append(elapsed)
                else:
                    full.append(elapsed)
                    every[which].append(elapsed)
                if not page["next"]:
                    break
                cursor = {"cursor": page["next"]}
        worst = p95(full)
        is_slow = worst > FULL_MS or p95(partial) > PARTIAL_MS
        failed += is_slow
        if is_slow or options.all:
            print(f"{'SLOW ' if is_slow else ''}{name:32} {str(filters)[:70]:72} found {found:3}"
                  f"  full {len(full):2}: p50 {p50(full):6.1f} p95 {worst:6.1f}"
                  f"  partial {len(partial):2}: p50 {p50(partial):6.1f} p95 {p95(partial):6.1f} ms")
    print(f"{len(plan)} filters and pairs, {failed} slower than promised")
    for which, times in every.items():
        print(f"{which:8} {len(times):6} pages: p50 {p50(times):6.1f}  p95 {p95(times):6.1f}"
              f"  max {max(times, default=0):6.1f} ms")
    sys.exit(1 if failed else 0)


def p50(times):
    return statistics.median(times) if times else 0


def p95(times):
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))] if times else 0


main()
