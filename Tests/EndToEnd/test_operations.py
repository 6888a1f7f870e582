"""What an operator asks of a mirror, and does to it, while the daemon runs."""
import json
import time

import requests

from support import events
from support.mirror import Mirror
from support.settings import daemon_settings
from support.users import User, bearer
from support.waiting import DEADLINE

from test_lifecycle import FAILURE, PORTAL, WRONG_SETTINGS, add_subscriber


def settings_of(daemon):
    return daemon_settings(daemon.database)


def add_broken(daemon):
    broken = events.event("customer.created", events.customer("cus_broken", email=["no", "text"]))
    assert daemon.deliver(events.text(broken)) == "failed"
    return broken["id"]


# Replay.


def test_a_replay_beside_the_daemon(launch):
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    broken = add_broken(daemon)
    ignored = events.event("price.created", {"id": "price_1", "object": "price"})
    assert daemon.deliver(events.text(ignored)) == "ignored"
    mirror = Mirror(daemon.database)
    applied = [row["id"] for row in mirror.rows("SELECT id FROM events WHERE outcome = 'applied' ORDER BY rowid")]
    settings = settings_of(daemon)

    code, output, _ = launch.run("events", "replay", *applied, **settings)
    assert code == 0, output
    assert [line.split()[0] for line in output.splitlines()] == ["read", "read", "2"]
    assert output.endswith("2 events: 2 read\n")
    waiting = {row["object_id"] for row in mirror.rows("SELECT object_id FROM object_states WHERE due_at IS NOT NULL")}
    assert {"cus_1", "sub_1"} <= waiting

    code, output, errors = launch.run("events", "replay", "--since", "1h", "--json", **settings)
    lines = [json.loads(line) for line in output.splitlines()]
    assert code == FAILURE and {line["id"]: line["result"] for line in lines} == {
        applied[0]: "read", applied[1]: "read", broken: "failed",
    }
    assert "3 events: 1 failed, 2 read" in errors

    code, output, _ = launch.run("events", "replay", "--failed", **settings)
    assert code == FAILURE and output.count("\n") == 2 and broken in output
    code, output, _ = launch.run("events", "replay", "--failed", "--since", str(int(time.time()) + 60), **settings)
    assert code == 0 and output == "no events to replay\n"
    for identifier, words in [("evt_unknown", "Stripe did not give it"), (ignored["id"], "nothing that the mirror holds")]:
        code, output, _ = launch.run("events", "replay", identifier, **settings)
        assert code == FAILURE and words in output

    # The daemon has gone on all the time, and nothing was used twice.
    assert mirror.outcomes() == {"applied": 2, "failed": 1, "ignored": 1}
    add_subscriber(daemon, User(), 2)


def test_a_replay_of_the_other_mode_is_refused(launch):
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    settings = settings_of(daemon) | {"STRIPE_SECRET_KEY": "sk_live_51OfTheOtherMode"}
    code, _, errors = launch.run("events", "replay", "--since", "1h", **settings)
    assert code == FAILURE and "test mode" in errors
    code, _, errors = launch.run("events", "replay", "evt_1", PORTALD_DATABASE=daemon.database)
    assert code == WRONG_SETTINGS and "STRIPE_SECRET_KEY" in errors


# Explain.


def explain(launch, daemon, *arguments, **changes):
    code, output, errors = launch.run("explain", *arguments, "--json", PORTALD_DATABASE=daemon.database, **changes)
    assert code == 0, errors
    return json.loads(output)


def test_explain_decides_as_the_endpoint(launch):
    daemon = launch.daemon()
    user, canceled, stranger = User(), User(), User()
    add_subscriber(daemon, user)
    add_subscriber(daemon, canceled, 2)
    ended = events.subscription("sub_2", "cus_2", status="canceled")
    assert daemon.deliver(events.text(events.event("customer.subscription.deleted", ended))) == "applied"
    for person, decision in [(canceled, "no_active_subscription"), (stranger, "customer_not_found")]:
        answer = requests.post(daemon.url + PORTAL, headers=bearer(person.token()), timeout=DEADLINE)
        assert answer.json()["code"] == decision
        assert explain(launch, daemon, person.id)["decision"] == decision

    told = explain(launch, daemon, user.id)
    assert (told["decision"], told["customer"]) == ("allowed", "cus_1")
    assert "sub_1 is active" in told["reason"]
    assert told["links"][0]["source"] == "customer_metadata" and told["links"][0]["event"].startswith("evt_")
    assert [(row["id"], row["shown"]["confirmed"]) for row in told["objects"]] == [("cus_1", True), ("sub_1", True)]
    assert told["objects"][1]["history"][0]["status"] == "active"
    # Another choice of statuses is another decision, here as there.
    assert explain(launch, daemon, user.id, PORTALD_PORTAL_STATUSES="trialing")["decision"] == "no_active_subscription"

    code, text, _ = launch.run("explain", user.id, PORTALD_DATABASE=daemon.database)
    for words in ["allowed cus_1", "by customer_metadata of cus_1", "sub_1  active, confirmed since"]:
        assert code == 0 and words in text, text
    assert user.email not in text + json.dumps(told) and "A Customer" not in text


def test_explain_as_of_a_time(launch):
    daemon = launch.daemon()
    user = User()
    add_subscriber(daemon, user)
    received = Mirror(daemon.database).rows("SELECT max(at) AS at FROM history")[0]["at"]
    ended = events.subscription("sub_1", "cus_1", status="canceled")
    assert daemon.deliver(events.text(events.event("customer.subscription.deleted", ended))) == "applied"
    assert explain(launch, daemon, user.id)["decision"] == "no_active_subscription"
    # Rounded up: a moment within the millisecond would be before it.
    then = explain(launch, daemon, user.id, "--at", f"{received + 0.000001:.6f}")
    assert then["decision"] == "allowed" and then["objects"][1]["shown"]["status"] == "active"
    # The ledger knows of links as they were.
    assert not any("links" in note for note in then["notes"])
    unknown = explain(launch, daemon, user.id, "--at", "30d")
    assert "decision" not in unknown and "memory" in unknown["reason"]


# Status.


def test_status_says_how_current_the_mirror_is(launch):
    daemon = launch.daemon(filled=False)
    add_subscriber(daemon, User())
    code, output, _ = launch.run("status", "--json", PORTALD_DATABASE=daemon.database)
    status = json.loads(output)
    assert code == FAILURE and status["ready"] is False
    assert 0 <= status["oldest_unverified_seconds"] < DEADLINE * 10
    assert status["verification"]["state"] == "none"
    assert status["webhook_api_versions"] == ["2026-03-25.dahlia"] and status["failing_reads"] == []
    code, output, _ = launch.run("status", PORTALD_DATABASE=daemon.database)
    assert code == FAILURE and "no, the first backfill has not finished" in output
