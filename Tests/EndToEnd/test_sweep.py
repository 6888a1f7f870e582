"""What no webhook brought is found by asking for events."""
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from support.account import Account
from support.canonical import canonical
from support.mirror import Mirror
from support.users import User
from support.waiting import eventually, eventually_passes

DAY = 86_400


def only_sweeps(interval):
    """Settings under which nothing but sweeps and refreshes calls Stripe once the mirror is filled."""
    return {
        "PORTALD_SWEEP_INTERVAL": str(interval),
        "PORTALD_STRIPE_RATE": "100",
        "PORTALD_VERIFY_SHARE": "0",
    }


def filled_pair(launch, interval, **seed):
    """A sandbox with a past of its own, and a daemon that knows it."""
    sandbox = launch.sandbox()
    sandbox.control("/seed", **seed)
    daemon = launch.daemon(sandbox, **only_sweeps(interval))
    daemon.wait_until_filled()
    # Whatever happens within seconds of a read may be in it or not.
    sandbox.control("/clock", advance=60)
    return sandbox, daemon


def check_subscriptions(sandbox, mirror):
    """Asserts that every subscription's row is Stripe's, and returns how many there are."""
    rows = {row["id"]: row for row in mirror.rows("SELECT id, object, status, confirmed FROM subscriptions")}
    found = sandbox.all("/v1/subscriptions", status="all")
    assert rows.keys() == {subscription["id"] for subscription in found}
    for subscription in found:
        if subscription["items"]["has_more"]:
            subscription = sandbox.retrieve(subscription["id"])
        row = rows[subscription["id"]]
        assert row["confirmed"] == 1
        assert mirror.is_same(row, subscription), subscription["id"]
    return len(found)


def test_a_thousand_dropped_deliveries(launch, report):
    interval = 5
    sandbox, daemon = filled_pair(launch, interval, customers=250, subscriptions=0)
    mirror = Mirror(daemon.database)
    sandbox.forward_to(daemon)
    sandbox.control("/faults/events", effect="drop", fraction=1)
    customers = [customer["id"] for customer in sandbox.all("/v1/customers")]

    def change(share):
        account = Account(sandbox)
        for step in range(4):
            for customer in share:
                account.customers.update(customer, {"metadata": {"step": str(step)}})

    before = sandbox.calls()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, [customers[number::4] for number in range(4)]))
    began = time.monotonic()
    healed = "SELECT count(*) AS n FROM customers WHERE confirmed AND json_extract(object, '$.metadata.step') = '3'"
    eventually(lambda: mirror.rows(healed) == [{"n": 250}])
    seconds = time.monotonic() - began
    calls = sandbox.calls()
    deliveries = sandbox.control("/deliveries", "GET")["deliveries"]
    assert len(deliveries) == 1000 and all(delivery["error"] == "dropped by a fault" for delivery in deliveries)
    pages = calls["GET /v1/events"] - before["GET /v1/events"]
    reads = sum(calls.get(route, 0) - before.get(route, 0) for route in sandbox.OBJECT_READS)
    assert reads == 0
    daemon.wait_for_log(r"the sweep found events that no webhook had brought .*stripe_request=req_\w+")
    for customer in customers[::25]:
        mirror.check_shows(sandbox.retrieve(customer), confirmed=True)
    report(
        f"1,000 dropped deliveries: healed {seconds:.1f} s after the last, with a sweep every {interval} s; "
        f"{pages} pages of events, {reads} objects read"
    )


def test_a_disabled_endpoint(launch, report):
    sandbox = launch.sandbox()
    daemon = launch.daemon(sandbox, **only_sweeps(2))
    mirror = Mirror(daemon.database)
    daemon.wait_until_filled()
    endpoint = sandbox.forward_to(daemon)
    account = Account(sandbox)
    customer = account.add_customer(User(), name="Ada")
    subscription = account.subscribe(customer)
    sandbox.wait_until_settled()
    sandbox.control(f"/endpoints/{endpoint}", disabled="true")

    def check():
        for identifier in [customer, subscription]:
            mirror.check_shows(sandbox.retrieve(identifier), confirmed=True)

    # While the daemon runs.
    account.subscriptions.update(subscription, {"cancel_at_period_end": True})
    eventually_passes(check)
    # While it is down.
    assert daemon.stop() == 0
    account.subscriptions.update(subscription, {"cancel_at_period_end": False})
    account.customers.update(customer, {"name": "Grace"})
    third = account.add_customer(User())
    daemon = launch.daemon(sandbox, daemon.database, **only_sweeps(2))
    eventually_passes(check)
    eventually_passes(lambda: mirror.check_shows(sandbox.retrieve(third), confirmed=True))
    assert sandbox.control("/endpoints", "GET")["endpoints"][0]["status"] == "disabled"
    sources = {row["source"] for row in mirror.rows("SELECT source FROM events WHERE object_id = ?", third)}
    assert sources == {"sweep"}
    report("a disabled endpoint, the daemon running and down: every row Stripe's")


