"""What the daemon does while something that it needs is missing, and that it recovers by itself."""
import os
import resource
import socket
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager

import pytest
import requests

from support import events
from support.account import Account
from support.mirror import Mirror
from support.settings import WEBHOOK_SECRET
from support.signing import sign
from support.users import User, bearer
from support.waiting import DEADLINE, eventually, eventually_passes
from support.world import World

from test_lifecycle import FAILURE, PORTAL
from test_sweep import only_sweeps

SUBSCRIPTIONS = "/api/subscriptions/user/"
YEAR = 365 * 86_400


def open_portal(daemon, user):
    return requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE)


def deliver(daemon, number):
    """An event of a customer of its own; the answer's status."""
    body = events.text(events.event("customer.created", events.customer(f"cus_degraded{number}")))
    return daemon.post_webhook(body, sign(body, WEBHOOK_SECRET))


def check_is_refused(daemon, number):
    answer = deliver(daemon, number)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0


def check_recovers(daemon, number):
    """Stripe's next attempt is taken in, and so is what came meanwhile."""

    def check():
        assert deliver(daemon, number).status_code == 200

    eventually_passes(check)
    assert Mirror(daemon.database).row("customers", f"cus_degraded{number}")
    Mirror(daemon.database).check_integrity()


@pytest.fixture
def world(launch):
    """A daemon with one subscriber, whose portal is opened at Stripe."""
    sandbox = launch.sandbox()
    user = User()
    Account(sandbox).add_subscriber(user)
    return sandbox, user


def start(launch, sandbox, user, **options):
    daemon = launch.daemon(sandbox, **only_sweeps(300), **options)
    daemon.wait_until_filled()
    answer = open_portal(daemon, user)
    assert answer.status_code == 200, answer.text
    return daemon


@contextmanager
def mounted(launch, *options):
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    folder = launch.directory() / "mount"
    folder.mkdir()
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mounts are not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(launch, world, report):
    sandbox, user = world
    with mounted(launch, "-t", "tmpfs", "-o", "size=4m", "tmpfs") as folder:
        daemon = start(launch, sandbox, user, database=str(folder / "portald.db"))
        ballast = folder / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        # The log beside the file has room of its own until it is used up.
        number = 0
        while deliver(daemon, number).status_code == 200:
            number += 1
            assert number < 2000
        refused = number
        check_is_refused(daemon, refused)
        # Reads need no room.
        assert open_portal(daemon, user).status_code == 200
        assert requests.get(daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE).json()["active"]
        assert daemon.is_running
        ballast.unlink()
        check_recovers(daemon, refused)
        assert daemon.stop() == 0
    report(f"a full disk: {number} events fitted in, then 503 while the portal opened; recovered by itself")


