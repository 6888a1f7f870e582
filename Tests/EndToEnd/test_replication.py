"""More than one machine: who answers what, and how a standby takes over."""
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from support import events
from support.account import Account
from support.replication import CONFIGURATION, LAG, MAX_STALENESS, SUPERSEDED, Cluster
from support.settings import WEBHOOK_SECRET
from support.signing import sign
from support.users import User
from support.waiting import eventually

from test_lifecycle import FAILURE


@pytest.fixture(scope="module")
def cluster(launch_once):
    """A primary with two nodes, which every test leaves as it was."""
    cluster = Cluster(launch_once)
    cluster.main = cluster.primary()
    cluster.nodes = [cluster.node(), cluster.node()]
    yield cluster
    cluster.close()


@pytest.fixture
def own_cluster(launch):
    """Machines that a test may lose."""
    cluster = Cluster(launch)
    yield cluster
    cluster.close()


def newest_event(sandbox):
    return sandbox.get("/v1/events", limit=1)["data"][0]["id"]


# What a node does.


def test_a_change_reaches_every_node(cluster):
    user = User()
    customer = cluster.account.add_customer(user)
    subscription = cluster.account.subscribe(customer)
    for node in cluster.nodes:
        node.wait_until_active(user)
    cluster.account.subscriptions.cancel(subscription)
    for node in cluster.nodes:
        eventually(lambda: node.subscriptions(user).json()["active"] is False)
        cluster.check_equals_stripe(node)


def test_a_click_on_a_node_takes_one_call(cluster):
    user = User()
    cluster.account.add_subscriber(user)
    for node in cluster.nodes:
        node.wait_until_active(user)
        before = cluster.sandbox.calls()
        answer = node.click(user)
        assert answer.status_code == 200 and answer.json()["portal_url"], answer.text
        assert 0 <= int(answer.headers[LAG]) <= MAX_STALENESS
        after = cluster.sandbox.calls()
        # The primary may sweep meanwhile.
        made = {route for route, number in after.items() if number != before.get(route, 0)} - {"GET /v1/events"}
        assert made == {cluster.sandbox.PORTAL_SESSIONS}
        assert after[cluster.sandbox.PORTAL_SESSIONS] == before.get(cluster.sandbox.PORTAL_SESSIONS, 0) + 1
    assert LAG not in cluster.main.click(user).headers


def test_a_node_takes_in_no_events(cluster):
    body = events.text(events.event("customer.created", events.customer("cus_misdirected")))
    for node in cluster.nodes:
        answer = node.daemon.post_webhook(body, sign(body, WEBHOOK_SECRET))
        assert answer.status_code == 503 and answer.json()["error"]["code"] == "not_primary", answer.text
        assert int(answer.headers["Retry-After"]) > 0
        assert node.rows("SELECT * FROM customers WHERE id = 'cus_misdirected'") == []


def test_a_buyer_may_come_back_to_a_node_before_the_event(cluster, report):
    """The parameter `after` waits for the event to be taken in by the primary, and brought from there."""
    for node in cluster.nodes:
        buyer = User()
        cluster.account.add_subscriber(buyer)
        answer = node.subscriptions(buyer, after=newest_event(cluster.sandbox))
        assert answer.status_code == 200 and answer.json()["active"] is True, answer.text
        report(f"a buyer who comes back to a node at once: answered after {answer.elapsed.total_seconds():.1f} s")


def test_what_a_node_is_asked_on_the_command_line(cluster):
    user = User()
    customer = cluster.account.add_subscriber(user)
    node = cluster.nodes[0]
    node.wait_until_active(user)
    code, output, errors = node.run("status")
    assert code == 0 and "follows the primary" in output, (output, errors)
    code, output, errors = node.run("explain", user.id)
    assert code == 0 and customer in output and "allowed" in output, (output, errors)
    code, output, errors = node.run("links", "--user", user.id)
    assert code == 0 and customer in output, (output, errors)
    for arguments in [("link", user.id, customer), ("unlink", user.id, customer), ("backfill",), ("migrate",), ("backfill", "--rebuild")]:
        code, output, errors = node.run(*arguments)
        assert code == FAILURE and "brought by Litestream from the primary" in errors, (arguments, code, output, errors)
    assert node.subscriptions(user).json()["active"] is True


