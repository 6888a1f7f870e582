"""Endpoints of every API version, and thin events: the rows are right, and a burst costs one read at most."""
import itertools

import pytest

from support.account import Account
from support.mirror import Mirror, subscription_columns
from support.programs import Sandbox
from support.users import User
from support.waiting import eventually

# Of the daemon's own calls.
OWN_VERSION = "2026-03-25.dahlia"
VERSIONS = [
    "2019-12-03", "2020-08-27", "2022-11-15", "2024-06-20", "2025-03-31.basil", "2025-09-30.clover", OWN_VERSION,
    "2026-10-28.endive",
]
ENDPOINTS = {version: [{"api_version": version}] for version in VERSIONS} | {
    "thin": [{"thin": "true"}],
    "thin and snapshot": [{"thin": "true"}, {"api_version": OWN_VERSION}],
}
# Here revisions meet the ones of the daemon's own reads.
SAME_AS_OWN = [OWN_VERSION, "thin and snapshot"]
BURSTS = 3


class World:
    """A sandbox with endpoints, and a daemon whose rows came from a read."""

    def __init__(self, launch, endpoints):
        self.sandbox = launch.sandbox()
        self.account = Account(self.sandbox)
        self.customer = self.account.add_customer(User(), name="Ada")
        created = self.account.subscriptions.create(
            {"customer": self.customer, "items": [{"price": Sandbox.BASIC, "quantity": 2}]}
        )
        self.subscription, self.item = created.id, created["items"]["data"][0]["id"]
        # Long enough ago that no sweep goes back to it.
        self.sandbox.control("/clock", advance=3600)
        self.daemon = launch.daemon(self.sandbox, PORTALD_VERIFY_SHARE="0")
        self.daemon.wait_until_filled()
        self.mirror = Mirror(self.daemon.database)
        for options in endpoints:
            self.sandbox.forward_to(self.daemon, **options)
        self._own_reads = 0
        self._reads = [0]

    def burst(self, number):
        """Several changes of each object, none within the seconds in which a read's order is open."""
        self.sandbox.control("/clock", advance=60)
        for name in ["Grace", f"Ada {number}"]:
            self.account.customers.update(self.customer, {"name": name})
        changes = [
            {"cancel_at_period_end": True},
            {"items": [{"id": self.item, "price": Sandbox.TEAM, "quantity": number}]},
            {"cancel_at_period_end": False, "metadata": {"burst": str(number)}},
        ]
        for change in changes:
            self.account.subscriptions.update(self.subscription, change)

    def wait_until_right(self):
        self.sandbox.wait_until_settled(after=3)
        eventually(lambda: not self.mirror.rows("SELECT 1 FROM object_states WHERE due_at IS NOT NULL"))
        self._reads.append(self.sandbox.object_reads() - self._own_reads)
        self.check()

    def check(self):
        """The columns are the same in all versions; the object is as the row's last event or read shows it."""
        found = self._retrieve(self.customer)
        row = self.mirror.row("customers", self.customer)
        assert (row["name"], row["email"], row["confirmed"]) == (found["name"], found["email"], 1)
        found = self._retrieve(self.subscription)
        row = self.mirror.row("subscriptions", self.subscription)
        expected = subscription_columns(found)
        assert {name: row[name] for name in expected} == expected and row["confirmed"] == 1
        items = self.mirror.rows("SELECT id, price, product, quantity FROM subscription_items")
        assert items == [
            {
                "id": item["id"],
                "price": item["price"]["id"],
                "product": item["price"]["product"],
                "quantity": item["quantity"],
            }
            for item in found["items"]["data"]
        ]

    def _retrieve(self, identifier):
        self._own_reads += 1
        return self.sandbox.retrieve(identifier)

    def reads_by_burst(self):
        return [after - before for before, after in itertools.pairwise(self._reads)]


@pytest.fixture(scope="module")
def worlds(launch_once):
    """The same happens in all of them at the same time, because each burst is followed by the grace."""
    worlds = {name: World(launch_once, endpoints) for name, endpoints in ENDPOINTS.items()}
    for number in range(1, BURSTS + 1):
        for world in worlds.values():
            world.burst(number)
        for world in worlds.values():
            world.wait_until_right()
    return worlds


@pytest.mark.parametrize("name", ENDPOINTS)
def test_rows_are_right_at_few_reads(worlds, name, report):
    world = worlds[name]
    reads = world.reads_by_burst()
    # Two objects change in each burst.
    most = 0 if name in SAME_AS_OWN else 2
    assert all(number <= most for number in reads), reads
    if name == "thin":
        # Thin events carry no state.
        assert reads == [2] * BURSTS
    report(f"endpoint {name}: rows right, {BURSTS} bursts of changes of 2 objects, objects read: {reads}")
