"""Recorded events and objects go through a running daemon; each row equals the object sent."""
import copy
import itertools
import json
import re
from collections import defaultdict

import pytest

from support import events
from support.fixtures import ABSENCE, SHARED, files, load
from support.mirror import Mirror, identifier
from support.settings import STRIPE_LIVE_SECRET_KEY

pytestmark = pytest.mark.skipif(SHARED is None, reason=ABSENCE)


def find(document, *kinds):
    """All Stripe objects of some kinds in a document, those inside others left out."""
    if isinstance(document, list):
        for element in document:
            yield from find(element, *kinds)
    elif isinstance(document, dict):
        if document.get("object") in kinds and "id" in document:
            yield document
        else:
            for value in document.values():
                yield from find(value, *kinds)


def recorded_events():
    """Every whole event but the derived sequences, which have an order."""
    for path in files("", "**/*.json"):
        for event in find(load(path), "event"):
            yield f"{path.parent.name}/{path.stem}", event


def remembering_daemons(launch):
    """One for each of Stripe's modes, by whether it is live."""
    return {
        False: remembering_daemon(launch),
        True: remembering_daemon(launch, STRIPE_SECRET_KEY=STRIPE_LIVE_SECRET_KEY),
    }


def remembering_daemon(launch, **changes):
    """A daemon to which recordings are not too old: else it forgets each a moment after it came in."""
    return launch.daemon(PORTALD_EVENT_RETENTION_DAYS="3650", **changes)


def expected_outcome(event, is_live):
    """What an empty mirror makes of an event."""
    snapshot = event["data"]["object"] or {}
    if event["livemode"] != is_live or event.get("account"):
        return "ignored"
    if event["type"] == "checkout.session.completed":
        return "applied" if snapshot.get("client_reference_id") and snapshot.get("customer") else "ignored"
    if snapshot.get("object") not in ("customer", "subscription"):
        return "ignored"
    # Nothing is proven yet that an update could follow.
    return "pending" if event["type"].endswith(".updated") else "applied"


def test_whole_events(launch, report):
    """Recordings share event ids, so each repetition goes to a daemon of its own."""
    generations = defaultdict(list)
    for name, event in recorded_events():
        repetition = sum(event["id"] == other["id"] for taken in generations.values() for _, other in taken)
        generations[repetition].append((name, event))

    replayed = shown = 0
    for taken in generations.values():
        daemons = remembering_daemons(launch)
        for is_live, daemon in daemons.items():
            mirror = Mirror(daemon.database)
            for name, event in taken:
                snapshot = event["data"]["object"] or {}
                is_first = not mirror.rows("SELECT 1 FROM object_states WHERE object_id = ?", snapshot.get("id"))
                outcome = daemon.deliver(json.dumps(event))
                replayed += 1
                if is_first:
                    assert outcome == expected_outcome(event, is_live), name
                assert mirror.row("events", event["id"])["outcome"] == outcome, name
                if outcome in ("applied", "pending") and snapshot["object"] != "checkout.session":
                    mirror.check_shows(
                        snapshot, confirmed=outcome == "applied", deleted=event["type"] == "customer.deleted"
                    )
                    shown += 1
                if event["type"] == "checkout.session.completed" and outcome == "applied":
                    check_link(mirror, event, snapshot)
                assert daemon.deliver(json.dumps(event)) == "duplicate", name
            assert "failed" not in mirror.outcomes()
    count = sum(map(len, generations.values()))
    assert count >= 71 and shown > 0
    report(f"recorded events: {count}, replayed {replayed} times in test and live mode, {shown} shown as rows")


def check_link(mirror, event, session):
    links = mirror.rows("SELECT user_id, customer FROM user_links WHERE event = ?", event["id"])
    if session.get("client_reference_id") and session.get("customer"):
        assert links == [{"user_id": session["client_reference_id"], "customer": identifier(session["customer"])}]
    else:
        assert links == []


