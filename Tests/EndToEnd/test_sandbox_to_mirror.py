"""Changes made through Stripe's API, with the official SDK, arrive in the mirror."""
import json

import pytest

from support.account import Account
from support.mirror import Mirror
from support.programs import Sandbox
from support.users import User
from support.waiting import eventually, eventually_passes


class Subscriber:
    """A customer and their subscription, with everything that is usually done to them."""

    def __init__(self, account):
        self.account = account
        self.user = User()
        self.customer = account.add_customer(self.user, name="Ada Lovelace")
        self.subscription = account.subscribe(self.customer)

    def update(self, **parameters):
        return self.account.subscriptions.update(self.subscription, parameters)

    def rename(self):
        self.account.customers.update(self.customer, {"name": "Ada King", "metadata": {"tier": "gold"}})

    def cancel_at_period_end(self):
        self.update(cancel_at_period_end=True)

    def resume(self):
        self.update(cancel_at_period_end=False)

    def swap_price(self):
        item = self.account.subscriptions.retrieve(self.subscription)["items"]["data"][0]
        self.update(items=[{"id": item["id"], "price": Sandbox.TEAM, "quantity": 3}])

    def add_item(self):
        self.update(items=[{"price": Sandbox.BASIC, "quantity": 2}])

    def pause(self):
        self.update(pause_collection={"behavior": "void"})

    def unpause(self):
        self.update(pause_collection="")

    def label(self):
        self.update(metadata={"label": "blue"})

    def unlabel(self):
        self.update(metadata={"label": ""})

    def cancel(self):
        self.account.subscriptions.cancel(self.subscription)

    def label_after_the_end(self):
        self.update(metadata={"label": "grey"})

    STEPS = [
        rename, cancel_at_period_end, resume, swap_price, add_item, pause, unpause, label, unlabel, cancel,
        label_after_the_end,
    ]


def stripe_objects(sandbox, subscriber):
    return [
        sandbox.get(f"/v1/customers/{subscriber.customer}"),
        sandbox.get(f"/v1/subscriptions/{subscriber.subscription}"),
    ]


def check_nothing_waits(mirror):
    assert mirror.outcomes().keys() <= {"applied", "ignored", "superseded"}
    assert mirror.rows("SELECT * FROM object_states WHERE pending_since IS NOT NULL") == []
    assert mirror.rows("SELECT id FROM events WHERE outcome = 'failed'") == []


def test_every_change_arrives(launch):
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    subscriber = Subscriber(Account(sandbox))
    for step in Subscriber.STEPS:
        step(subscriber)
        sandbox.wait_until_settled()
        for stripe_object in stripe_objects(sandbox, subscriber):
            mirror.check_shows(stripe_object, confirmed=True, deleted=False)
    check_nothing_waits(mirror)
    links = mirror.rows("SELECT user_id, customer, source FROM user_links")
    assert links == [
        {"user_id": subscriber.user.id, "customer": subscriber.customer, "source": "customer_metadata"}
    ]

    # Of a deleted customer nothing personal is kept.
    subscriber.account.customers.delete(subscriber.customer)
    assert sandbox.wait_until_settled()[-1]["type"] == "customer.deleted"
    row = mirror.row("customers", subscriber.customer)
    assert json.loads(row["object"]) == {"id": subscriber.customer, "object": "customer", "deleted": True}
    assert (row["email"], row["name"], row["deleted"], row["confirmed"]) == (None, None, 1, 1)
    check_nothing_waits(mirror)


def test_deleting_a_customer_ends_their_subscriptions(launch):
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    subscriber = Subscriber(Account(sandbox))
    subscriber.account.customers.delete(subscriber.customer)
    sandbox.wait_until_settled()
    subscription = sandbox.get(f"/v1/subscriptions/{subscriber.subscription}")
    assert subscription["status"] == "canceled"
    mirror.check_shows(subscription, confirmed=True)
    assert mirror.row("customers", subscriber.customer)["deleted"] == 1
    assert mirror.rows("SELECT * FROM active_subscriptions") == []
    check_nothing_waits(mirror)


def test_what_time_does_arrives(launch):
    """The end of a trial, renewals and a scheduled end are nobody's request, so their events name none."""
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    account = Account(sandbox)
    customer = account.add_customer(User())
    trial = account.subscribe(customer, trial_period_days=7)
    ending = account.subscribe(customer, cancel_at_period_end=True)
    for _ in range(5):
        sandbox.control("/clock", advance=10 * 86_400)
        sandbox.wait_until_settled()
        for subscription in [trial, ending]:
            mirror.check_shows(sandbox.get(f"/v1/subscriptions/{subscription}"), confirmed=True)
    assert mirror.row("subscriptions", trial)["status"] == "active"
    assert mirror.row("subscriptions", ending)["status"] == "canceled"
    check_nothing_waits(mirror)