def test_a_database_that_another_program_locks(launch, world):
    sandbox, user = world
    daemon = start(launch, sandbox, user)
    with closing(sqlite3.connect(daemon.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        # Each waits five seconds for the lock.
        check_is_refused(daemon, 1)
        assert open_portal(daemon, user).status_code == 200
        other.execute("ROLLBACK")
    check_recovers(daemon, 1)


def test_a_file_system_that_becomes_read_only(launch, world):
    sandbox, user = world
    with mounted(launch, "-t", "tmpfs", "-o", "size=16m", "tmpfs") as folder:
        database = folder / "portald.db"
        daemon = start(launch, sandbox, user, database=str(database))
        assert daemon.stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        # It cannot keep a promise there, so it makes none.
        program = launch.program("serve", **daemon.settings)
        assert program.wait() == FAILURE
        assert str(database) in program.log and "ead-only" in program.log, program.log
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        again = launch.daemon(sandbox, str(database), **only_sweeps(300))
        check_recovers(again, 1)
        assert again.stop() == 0


def test_a_file_that_becomes_read_only_under_the_daemon(launch, world, report):
    sandbox, user = world
    surroundings = World(launch.directory())
    daemon = start(launch, sandbox, user, **surroundings.settings)
    assert deliver(daemon, 1).status_code == 200
    with surroundings.read_only():
        check_is_refused(daemon, 2)
        assert open_portal(daemon, user).status_code == 200
        own = requests.get(daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE)
        assert own.json()["active"]
        assert daemon.is_running
    check_recovers(daemon, 2)
    assert Mirror(daemon.database).row("customers", "cus_degraded1")
    assert daemon.stop() == 0
    report("a file that becomes read-only: webhooks 503 while the portal opens; recovered by itself")


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_clock_that_jumps(launch, world, jump):
    sandbox, user = world
    surroundings = World(launch.directory())
    daemon = start(launch, sandbox, user, **surroundings.settings)
    customer = Account(sandbox).add_customer(User())
    body = events.text(events.event("customer.created", events.customer("cus_degraded1")))
    later = int(time.time()) + jump

    def post(body, timestamp=None):
        return daemon.post_webhook(body, sign(body, WEBHOOK_SECRET, timestamp))

    assert post(body).json()["outcome"] == "applied"
    with surroundings.shifted(jump):
        # Nothing is taken on trust: what is signed now is of another time for the daemon.
        refused = post(events.text(events.event("customer.created", events.customer("cus_degraded2"))))
        assert refused.status_code == 400 and "tolerance" in refused.json()["error"]["code"], refused.text
        own = {"headers": bearer(user.token()), "timeout": DEADLINE}
        assert requests.get(daemon.url + SUBSCRIPTIONS, **own).status_code == (401 if jump > 0 else 200)
        # What is of the daemon's time passes, and what was known stays known.
        assert post(body, later).json()["outcome"] == "duplicate"
        assert post(events.text(events.event("customer.created", events.customer("cus_degraded3"))), later).status_code == 200
        own["headers"] = bearer(user.token(exp=later + 600))
        assert requests.get(daemon.url + SUBSCRIPTIONS, **own).json()["active"]
    assert post(body).json()["outcome"] == "duplicate"
    check_recovers(daemon, 2)
    for number in (1, 2, 3):
        assert Mirror(daemon.database).row("customers", f"cus_degraded{number}")
    assert daemon.stop() == 0
    again = launch.daemon(sandbox, daemon.database, **only_sweeps(1))
    eventually_passes(lambda: Mirror(again.database).check_shows(sandbox.retrieve(customer), confirmed=True))


def test_a_clock_ahead_at_the_start_forgets_nothing(launch, world):
    sandbox, user = world
    surroundings = World(launch.directory())
    daemon = start(launch, sandbox, user, **surroundings.settings)
    body = events.text(events.event("customer.created", events.customer("cus_degraded1")))
    assert daemon.deliver(body) == "applied"
    assert daemon.stop() == 0
    # So that the daemon looks for what to forget at once, and not a day after the last time.
    with closing(sqlite3.connect(daemon.database)) as connection, connection:
        connection.execute("UPDATE sync_state SET pruned_to = NULL")
    with surroundings.shifted(YEAR):
        again = launch.daemon(sandbox, daemon.database, **only_sweeps(300), **surroundings.settings)
        mirror = Mirror(again.database)
        state = eventually(lambda: mirror.rows("SELECT pruned_to, swept_to FROM sync_state WHERE pruned_to IS NOT NULL"))
        # Stripe's time counts, with a day's margin.
        assert state[0]["pruned_to"] < state[0]["swept_to"] < time.time() + 60
        assert mirror.rows("SELECT count(*) AS n FROM events WHERE payload IS NULL") == [{"n": 0}]
        later = int(time.time()) + YEAR
        assert again.post_webhook(body, sign(body, WEBHOOK_SECRET, later)).json()["outcome"] == "duplicate"
    assert again.stop() == 0


def test_no_file_descriptors_left(launch, world, report):
    sandbox, user = world
    daemon = start(launch, sandbox, user)
    limit = len(os.listdir(f"/proc/{daemon.process.pid}/fd")) + 8
    former = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (limit, former[1]))
    host, port = daemon.address.split(":")
    idle = [socket.create_connection((host, int(port)), timeout=DEADLINE) for _ in range(40)]
    eventually(lambda: len(os.listdir(f"/proc/{daemon.process.pid}/fd")) >= limit)
    assert daemon.is_running
    for connection in idle:
        connection.close()
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, former)
    check_recovers(daemon, 1)
    eventually_passes(lambda: open_portal(daemon, user).raise_for_status())
    assert daemon.stop() == 0
    report("40 connections where 8 files were left: the daemon goes on, and serves again when they are closed")


def test_a_name_that_does_not_resolve(launch, world):
    """RFC 2606 keeps `.invalid` unresolvable."""
    sandbox, user = world
    daemon = start(launch, sandbox, user)
    database = daemon.database
    assert daemon.stop() == 0
    daemon = launch.daemon(database=database, STRIPE_API_BASE="https://stripe.invalid")
    answer = open_portal(daemon, user)
    assert answer.status_code in (503, 504) and answer.json()["code"] in ("stripe_unavailable", "stripe_timeout")
    # Everything that needs no Stripe goes on.
    assert requests.get(daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE).json()["active"]
    check_recovers(daemon, 1)
    daemon.wait_for_log("could not be synchronized.*cannot be reached")


def test_stripe_is_down_from_the_start(launch, world):
    """`test_portal_protection.py` has the portal; here the mirror goes on without Stripe and catches up by itself."""
    sandbox, user = world
    daemon = start(launch, sandbox, user)
    database = daemon.database
    assert daemon.stop() == 0
    sandbox.control("/faults/api", path="/v1/events", effect="status", status=503, next=6)
    daemon = launch.daemon(sandbox, database, **only_sweeps(1))
    check_recovers(daemon, 1)
    missed = Account(sandbox).add_customer(User())
    eventually_passes(lambda: Mirror(database).check_shows(sandbox.retrieve(missed), confirmed=True))
    daemon.wait_for_log("could not be synchronized")
