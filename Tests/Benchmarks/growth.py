"""How portald behaves with a mirror of millions. Run by hand, with the release binary:

    export PORTALD_BINARY=.build/release/portald
    python=.build-venv/bin/python
    $python Tests/Benchmarks/growth.py generate /var/tmp/big.db --customers 10000000 --subscriptions 12000000
    sudo $python Tests/Benchmarks/growth.py measure /var/tmp/big.db
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
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EndToEnd"))

import growth_replica  # noqa: E402
import requests  # noqa: E402
from growth_load import READS_PATH, Events, deliver, deliveries, stripe  # noqa: E402,F401
from growth_load import requests as load  # noqa: E402
from growth_mirror import Account, compare, generate  # noqa: E402
from portal_latency import PORTAL_PATH, milliseconds  # noqa: E402
from support import account as sandbox_account  # noqa: E402
from support.mirror import Mirror  # noqa: E402
from support.programs import Launcher  # noqa: E402
from support.settings import daemon_settings  # noqa: E402
from support.users import User  # noqa: E402

QUIET = {
    "PORTALD_STRIPE_RATE": "100",
    "PORTALD_PORTAL_RATE": "10000/1s",
    "PORTALD_VERIFY_SHARE": "0",
    "PORTALD_SWEEP_INTERVAL": "86400",
}
# What a start, and the end of each verification, ask of the whole table.
SCANS = {
    "resume": "SELECT count(*) FROM object_states WHERE last_received > 4e9",
    "unchecked, none": "SELECT kind, object_id FROM object_states WHERE checked_at < 1 AND NOT deleted AND object_id > ''"
    " ORDER BY object_id LIMIT 100",
    "unchecked, all": "SELECT kind, object_id FROM object_states WHERE checked_at < 4e9 AND NOT deleted AND object_id > ''"
    " ORDER BY object_id LIMIT 100",
}


def show(name, value):
    if isinstance(value, float):
        value = round(value, 3)
    print(f"{time.strftime('%H:%M:%S')}  {name:44} {value}", flush=True)


def show_load(name, latencies, statuses, seconds):
    figures = "  ".join(f"{key} {value:.1f}" for key, value in milliseconds(latencies).items())
    show(name, f"{len(latencies) / seconds:.0f}/s  {figures} ms  {dict(statuses)}")


@contextmanager
def timed(name):
    start = time.perf_counter()
    yield
    show(name, time.perf_counter() - start)


@contextmanager
def launcher():
    with tempfile.TemporaryDirectory(dir=os.environ.get("GROWTH_FOLDER")) as folder:
        launch = Launcher(os.environ["PORTALD_BINARY"], lambda: pathlib.Path(tempfile.mkdtemp(dir=folder)))
        try:
            yield launch
        finally:
            launch.close()


def empty_cache():
    if os.environ.get("GROWTH_WARM"): return False
    """Whether the kernel's page cache is empty now."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def account_of(path):
    """The account that a generated mirror is of."""
    rows = Mirror(path).rows("SELECT customers, subscriptions FROM passes WHERE purpose = 'backfill'")
    return Account(rows[0]["customers"], rows[0]["subscriptions"])


def memory(program, name="VmRSS"):
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return f"{int(status.split(name + ':')[1].split()[0]) // 1024} MiB"


def megabytes(path):
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def get(url, **options):
    start = time.perf_counter()
    status = requests.get(url, timeout=600, **options).status_code
    return f"{(time.perf_counter() - start) * 1000:.1f} ms, {status}"


def start(launch, path, api, events, name):
    """A daemon on a mirror; how long it took to listen, to be ready, and to take in the first event."""
    began = time.perf_counter()
    daemon = launch.daemon(database=str(path), filled=False, STRIPE_API_BASE=api, **QUIET)
    show(f"{name}: listening after", time.perf_counter() - began)
    while requests.get(f"{daemon.admin_url}/readyz", timeout=600).status_code != 200:
        time.sleep(0.01)
    show(f"{name}: /readyz 200 after", time.perf_counter() - began)
    show(f"{name}: first event", daemon.deliver(events.next(0, 1)))
    events.follow(events)
    show(f"{name}: first event in after", time.perf_counter() - began)
    show(f"{name}: resident", memory(daemon))
    return daemon


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


