"""An empty mirror is filled, through kills and live changes, and without losing to them."""
import random
import threading

import pytest

from support.account import Account
from support.mirror import Mirror
from support.settings import daemon_settings
from support.users import User
from support.waiting import DEADLINE, eventually

CUSTOMERS = 2000
SUBSCRIPTIONS = 2400
PAGES = (CUSTOMERS + SUBSCRIPTIONS) // 100
ONLY_BACKFILL = {"PORTALD_STRIPE_RATE": "100", "PORTALD_VERIFY_SHARE": "0"}

CUSTOMER_PAGES = "GET /v1/customers"
SUBSCRIPTION_PAGES = "GET /v1/subscriptions"


def check_everything(sandbox, mirror):
    """Asserts that the mirror holds what Stripe lists, each row confirmed, and returns how many rows there are."""
    count = 0
    for table in ["customers", "subscriptions"]:
        rows = {row["id"]: row for row in mirror.rows(f"SELECT id, object, confirmed FROM {table}")}
        parameters = {"status": "all"} if table == "subscriptions" else {}
        for found in sandbox.all(f"/v1/{table}", **parameters):
            if found.get("items", {}).get("has_more"):
                found = sandbox.retrieve(found["id"])
            row = rows[found["id"]]
            assert row["confirmed"] == 1, found["id"]
            assert mirror.is_same(row, found), found["id"]
            count += 1
    return count


def nothing_is_due(mirror):
    return not mirror.rows("SELECT 1 FROM object_states WHERE due_at IS NOT NULL")


class LiveChanges:
    """A thread that goes on changing objects of the account."""

    def __init__(self, sandbox, customers, subscriptions):
        self.count = 0
        self._account = Account(sandbox)
        self._customers, self._subscriptions = customers, subscriptions
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._change, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_done.set()
        self._thread.join(DEADLINE)

    def _change(self):
        while not self._is_done.wait(0.05):
            self.count += 1
            change = {"metadata": {"count": str(self.count)}}
            if self.count % 2:
                self._account.customers.update(random.choice(self._customers), change)
            else:
                self._account.subscriptions.update(random.choice(self._subscriptions), change)