def test_what_is_followed_is_promoted_only_where_nothing_follows(cluster):
    node = cluster.nodes[0]
    code, output, errors = node.run("promote")
    assert code == FAILURE and "stop portald-follow first" in errors, (output, errors)
    code, output, errors = cluster.main.run("promote")
    assert code == FAILURE and "it is a primary's already" in errors, (output, errors)
    assert not (cluster.replica.folder / "claims" / "2").exists()
    node.wait_until_ready()


def test_a_node_restarted_while_the_replica_is_out_of_reach(cluster):
    user = User()
    cluster.account.add_subscriber(user)
    node = cluster.nodes[1]
    node.wait_until_active(user)
    node.wire.cut(resets=True)
    node.kill()
    former = os.readlink(node.database)
    companion = node.start_following()
    node.serve("portal")
    companion.wait_for_log("the replica cannot be asked who the primary is")
    assert node.subscriptions(user).json()["active"] is True
    assert node.click(user).status_code == 200
    node.wait_until_stale()
    assert os.readlink(node.database) == former
    node.wire.mend()
    node.wait_until_ready()
    cluster.check_equals_stripe(node)


# The primary is lost.


class Changes:
    """A thread that changes the account some fifty times a second."""

    def __init__(self, sandbox):
        self._account = Account(sandbox)
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_done.set()
        self._thread.join()

    def _run(self):
        customers = [self._account.add_subscriber(User()) for _ in range(10)]
        number = 0
        while not self._is_done.wait(0.015):
            number += 1
            customer = customers[number % len(customers)]
            self._account.customers.update(customer, {"name": f"Name {number}", "metadata": {"step": str(number)}})
            if number % 20 == 0:
                self._account.add_subscriber(User())


