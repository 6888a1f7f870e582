"""What Stripe's side and time cost, for growth.py: filling, comparing, forgetting; and whether generated rows are true."""
import os
import sqlite3
import time
from contextlib import closing

from growth_support import account_of, launcher, megabytes, run, show, start
from growth_load import Events, stripe
from growth_mirror import compare, generate
from growth_objects import Account
from support import account as sandbox_account
from support.mirror import Mirror
from support.settings import daemon_settings
from support.users import User


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