def run(binary, *arguments, **environment):
    """Like the launcher's, without its deadline."""
    environment = {"PATH": os.environ["PATH"]} | environment
    done = subprocess.run([binary, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def make(options):
    code, _, errors = run(os.environ["PORTALD_BINARY"], "migrate", "--database", options.file)
    assert code == 0, errors
    account = Account(options.customers, options.subscriptions)
    seconds = generate(options.file, account, lambda text: show("generated", text))
    show("objects a second", (account.customers + account.subscriptions) / seconds)
    show("file MB", megabytes(options.file))


def backup(options):
    copy = f"{options.file}.copy"
    with timed("portald backup, seconds"):
        code, output, errors = run(os.environ["PORTALD_BINARY"], "backup", "--database", options.file, copy, "--force")
    show("", f"exit {code}: {(output + errors).splitlines()[-1]}")
    if not options.keep and os.path.exists(copy):
        os.remove(copy)


def retention(options):
    """What the first forgetting after 35 days costs: every edge of the backfill."""
    with launcher() as launch:
        path = launch.directory() / "portald.db"
        run(launch.binary, "migrate", "--database", path)
        generate(path, Account(options.customers, options.subscriptions), lambda _: None)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE edges SET created = created - 40 * 86400")
        stub, api = stripe()
        daemon = start(launch, path, api, Events(account_of(path), path), "start")
        began = time.perf_counter()
        pruned = daemon.wait_for_log(r"pruned .*edges=(\d+)")
        show(f"{pruned.group(1)} edges forgotten in, seconds", time.perf_counter() - began)
        stub.terminate()


def check(options):
    """Whether the rows that `generate` makes are those that a daemon writes: both of one account in the sandbox."""
    with launcher() as launch:
        sandbox = launch.sandbox()
        account = sandbox_account.Account(sandbox)
        for _ in range(40):
            ended = account.subscribe(account.add_subscriber(User()))
        account.subscriptions.cancel(ended)
        real, empty = (str(launch.directory() / "portald.db") for _ in range(2))
        assert run(launch.binary, "backfill", **daemon_settings(real, sandbox.url, PORTALD_STRIPE_RATE="100"))[0] == 0
        assert run(launch.binary, "migrate", "--database", empty)[0] == 0
        for table, counts in compare(real, empty).items():
            show(table, counts)


def litestream(options):
    account = account_of(options.file)
    stub, api = stripe()
    with launcher() as launch:
        growth_replica.measure(launch, options, account, Events(account, options.file), api, QUIET, show, show_load)
    stub.terminate()


def backfill(options):
    """Against the sandbox: its rate is Stripe's limit here, and nothing else is."""
    with launcher() as launch:
        sandbox = launch.sandbox()
        sandbox.control("/seed", customers=options.customers, subscriptions=options.subscriptions)
        objects = options.customers + options.subscriptions
        path = launch.directory() / "portald.db"
        settings = daemon_settings(str(path), sandbox.url, PORTALD_STRIPE_RATE="100")
        began = time.perf_counter()
        code, output, errors = run(launch.binary, "backfill", **settings)
        filling = time.perf_counter() - began
        show("backfill", f"exit {code}, {objects} objects in {filling:.1f} s: {objects / filling:.0f} a second; {output.strip()}")
        began = time.perf_counter()
        code, output, errors = run(launch.binary, "verify", **settings)
        seconds = time.perf_counter() - began
        show("verify", f"exit {code} in {seconds:.1f} s: {seconds / objects * 1e5:.1f} ms a page of 100; {(output + errors).strip()}")
        show("file MB", megabytes(path))
        show("bytes per object", os.path.getsize(path) / objects)
        sizes = Mirror(path).rows("SELECT avg(length(object)) AS n FROM customers UNION ALL SELECT avg(length(object)) FROM subscriptions")
        show("JSON bytes of a customer, of a subscription", [round(row["n"]) for row in sizes])
        show("calls", sandbox.calls())
        show("22 million objects at this pace", f"{22e6 / objects * filling / 3600:.1f} h")
    for rate in (20, 25, 100):
        show(f"22 million objects, if {rate} calls/s are made", f"{22e6 / 100 / rate / 3600:.1f} h")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["generate", "measure", "backup", "litestream", "backfill", "retention", "compare"])
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
    commands = {"generate": make, "measure": measure, "backup": backup, "backfill": backfill, "litestream": litestream, "retention": retention, "compare": check}
    commands[options.command](options)


if __name__ == "__main__":
    main()