def test_more_events_than_one_window_holds(launch, report):
    sandbox, daemon = filled_pair(launch, 2, customers=26, subscriptions=2600)
    mirror = Mirror(daemon.database)
    assert daemon.stop() == 0
    # Most of them are renewed meanwhile.
    for _ in range(7):
        sandbox.control("/clock", advance=4 * DAY)
    expected = {event["id"] for event in sandbox.events()}
    assert len(expected) > 2000
    before = sandbox.calls()
    daemon = launch.daemon(sandbox, daemon.database, **only_sweeps(300))
    daemon.wait_for_log(f"the sweep found events that no webhook had brought.*missed={len(expected)}")
    eventually(lambda: not mirror.rows("SELECT 1 FROM object_states WHERE due_at IS NOT NULL"))
    calls = sandbox.calls()
    pages = calls["GET /v1/events"] - before["GET /v1/events"]
    reads = sum(calls.get(route, 0) - before.get(route, 0) for route in sandbox.OBJECT_READS)
    assert expected <= {row["id"] for row in mirror.rows("SELECT id FROM events")}
    count = check_subscriptions(sandbox, mirror)
    report(
        f"{len(expected)} events of 28 days that no webhook brought: all {count} subscriptions Stripe's; "
        f"{pages} pages of events in several windows, {reads} objects read"
    )


def test_more_than_thirty_days_without_a_sweep(launch, report):
    """Stripe lists no event of that time any more, so all objects are read."""
    sandbox = launch.sandbox()
    account = Account(sandbox)
    daemon = launch.daemon(sandbox, **only_sweeps(2))
    mirror = Mirror(daemon.database)
    daemon.wait_until_filled()
    sandbox.forward_to(daemon)
    renamed, deleted = account.add_customer(User(), name="Ada"), account.add_customer(User())
    on_a_clock = account.add_customer(User(), name="Ada", test_clock="clock_1SandboxTestClock")
    canceled, on_the_same_clock = account.subscribe(renamed), account.subscribe(on_a_clock)
    ended_with_its_customer = account.subscribe(deleted)
    sandbox.wait_until_settled()
    assert daemon.stop() == 0

    sandbox.control("/faults/events", effect="lose", fraction=1)
    for customer in [renamed, on_a_clock]:
        account.customers.update(customer, {"name": "Grace"})
    account.customers.delete(deleted)
    account.subscriptions.cancel(canceled)
    account.subscriptions.update(on_the_same_clock, {"metadata": {"label": "blue"}})
    added = account.add_customer(User())
    added_subscription = account.subscribe(added)
    with closing(sqlite3.connect(daemon.database)) as connection, connection:
        connection.execute("UPDATE sync_state SET swept_to = swept_to - ?", [31 * DAY])
    daemon = launch.daemon(sandbox, daemon.database, **only_sweeps(2))
    daemon.wait_for_log("the mirror is filled from Stripe.*the last sweep was 31 days ago")
    daemon.wait_until_filled()
    eventually(lambda: not mirror.rows("SELECT 1 FROM object_states WHERE due_at IS NOT NULL"))

    subscriptions = [canceled, on_the_same_clock, ended_with_its_customer, added_subscription]
    for identifier in [renamed, on_a_clock, added] + subscriptions:
        mirror.check_shows(sandbox.retrieve(identifier), confirmed=True, deleted=False)
    row = mirror.row("customers", deleted)
    assert (row["deleted"], row["confirmed"], row["email"]) == (1, 1, None)
    assert canonical(sandbox.retrieve(deleted)) == canonical({"id": deleted, "object": "customer", "deleted": True})
    report("31 days without a sweep: filled anew, deleted customers and objects on test clocks included")
