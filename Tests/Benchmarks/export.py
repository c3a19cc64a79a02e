#!/usr/bin/env python3
"""Times an export through nginx, and watches the responder's memory meanwhile.

    python3 Tests/Benchmarks/export.py .waybill-demo/demo.json [--rows 1000000]

The database is the one that fill.sql fills, or any. Ends with 1 if fewer than 30,000 rows a second come, if the
responder takes more than 64 MiB, or if the export has no proper end.
"""
import argparse, http.client, json, ssl, sys, threading, time
from urllib.parse import urlsplit

ROWS_PER_SECOND, MEBIBYTES = 30_000, 64


def resident(pid):
    """MiB of memory that a process takes now."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


parser = argparse.ArgumentParser()
parser.add_argument("demo", help="demo.json")
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--query", default="")
options = parser.parse_args()
with open(options.demo) as file:
    demo = json.load(file)

pid = demo["pids"]["responder"]
peak, isOver = [resident(pid)], threading.Event()


def watch():
    while not isOver.wait(0.05):
        peak[0] = max(peak[0], resident(pid))


url = urlsplit(demo["url"])
connection = http.client.HTTPSConnection(
    url.netloc, context=ssl.create_default_context(cafile=demo["ca"]))
before = peak[0]
threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
connection.request(
    "GET", f"/v1/messages?limit={options.rows}{options.query}",
    headers={"Authorization": "Bearer " + demo["api_key"], "Accept": "text/csv"})
answer = connection.getresponse()
first = time.perf_counter() - start
if answer.status != 200:
    sys.exit(f"{answer.status}: {answer.read()[:500].decode()}")
lines = count = 0
# A missing last chunk raises http.client.IncompleteRead.
while piece := answer.read(1 << 18):
    count += len(piece)
    lines += piece.count(b"\n")
seconds = time.perf_counter() - start
isOver.set()
rows = lines - 1
rate = rows / seconds
print(
    f"{rows} rows and {count / 1e6:.0f} MB in {seconds:.1f} s: {rate:.0f} rows a second,"
    f" the first byte after {first * 1000:.0f} ms; the responder took {before:.0f} MiB before and"
    f" {peak[0]:.0f} MiB at most")
sys.exit(0 if rate >= ROWS_PER_SECOND and peak[0] < MEBIBYTES else 1)