def test_a_view_of_who_is_entitled(launch):
    sandbox, daemon = launch.pair()
    subscriber = Subscriber(Account(sandbox))
    sandbox.wait_until_settled()
    stripe_item = sandbox.get(f"/v1/subscriptions/{subscriber.subscription}")["items"]["data"][0]
    assert Mirror(daemon.database).rows("SELECT * FROM active_subscriptions") == [
        {
            "user_id": subscriber.user.id,
            "customer": subscriber.customer,
            "subscription": subscriber.subscription,
            "status": "active",
            "price": Sandbox.BASIC,
            "current_period_end": stripe_item["current_period_end"],
        }
    ]


def test_the_option_forward_to(launch):
    daemon = launch.daemon()
    sandbox = launch.sandbox(
        "--forward-to", daemon.webhook_url, "--webhook-secret", daemon.settings["STRIPE_WEBHOOK_SECRET"]
    )
    subscriber = Subscriber(Account(sandbox))
    sandbox.wait_until_settled()
    for stripe_object in stripe_objects(sandbox, subscriber):
        Mirror(daemon.database).check_shows(stripe_object, confirmed=True)


# Hostile deliveries.


HOSTILITIES = {
    "duplicated": [{"effect": "duplicate"}],
    "twins": [{"effect": "twin"}],
    "reordered": [{"effect": "reorder", "window": 5}],
    "duplicated and reordered": [{"effect": "duplicate"}, {"effect": "reorder", "window": 7}],
    "twins and reordered": [{"effect": "twin"}, {"effect": "reorder", "window": 7}],
}


@pytest.mark.parametrize("one_second", [False, True], ids=["as time goes by", "in one second"])
@pytest.mark.parametrize("faults", HOSTILITIES.values(), ids=HOSTILITIES)
def test_hostile_deliveries(launch, report, request, faults, one_second):
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    if one_second:
        sandbox.control("/clock", frozen="true")
    for fault in faults:
        sandbox.control("/faults/events", fraction=1, **fault)
    subscribers = [Subscriber(Account(sandbox)) for _ in range(3)]
    for step in Subscriber.STEPS:
        for subscriber in subscribers:
            step(subscriber)
    sandbox.control("/deliveries/release")
    sandbox.wait_until_settled(copies=2 if {"effect": "duplicate"} in faults else 1)
    # All events are in and each names its request, so each finds its place without a read.
    shown = [stripe_object for subscriber in subscribers for stripe_object in stripe_objects(sandbox, subscriber)]
    for stripe_object in shown:
        mirror.check_shows(stripe_object, confirmed=True)
    assert mirror.rows("SELECT * FROM object_states WHERE pending_since IS NOT NULL") == []
    report(f"{request.node.callspec.id}: {len(shown)} rows, all confirmed and equal to Stripe's")


def test_lost_events(launch):
    """The object is read once; until then the row does not claim to be right."""
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    subscriber = Subscriber(Account(sandbox))
    sandbox.wait_until_settled()
    sandbox.control("/faults/events", effect="drop", type="customer.subscription.updated")
    subscriber.pause()
    subscriber.label()
    newest = sandbox.events()[-1]

    eventually(lambda: mirror.row("events", newest["id"]))
    eventually(lambda: mirror.row("subscriptions", subscriber.subscription)["confirmed"])
    mirror.check_shows(newest["data"]["object"], confirmed=True)
    assert sandbox.calls()["GET /v1/subscriptions/:id"] == 1


def test_a_daemon_that_was_away_gets_what_it_missed(launch):
    """Stripe tries again until the daemon is back, which sweeps meanwhile."""
    sandbox, daemon = launch.pair()
    mirror = Mirror(daemon.database)
    subscriber = Subscriber(Account(sandbox))
    sandbox.wait_until_settled()
    assert daemon.stop() == 0
    subscriber.swap_price()
    subscriber.pause()
    launch.daemon(sandbox, daemon.database, PORTALD_LISTEN=daemon.address)
    sandbox.wait_until_settled()
    for stripe_object in stripe_objects(sandbox, subscriber):
        eventually_passes(lambda: mirror.check_shows(stripe_object, confirmed=True))
