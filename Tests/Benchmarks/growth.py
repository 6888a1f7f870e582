"""How portald behaves with a mirror of millions. Run by hand, with the release binary:

    export PORTALD_BINARY=.build/release/portald
    python=.build-venv/bin/python
    $python Tests/Benchmarks/growth.py generate /var/tmp/big.db --customers 10000000 --subscriptions 12000000
    sudo $python Tests/Benchmarks/growth.py measure /var/tmp/big.db
    $python Tests/Benchmarks/growth.py warm /var/tmp/big.db
    $python Tests/Benchmarks/growth.py backup /var/tmp/big.db
    $python Tests/Benchmarks/growth.py litestream /var/tmp/big.db --litestream .build-venv/bin/litestream
    $python Tests/Benchmarks/growth.py backfill --customers 45000 --subscriptions 55000
    $python Tests/Benchmarks/growth.py compare
    $python Tests/Benchmarks/growth.py retention --customers 100000 --subscriptions 120000

The same with `--customers 1000 --subscriptions 1200` gives what to compare with. `measure` empties the kernel's page cache
where it may, so that "cold" is what it says. Of Stripe there is a stand-in that answers at once, and for `backfill` the
sandbox; events are signed, of random rows, and each fast-forwards. A mirror of ten millions takes 34 GB, and so does its copy.
"""
import argparse
import os
import pathlib
import sqlite3
import subprocess
import threading
import time
from contextlib import closing

from growth_support import (
    QUIET, account_of, empty_cache, get, launcher, megabytes, memory, run, show, show_load, start, timed,
)  # fmt: skip

import growth_replica
import growth_sync
from growth_load import READS_PATH, Events, deliveries, stripe
from growth_load import requests as load
from growth_mirror import generate
from growth_objects import Account
from portal_latency import PORTAL_PATH
from support.mirror import Mirror

# What a start, and the end of each verification, ask of the whole table.
SCANS = {
    "resume": "SELECT count(*) FROM object_states WHERE last_received > 4e9",
    "unchecked, none": "SELECT kind, object_id FROM object_states WHERE checked_at < 1 AND NOT deleted AND object_id > ''"
    " ORDER BY object_id LIMIT 100",
    "unchecked, all": "SELECT kind, object_id FROM object_states WHERE checked_at < 4e9 AND NOT deleted AND object_id > ''"
    " ORDER BY object_id LIMIT 100",
}


def make(options):
    code, _, errors = run(os.environ["PORTALD_BINARY"], "migrate", "--database", options.file)
    assert code == 0, errors
    account = Account(options.customers, options.subscriptions)
    seconds = generate(options.file, account, lambda text: show("generated", text))
    show("objects a second", (account.customers + account.subscriptions) / seconds)
    show("file MB", megabytes(options.file))


