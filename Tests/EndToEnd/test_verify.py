"""`portald verify`: what drifted is named and mended, and what an event explains is no drift."""
import json
import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from support.account import Account
from support.mirror import Mirror
from support.programs import Sandbox
from support.settings import daemon_settings
from support.users import User
from support.waiting import DEADLINE

IN_SYNC, COULD_NOT_TELL, DRIFT = 0, 1, 3
# The daemon is not to mend anything meanwhile.
PASSIVE = {"PORTALD_VERIFY_SHARE": "0", "PORTALD_STRIPE_RATE": "100"}


def copy_of(database, directory):
    path = str(directory / "copy.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
    return path


class Drift:
    """A mirror that differs from Stripe in every way that no event explains."""

    def __init__(self, sandbox, daemon):
        self._account = account = Account(sandbox)
        self.customers = [account.add_customer(User(), name=f"Ada {number}") for number in range(6)]
        self.subscriptions = [account.subscribe(customer) for customer in self.customers]
        # On a test clock, so that no list shows them.
        self.hidden = account.add_customer(User(), name="Ada", test_clock="clock_1SandboxTestClock")
        sandbox.wait_until_settled()
        self.fields = {}
        self._lose_events(sandbox)
        with closing(sqlite3.connect(daemon.database, timeout=DEADLINE)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            self._tamper(connection)

    def _lose_events(self, sandbox):
        sandbox.control("/faults/events", effect="lose", fraction=1)
        account, fields = self._account, self.fields
        account.customers.update(self.customers[0], {"name": "Grace", "metadata": {"tier": "gold"}})
        fields[self.customers[0]] = {"name"}
        account.subscriptions.cancel(self.subscriptions[0])
        fields[self.subscriptions[0]] = {"status", "canceled_at", "ended_at"}
        account.subscriptions.update(self.subscriptions[5], {"metadata": {"label": "blue"}})
        fields[self.subscriptions[5]] = {"metadata"}
        account.customers.update(self.hidden, {"name": "Grace"})
        fields[self.hidden] = {"name"}
        account.customers.delete(self.customers[1])
        fields[self.customers[1]] = {"created", "deleted", "email", "name"}
        # The customer's end is its subscription's.
        fields[self.subscriptions[1]] = {"status", "canceled_at", "ended_at"}
        self.unseen = account.add_customer(User(), name="Grace")
        fields[self.unseen] = set()
        self.unseen_subscription = account.subscribe(self.unseen)
        fields[self.unseen_subscription] = set()
        sandbox.control("/faults", "DELETE")

    def _tamper(self, connection):
        fields = self.fields
        connection.execute("UPDATE subscriptions SET status = 'canceled' WHERE id = ?", [self.subscriptions[2]])
        fields[self.subscriptions[2]] = {"status"}
        connection.execute("UPDATE customers SET email = 'eve@example.com' WHERE id = ?", [self.customers[2]])
        fields[self.customers[2]] = {"email"}
        connection.execute("UPDATE subscription_items SET quantity = 99 WHERE subscription = ?", [self.subscriptions[3]])
        fields[self.subscriptions[3]] = {"items"}
        connection.execute(
            "UPDATE customers SET object = json_set(object, '$.name', 'Eve') WHERE id = ?", [self.customers[3]]
        )
        fields[self.customers[3]] = {"object"}
        connection.execute("DELETE FROM customers WHERE id = ?", [self.customers[4]])
        fields[self.customers[4]] = {"id"}
        connection.execute("DELETE FROM subscriptions WHERE id = ?", [self.subscriptions[4]])
        fields[self.subscriptions[4]] = {"id"}


def test_every_kind_of_drift(launch, report):
    sandbox, daemon = launch.pair(**PASSIVE)
    mirror = Mirror(daemon.database)
    drift = Drift(sandbox, daemon)
    copied = daemon.settings | {"PORTALD_DATABASE": copy_of(daemon.database, launch.directory())}
    with ThreadPoolExecutor() as pool:
        # Each takes as long as Stripe may need to make an event, so they go at the same time.
        only_told = pool.submit(launch.run, "verify", "--json", **copied)
        repaired = pool.submit(launch.run, "verify", "--repair", **daemon.settings)
    code, told, errors = only_told.result()
    assert code == DRIFT, errors
    found = json.loads(told)
    assert found["undecided"] == []
    assert {row["object"]: set(row["fields"]) for row in found["drifted"]} == drift.fields
    assert not any(row["repaired"] for row in found["drifted"])

    code, mended, more_errors = repaired.result()
    assert code == DRIFT, more_errors
    lines = mended.splitlines()
    assert {line.split()[1] for line in lines[:-1]} == drift.fields.keys()
    assert all(line.startswith("repaired") for line in lines[:-1])
    assert f"{len(drift.fields)} drifted, 0 undecided" in lines[-1]
    # Values are nobody's business who reads a log.
    for text in [told, errors, mended, more_errors]:
        assert not any(word in text for word in ["@", "Ada", "Grace", "Eve", "eve", "blue"])

    code, output, errors = launch.run("verify", **daemon.settings)
    assert (code, errors) == (IN_SYNC, "") and "0 drifted, 0 undecided" in output
    for identifier in drift.customers + drift.subscriptions + [drift.unseen, drift.unseen_subscription, drift.hidden]:
        found = sandbox.retrieve(identifier)
        if not found.get("deleted"):
            mirror.check_shows(found, confirmed=True, deleted=False)
    row = mirror.row("customers", drift.customers[1])
    assert (row["deleted"], row["email"], row["name"]) == (1, None, None)
    # On the copy nothing was written.
    code, output, _ = launch.run("status", "--json", PORTALD_DATABASE=copied["PORTALD_DATABASE"])
    assert code == 0 and json.loads(output)["customers"]["total"] == len(drift.customers)
    report(f"verify: {len(drift.fields)} rows drifted in as many ways, all named, all repaired")


def test_what_cannot_be_told(launch):
    sandbox = launch.sandbox()
    settings = daemon_settings(str(launch.directory() / "portald.db"), stripe=sandbox.url, **PASSIVE)
    code, output, errors = launch.run("verify", **settings)
    assert code == COULD_NOT_TELL and output == "" and "portald backfill" in errors
    assert launch.run("backfill", **settings)[0] == 0
    code, output, errors = launch.run("verify", **settings | {"STRIPE_API_BASE": "http://127.0.0.1:9"})
    assert code == COULD_NOT_TELL and output == "" and "Stripe" in errors
    code, output, errors = launch.run("verify", **settings | {"STRIPE_SECRET_KEY": "sk_test_51SomebodyElse"})
    assert code == COULD_NOT_TELL and output == "" and "401" in errors and "51SomebodyElse" not in errors


class LiveLoad:
    """A thread that changes objects through the API, each every few seconds."""

    def __init__(self, sandbox):
        self._account = Account(sandbox)
        self._random = random.Random()
        self._customers = [customer["id"] for customer in sandbox.all("/v1/customers")]
        self._subscriptions = [subscription["id"] for subscription in sandbox.all("/v1/subscriptions")]
        self.changes = 0
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._change, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_done.set()
        self._thread.join(DEADLINE)

    def _change(self):
        while not self._is_done.wait(0.1):
            self.changes += 1
            change = self._random.choice([self._rename, self._label, self._schedule, self._subscribe])
            change()

    def _rename(self):
        self._account.customers.update(self._random.choice(self._customers), {"name": f"Ada {self.changes}"})

    def _label(self):
        label = self._random.choice(["blue", "green"])
        self._account.subscriptions.update(self._random.choice(self._subscriptions), {"metadata": {"label": label}})

    def _schedule(self):
        change = {"cancel_at_period_end": self._random.random() < 0.5}
        self._account.subscriptions.update(self._random.choice(self._subscriptions), change)

    def _subscribe(self):
        self._account.subscribe(self._random.choice(self._customers), items=[{"price": Sandbox.TEAM}])


def test_live_changes_are_no_drift(launch, report):
    sandbox = launch.sandbox()
    sandbox.control("/seed", customers=150, subscriptions=150)
    daemon = launch.daemon(sandbox, **PASSIVE)
    daemon.wait_until_filled()
    sandbox.forward_to(daemon)
    for fault in [
        {"effect": "delay", "fraction": 0.5, "milliseconds": 700},
        {"effect": "delay", "fraction": 0.1, "milliseconds": 4000},
        {"effect": "reorder", "fraction": 0.3, "window": 3},
        {"effect": "drop", "fraction": 0.05},
    ]:
        sandbox.control("/faults/events", **fault)
    with LiveLoad(sandbox) as load, ThreadPoolExecutor() as pool:
        runs = [pool.submit(launch.run, "verify", "--json", **daemon.settings) for _ in range(2)]
        results = [run.result() for run in runs]
    compared = 0
    for code, output, errors in results:
        assert code == IN_SYNC, output + errors
        assert json.loads(output)["drifted"] == []
        # Plain lines, as there is no terminal.
        assert not set("\r\x1b") & set(output + errors)
        compared += json.loads(output)["compared"]
    report(f"verify under live load: {load.changes} changes meanwhile, 2 runs, {compared} compared, no drift")
