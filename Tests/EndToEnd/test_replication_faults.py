"""What happens between machines while the network, the replica or a follower fails, and that all recovers by itself."""
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.replication import Cluster, Replica
from support.users import User
from support.waiting import eventually

from test_degraded import mounted

# What one change brings, so that it takes Litestream a while.
BALLAST_ROWS, BALLAST_BYTES = 200, 50_000


@pytest.fixture(scope="module")
def cluster(launch_once):
    """A primary with two nodes, which every test leaves as it was."""
    cluster = Cluster(launch_once)
    cluster.main = cluster.primary()
    cluster.nodes = [cluster.node(), cluster.node()]
    yield cluster
    cluster.close()


def check_takes_in_events(cluster, primary):
    """A purchase is acknowledged, whatever the replica does; returns the buyer."""
    buyer = User()
    cluster.account.add_subscriber(buyer)
    cluster.sandbox.wait_until_settled()
    assert primary.subscriptions(buyer).json()["active"] is True
    assert primary.readiness()[0] == 200
    return buyer


CUTS = pytest.mark.parametrize("resets", [False, True], ids=["packets are lost", "connections break"])


@CUTS
def test_the_network_between_primary_and_replica_is_cut(cluster, resets):
    cluster.main.wire.cut(resets)
    buyers = [check_takes_in_events(cluster, cluster.main)]
    for node in cluster.nodes:
        node.wait_until_stale()
        assert node.subscriptions(buyers[0]).json()["active"] is False
    buyers.append(check_takes_in_events(cluster, cluster.main))
    cluster.main.wire.mend()
    for node in cluster.nodes:
        node.wait_until_ready()
        for buyer in buyers:
            node.wait_until_active(buyer)
        cluster.check_equals_stripe(node)
    assert cluster.main.companion.is_running


@CUTS
def test_the_network_between_replica_and_a_node_is_cut(cluster, resets):
    cut, other = cluster.nodes
    cut.wire.cut(resets)
    buyer = check_takes_in_events(cluster, cluster.main)
    other.wait_until_active(buyer)
    cut.wait_until_stale()
    assert other.readiness()[0] == 200
    assert cut.subscriptions(buyer).json()["active"] is False
    cut.wire.mend()
    cut.wait_until_active(buyer)
    cut.wait_until_ready()
    cluster.check_equals_stripe(cut)
    assert cut.companion.is_running


def test_the_replicas_disk_is_full(launch, report):
    with mounted(launch, "-t", "tmpfs", "-o", "size=16m", "tmpfs") as folder:
        cluster = Cluster(launch, Replica(launch, folder / "replica"))
        try:
            main = cluster.primary()
            node = cluster.node()
            ballast = folder / "ballast"
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            buyer = check_takes_in_events(cluster, main)
            node.wait_until_stale()
            assert node.subscriptions(buyer).json()["active"] is False
            assert check_takes_in_events(cluster, main) and main.companion.is_running
            ballast.unlink()
            node.wait_until_active(buyer)
            node.wait_until_ready()
            objects = cluster.check_equals_stripe(node)
            # What was written of files that found no room is in nobody's way.
            node.kill()
            node.follow()
            node.serve("portal")
            node.wait_until_ready()
            assert cluster.check_equals_stripe(node) == objects
        finally:
            for machine in (node, main):
                machine.stop()
            cluster.close()
    report("a replica without room: webhooks taken in meanwhile, and the node current again once there was room")


class BigChange:
    """Two users whose rows are far apart in the file, and a change of both with much between them."""

    def __init__(self, cluster, main):
        self.users = [User(), User()]
        cluster.account.add_subscriber(self.users[0])
        cluster.sandbox.wait_until_settled()
        self._main = main
        self._write(
            "INSERT INTO events (id, type, created, received_at, source, outcome, payload) VALUES (?, 'x', 0, 0, 'replay', 'ignored', ?)",
            [(f"evt_ballast{number}", os.urandom(BALLAST_BYTES // 2).hex()) for number in range(BALLAST_ROWS)],
        )
        # Their rows get pages behind those.
        for _ in range(20):
            cluster.account.add_subscriber(User())
        cluster.account.add_subscriber(self.users[1])
        cluster.sandbox.wait_until_settled()

    def _write(self, sql, parameters, *further):
        with closing(sqlite3.connect(self._main.database, timeout=60)) as connection, connection:
            # Left to Litestream, as the daemon does.
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.executemany(sql, parameters)
            for statement in further:
                connection.execute(statement)

    def make(self):
        self._write(
            "UPDATE events SET payload = ? WHERE id = ?",
            [(os.urandom(BALLAST_BYTES // 2).hex(), f"evt_ballast{number}") for number in range(BALLAST_ROWS)],
            "UPDATE subscriptions SET status = CASE status WHEN 'active' THEN 'canceled' ELSE 'active' END",
        )


def is_written_to(node):
    """Whether Litestream has begun a change, in the file that nobody reads, and has not finished it."""
    shown = Path(node.database).resolve()
    for position in shown.parent.glob("portald.db.*-txid"):
        file = position.with_name(position.name.removesuffix("-txid"))
        if file != shown and file.stat().st_mtime_ns > position.stat().st_mtime_ns:
            return True
    return False


def last_sign(machine):
    """When the primary last gave a sign of life, as the machine's mirror says; None where it cannot be read."""
    _, output, _ = machine.run("status", "--json")
    return json.loads(output)["replication"]["heartbeat_at"] if output else None


def test_a_follower_that_ends_in_the_middle_of_a_change(launch, report):
    cluster = Cluster(launch)
    main, node = cluster.primary(), cluster.node()
    change = BigChange(cluster, main)
    # No further change comes, so that the next one is the big one.
    assert main.daemon.stop() == 0

    def present():
        answers = [node.subscriptions(user) for user in change.users]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.json()["active"] for answer in answers]

    def end(how):
        """Ends it in a change; returns in which round that was."""
        for round in range(1, 11):
            eventually(lambda: last_sign(node) and last_sign(node) == last_sign(main))
            former = present()
            assert former[0] == former[1]
            change.make()
            eventually(lambda: is_written_to(node) or present() != former)
            how()
            # Both rows are of one state, and nobody waits for the rest.
            assert present() in (former, [not was for was in former])
            assert all(node.click(user).status_code < 500 for user in change.users)
            if is_written_to(node):
                assert present() == former
                return round
            node.follow()
            eventually(lambda: present() != former)
        raise AssertionError("it was never in the middle of a change")

    killed = end(lambda: node.companion.kill())
    node.follow()
    assert eventually(lambda: last_sign(node) == last_sign(main))
    stopped = end(lambda: node.companion.stop() == 0 or pytest.fail("it did not end well"))
    # The state before the change is a whole one, from which the rest is asked of Stripe.
    assert node.daemon.stop() == 0
    node.promote()
    node.serve("primary")
    cluster.check_equals_stripe(node)
    assert node.daemon.stop() == 0
    cluster.close()
    report(f"a follower that ends in a change: killed in round {killed}, stopped in round {stopped}, no answer was an error")