def test_recorded_objects_of_every_api_version(launch, report):
    """Customers and subscriptions out of recorded API replies, each as the snapshot of an event made here."""
    daemons = remembering_daemons(launch)
    mirrors = {is_live: Mirror(daemon.database) for is_live, daemon in daemons.items()}
    seen, count = set(), 0
    for path in files("", "**/*.json"):
        for found in find(load(path), "customer", "subscription"):
            if (found.get("deleted") and len(found) <= 3) or json.dumps(found) in seen:
                continue
            seen.add(json.dumps(found))
            count += 1
            # Recordings show one object many times, here each is an object of its own.
            snapshot = renamed(found, {found["id"]} | {item["id"] for item in items(found)}, str(count))
            is_live = snapshot["livemode"]
            event_type = "customer.created" if snapshot["object"] == "customer" else "customer.subscription.created"
            outcome = daemons[is_live].deliver(
                events.text(events.event(event_type, snapshot, livemode=is_live))
            )
            has_more = snapshot.get("items", {}).get("has_more", False)
            assert outcome == ("pending" if has_more else "applied"), f"{path}: {outcome}"
            mirrors[is_live].check_shows(snapshot, confirmed=not has_more)
    assert count > 0
    report(f"recorded customers and subscriptions: {count} versions, each equal to its row")


def items(stripe_object):
    return stripe_object.get("items", {}).get("data", []) if stripe_object["object"] == "subscription" else []


def renamed(document, identifiers, suffix):
    """A document in which these ids end in a suffix."""
    pattern = "|".join(f'"{re.escape(name)}"' for name in identifiers)
    text = re.sub(pattern, lambda match: f'{match[0][:-1]}_{suffix}"', json.dumps(document))
    return json.loads(text)


def sequences():
    return [
        pytest.param([json.loads(line) for line in path.read_text().splitlines()], id=path.stem)
        for path in (files("derived-sequences", "*.jsonl") if SHARED else [])
    ]


def last_objects(sequence):
    return {event["data"]["object"]["id"]: event["data"]["object"] for event in sequence}.values()


@pytest.mark.parametrize("sequence", sequences())
def test_a_sequence_in_order_ends_confirmed(launch, sequence, report):
    daemon = remembering_daemon(launch)
    mirror = Mirror(daemon.database)
    for event in sequence:
        assert daemon.deliver(json.dumps(event)) == "applied"
        mirror.check_shows(event["data"]["object"], confirmed=True)
    for stripe_object in last_objects(sequence):
        mirror.check_shows(stripe_object, confirmed=True)
    report(f"derived sequence in order: {len(sequence)} events")


@pytest.mark.parametrize("sequence", sequences())
def test_a_sequence_in_any_order_ends_confirmed(launch, sequence, report):
    """No event is missing, so each finds its place without a read."""
    daemon = remembering_daemon(launch)
    mirror = Mirror(daemon.database)
    identifiers = identifiers_in(sequence)
    orders = confirmed = total = 0
    for order in itertools.permutations(range(len(sequence))):
        orders += 1
        shuffled = renamed(copy.deepcopy(sequence), identifiers, f"{orders}")
        for index in order:
            daemon.deliver(json.dumps(shuffled[index]))
        for stripe_object in last_objects(shuffled):
            table = "customers" if stripe_object["object"] == "customer" else "subscriptions"
            total += 1
            if mirror.row(table, stripe_object["id"])["confirmed"]:
                mirror.check_shows(stripe_object, confirmed=True)
                confirmed += 1
    assert confirmed == total
    report(f"derived sequence in {orders} orders: {confirmed} of {total} rows confirmed and equal to Stripe's")


def identifiers_in(sequence):
    """The ids that must differ between replays: of events, requests, objects and their items."""
    found = set()
    for event in sequence:
        snapshot = event["data"]["object"]
        found |= {event["id"], snapshot["id"]} | {item["id"] for item in items(snapshot)}
        found |= {(event["request"] or {}).get("id")} - {None}
    return found