def dump(machine):
    """All that is in a mirror."""
    with closing(sqlite3.connect(f"file:{machine.database}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def test_a_mistake_in_the_configuration_costs_no_claim(own_cluster):
    main = own_cluster.primary()
    former = main.rows("SELECT epoch, claim FROM replication")
    assert main.companion.stop() == 0
    configuration = Path(main.settings["PORTALD_LITESTREAM_CONFIG"])
    right = configuration.read_text()
    configuration.write_text(CONFIGURATION.format(place="path: /proc/nowhere/${PORTALD_REPLICA}", interval="100ms"))
    code, _, errors = main.run("replicate")
    assert code == 1 and "cannot go on" in errors
    assert main.rows("SELECT epoch, claim FROM replication") == former
    configuration.write_text(right)
    main.replicate()


def test_no_epoch_is_left_out(own_cluster):
    own_cluster.primary()
    node = own_cluster.node()
    assert node.companion.stop() == 0
    code, _, errors = node.run("promote", "--epoch", "4")
    assert code == 1 and "give 2" in errors, errors
    # Nothing was begun by it.
    node.follow()


def test_a_rebuilt_primary_replicates_on(own_cluster):
    cluster = own_cluster
    main, node = cluster.primary(), cluster.node()
    former = main.rows("SELECT epoch, claim FROM replication")
    assert [main.companion.stop(), main.daemon.stop()] == [0, 0]
    code, output, errors = main.run("backfill", "--rebuild")
    assert code == 0, (output, errors)
    assert main.rows("SELECT epoch, claim FROM replication") == former
    main.serve()
    main.replicate()
    cluster.redirect(main)
    buyer = User()
    cluster.account.add_subscriber(buyer)
    node.wait_until_active(buyer)
    cluster.check_equals_stripe(node)


def test_a_standby_takes_over(own_cluster, report):
    cluster = own_cluster
    former = cluster.primary()
    strict, standby = cluster.node(PORTALD_STALE="refuse"), cluster.node(PORTALD_SWEEP_INTERVAL="5")
    user = User()
    cluster.account.add_subscriber(user)
    for node in [strict, standby]:
        node.wait_until_active(user)
    with Changes(cluster.sandbox):
        eventually(lambda: len(cluster.acknowledged()) >= 300)
        former.kill()
        acknowledged = cluster.acknowledged()
        for node in [strict, standby]:
            node.wait_until_stale()
        answer = standby.click(user)
        assert answer.status_code == 200 and int(answer.headers[LAG]) >= MAX_STALENESS, answer.text
        for answer in [ask(user) for ask in (strict.click, strict.subscriptions)]:
            assert answer.status_code == 503 and answer.json()["code"] == "mirror_stale", answer.text
            assert int(answer.headers[LAG]) >= MAX_STALENESS and int(answer.headers["Retry-After"]) > 0
        assert "is the primary's of epoch 2" in cluster.take_over(standby)
        standby.wait_until_ready()
    assert LAG not in standby.click(user).headers
    # What happened between the promotion and the change of the address comes with the next sweep, or Stripe's next attempt.
    cluster.check_equals_stripe(standby)
    known = {row["id"] for row in standby.rows("SELECT id FROM events")}
    assert acknowledged <= known
    # The other node changes over by itself.
    strict.wait_until_ready()
    cluster.check_equals_stripe(strict)
    # How far it lags is the machine's affair.
    eventually(lambda: strict.click(user).status_code == 200)

    # The former primary comes back.
    before = dump(former)
    for command in ["serve", "replicate"]:
        program = cluster.launch.parent(command, **former.environment)
        assert program.wait() == SUPERSEDED, program.log
        assert "epoch 2" in program.log
    assert dump(former) == before
    replicated = {path.name for path in (cluster.replica.folder / "epochs").iterdir()}
    assert replicated == {"1", "2"}
    report(f"a primary killed while events come in: {len(acknowledged)} acknowledged, all of them found at the next one")


def test_two_promotions_at_once(own_cluster):
    cluster = own_cluster
    former = cluster.primary()
    nodes = [cluster.node(), cluster.node()]
    user = User()
    cluster.account.add_subscriber(user)
    for node in nodes:
        node.wait_until_active(user)
    former.kill()
    for node in nodes:
        assert node.companion.stop() == 0
    promotions = [cluster.launch.program("promote", **node.environment) for node in nodes]
    codes = [promotion.wait() for promotion in promotions]
    logs = [promotion.log for promotion in promotions]
    assert sorted(codes) in ([0, FAILURE], [0, SUPERSEDED]), (codes, logs)
    winner, loser = nodes if codes[0] == 0 else nodes[::-1]
    assert winner.daemon.stop() == 0
    winner.serve("primary")
    winner.replicate()
    cluster.redirect(winner)
    winner.wait_until_ready()
    loser.follow()
    loser.wait_until_ready()
    later = User()
    cluster.account.add_subscriber(later)
    loser.wait_until_active(later)
    cluster.check_equals_stripe(winner)
    cluster.check_equals_stripe(loser)


def test_an_old_replica_put_back(own_cluster):
    """As from a backup of the server that it is on: what it has is true, and long ago."""
    cluster = own_cluster
    main = cluster.primary()
    node = cluster.node()
    old = cluster.replica.folder.with_name("old")
    shutil.copytree(cluster.replica.folder, old)
    user = User()
    cluster.account.add_subscriber(user)
    node.wait_until_active(user)
    main.kill()
    shutil.rmtree(cluster.replica.folder)
    shutil.copytree(old, cluster.replica.folder)
    node.wait_until_stale()
    # What it has it keeps.
    assert node.subscriptions(user).json()["active"] is True
    # One that begins anew has nothing better, and says so.
    node.kill()
    node.follow()
    node.serve("portal")
    node.wait_until_stale()
    answer = node.subscriptions(user)
    assert int(answer.headers[LAG]) >= MAX_STALENESS
    node.daemon.stop()
    node.settings["PORTALD_STALE"] = "refuse"
    node.serve("portal")
    assert node.subscriptions(user).json()["code"] == "mirror_stale"
    # The primary, which has all of it, brings it again.
    main.serve()
    main.replicate()
    node.wait_until_active(user)
    node.wait_until_ready()
    cluster.check_equals_stripe(node)