def test_a_fill_that_is_killed_and_overtaken(launch, report):
    sandbox = launch.sandbox()
    account = Account(sandbox)
    sandbox.control("/seed", customers=CUSTOMERS, subscriptions=SUBSCRIPTIONS)
    customers = [customer["id"] for customer in sandbox.all("/v1/customers")]
    subscriptions = [subscription["id"] for subscription in sandbox.all("/v1/subscriptions")]
    gone = customers.pop()
    account.customers.delete(gone)
    on_a_clock = account.add_customer(User(), test_clock="clock_1SandboxTestClock")
    # Stripe's clock is an hour on before anybody listens, so that no sweep goes back to this.
    sandbox.control("/clock", advance=3600)
    # Those of that hour too: a subscription's period may have ended in it.
    earlier = len(sandbox.events())
    of_own_calls = sandbox.calls()

    def pages(route):
        return sandbox.calls().get(route, 0) - of_own_calls.get(route, 0)

    def events_of(identifier):
        return mirror.rows("SELECT id FROM events WHERE object_id = ?", identifier)

    database = str(launch.directory() / "portald.db")
    mirror = Mirror(database)
    sandbox.control("/faults/api", method="GET", path="/v1/customers", effect="hold", milliseconds=3000)
    daemon = launch.daemon(sandbox, database, **ONLY_BACKFILL)
    sandbox.forward_to(daemon)
    again = {"PORTALD_LISTEN": daemon.address} | ONLY_BACKFILL

    # The first page shows the newest customer as it was before this.
    eventually(lambda: pages(CUSTOMER_PAGES))
    account.customers.update(customers[0], {"name": "Grace"})
    eventually(lambda: events_of(customers[0]))
    assert mirror.row("customers", customers[0])["name"] == "Grace"
    assert pages(CUSTOMER_PAGES) == 1
    with LiveChanges(sandbox, customers[100:], subscriptions[100:]) as live:
        # Killed among the customers, and among the subscriptions.
        eventually(lambda: pages(CUSTOMER_PAGES) >= 10)
        daemon.kill()
        assert mirror.row("customers", customers[0])["name"] == "Grace"
        daemon = launch.daemon(sandbox, database, **again)
        daemon.wait_for_log("an earlier backfill was broken off among the customers")
        sandbox.control("/faults/api", method="GET", path="/v1/subscriptions", effect="hold", milliseconds=3000)
        eventually(lambda: pages(SUBSCRIPTION_PAGES))
        account.subscriptions.update(subscriptions[0], {"metadata": {"label": "blue"}})
        eventually(lambda: events_of(subscriptions[0]))
        eventually(lambda: pages(SUBSCRIPTION_PAGES) >= 10)
        daemon.kill()
        daemon = launch.daemon(sandbox, database, **again)
        daemon.wait_for_log("an earlier backfill was broken off among the subscriptions")
        daemon.wait_until_filled()
    # What is on a test clock is in no list; it comes with its first event.
    account.customers.update(on_a_clock, {"name": "Ada"})
    lists = pages(CUSTOMER_PAGES) + pages(SUBSCRIPTION_PAGES)
    sandbox.wait_until_settled(after=earlier)
    eventually(lambda: nothing_is_due(mirror))
    reads = sandbox.object_reads() - sum(of_own_calls.get(route, 0) for route in sandbox.OBJECT_READS)

    # Each kill may cost the page that was on its way.
    assert PAGES <= lists <= PAGES + 2
    count = check_everything(sandbox, mirror)
    mirror.check_shows(sandbox.retrieve(on_a_clock), confirmed=True)
    assert mirror.row("customers", gone) is None
    mirror.check_integrity()
    report(
        f"backfill of {count} objects, killed twice, {live.count} changes meanwhile: every row Stripe's; "
        f"{lists} pages for {PAGES}, {reads} objects read"
    )


def test_the_command(launch, report):
    """Without a terminal it prints plain lines; the daemon then need not fill the mirror."""
    sandbox = launch.sandbox()
    sandbox.control("/seed", customers=300, subscriptions=360)
    settings = daemon_settings(str(launch.directory() / "portald.db"), stripe=sandbox.url, **ONLY_BACKFILL)
    code, output, errors = launch.run("backfill", **settings)
    assert code == 0, errors
    assert output == "300 customers and 360 subscriptions\n"
    assert not set("\r\x1b") & set(output + errors)
    mirror = Mirror(settings["PORTALD_DATABASE"])
    assert check_everything(sandbox, mirror) == 660
    lists = sandbox.calls()
    daemon = launch.daemon(sandbox, settings["PORTALD_DATABASE"], **ONLY_BACKFILL)
    eventually(lambda: sandbox.calls().get("GET /v1/events"))
    assert "filled" not in daemon.log
    routes = [CUSTOMER_PAGES, SUBSCRIPTION_PAGES]
    assert [sandbox.calls()[route] for route in routes] == [lists[route] for route in routes]
    report("portald backfill: 660 objects, plain lines")


@pytest.mark.parametrize("trouble", ["nobody listens", "a wrong key"])
def test_the_command_fails_clearly(launch, trouble):
    sandbox = launch.sandbox()
    settings = daemon_settings(str(launch.directory() / "portald.db"), stripe=sandbox.url)
    if trouble == "nobody listens":
        settings["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    else:
        settings["STRIPE_SECRET_KEY"] = "sk_test_51SomebodyElse"
    code, output, errors = launch.run("backfill", **settings)
    assert code == 1 and output == ""
    assert ("401" if trouble == "a wrong key" else "reach") in errors or "connect" in errors, errors
    assert "51SomebodyElse" not in errors