def measure(options):
    path, account = options.file, account_of(options.file)
    show("mirror", f"{account.customers} customers, {account.subscriptions} subscriptions")
    show("file MB", megabytes(path))
    show("bytes per object", os.path.getsize(path) / (account.customers + account.subscriptions))
    events, before = Events(account, path), os.path.getsize(path)
    stub, api = stripe()
    with launcher() as launch:
        show("page cache empty", empty_cache())
        daemon = start(launch, path, api, events, "cold start")
        began = time.perf_counter()
        while Mirror(path).rows("SELECT pruned_to FROM sync_state")[0]["pruned_to"] is None:
            time.sleep(1 if time.perf_counter() - began > 10 else 0.05)
            if time.perf_counter() - began > options.patience:
                show("retention", "not waited for any longer")
                break
        show("retention: nothing due, ended after", time.perf_counter() - began)
        show("resident after retention", memory(daemon))
        empty_cache()
        for name, rate in (("clicks", PORTAL_PATH), ("reads", READS_PATH)):
            results = load(daemon.address, account, rate, 40, options.seconds)()
            show_load(f"{name} 40/s, cache emptied before clicks", *results, options.seconds)
        for name, path_of in (("/metrics", "/metrics"), ("/readyz", "/readyz"), ("status page", "/"), ("again", "/")):
            show(f"{name}", get(daemon.admin_url + path_of))
        for name in ("portald status", "portald status again"):
            with timed(name):
                code, output, errors = run(launch.binary, "status", "--database", path)
            show("", f"exit {code}: {(output or errors).splitlines()[0]}")
        ingest(daemon, account, events, options.seconds)
        show("resident, at most", memory(daemon, "VmHWM"))
        show("log beside the file, MB", megabytes(f"{path}-wal"))
        with timed("stopping"):
            daemon.stop()
        outcomes = Mirror(path).outcomes()
        show("outcomes", outcomes)
        show("bytes that an event adds", (os.path.getsize(path) - before) / sum(outcomes.values()))
        daemon = start(launch, path, api, events, "warm start")
        daemon.stop()
    stub.terminate()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for name, sql in SCANS.items():
            with timed(f"SQL, {name}"):
                connection.execute(sql).fetchall()
            show("", [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")])


def warm(options):
    """Events, clicks and reads once the file has been read through: of what it can, the kernel holds the last part."""
    path, account = options.file, account_of(options.file)
    stub, api = stripe()
    with launcher() as launch:
        with timed("reading the file through"), open(path, "rb", buffering=0) as file:
            while file.read(1 << 22):
                pass
        events = Events(account, path)
        daemon = start(launch, path, api, events, "warm start")
        ingest(daemon, account, events, options.seconds)
    stub.terminate()


def ingest(daemon, account, events, seconds):
    for connections in (16, 64, 16, 64):
        results, now = deliveries(daemon.address, events, connections, seconds)()
        events.follow(now)
        show_load(f"events, closed loop, {connections} connections", *results, seconds)
    for rate in (500, 1000):
        running = deliveries(daemon.address, events, 64, seconds, rate)
        clicks = load(daemon.address, account, PORTAL_PATH, 40, seconds)
        reads = load(daemon.address, account, READS_PATH, 40, seconds)
        show_load(f"clicks 40/s beside {rate} events/s", *clicks(), seconds)
        show_load(f"reads 40/s beside {rate} events/s", *reads(), seconds)
        results, now = running()
        events.follow(now)
        show_load(f"events, open loop {rate}/s", *results, seconds)
    show_load("clicks 40/s alone", *load(daemon.address, account, PORTAL_PATH, 40, seconds)(), seconds)
    show_load("reads 200/s alone", *load(daemon.address, account, READS_PATH, 200, seconds)(), seconds)


def backup(options):
    """How long the copy takes, and its check after it."""
    copy = pathlib.Path(f"{options.file}.copy")
    began = time.perf_counter()
    arguments = [os.environ["PORTALD_BINARY"], "backup", "--database", options.file, str(copy), "--force"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        timer = threading.Timer(options.patience, process.kill)
        timer.start()
        for line in process.stdout:
            show(f"portald backup, after {time.perf_counter() - began:.1f} s", line.strip())
        timer.cancel()
    show("portald backup: seconds, exit", (round(time.perf_counter() - began, 1), process.returncode))
    if not options.keep:
        for file in copy.parent.glob(f"{copy.name}*"):
            file.unlink()


def litestream(options):
    account = account_of(options.file)
    stub, api = stripe()
    with launcher() as launch:
        growth_replica.measure(launch, options, account, Events(account, options.file), api, QUIET, show, show_load)
    stub.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=list(COMMANDS))
    parser.add_argument("file", nargs="?")
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--subscriptions", type=int, default=1200)
    parser.add_argument("--seconds", type=float, default=15, help="length of each load")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for the retention")
    parser.add_argument("--keep", action="store_true", help="leave the copy")
    parser.add_argument("--sacrifice", action="store_true", help="delete the mirror before its replica is restored")
    parser.add_argument("--litestream", default="litestream")
    options = parser.parse_args()
    options.file = options.file and os.path.abspath(options.file)
    COMMANDS[options.command](options)


COMMANDS = {
    "generate": make,
    "measure": measure,
    "warm": warm,
    "backup": backup,
    "litestream": litestream,
    "backfill": growth_sync.backfill,
    "compare": growth_sync.check,
    "retention": growth_sync.retention,
}

if __name__ == "__main__":
    main()
