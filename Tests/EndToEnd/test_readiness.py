"""A mirror that is still being filled tells nobody that they have nothing."""
import requests

from support.mirror import mark_filled
from support.settings import daemon_settings
from support.users import User, bearer
from support.waiting import DEADLINE

from test_lifecycle import FAILURE, PORTAL, WRONG_SETTINGS, add_subscriber

SUBSCRIPTIONS = "/api/subscriptions/user/"


def readiness(daemon, **headers):
    return requests.get(f"{daemon.admin_url}/readyz", headers=headers, timeout=DEADLINE)


def ask(daemon, user):
    headers = bearer(user.token())
    return [
        requests.post(daemon.url + PORTAL, headers=headers, timeout=DEADLINE),
        requests.get(daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE),
    ]


def test_a_mirror_that_is_not_filled_yet(launch):
    # Nobody answers for Stripe, so that no backfill can finish.
    daemon = launch.daemon(filled=False)
    known, unknown = User(), User()
    add_subscriber(daemon, known)
    for answer in ask(daemon, unknown):
        assert answer.status_code == 503 and answer.json()["code"] == "mirror_not_ready"
        assert int(answer.headers["Retry-After"]) > 0
    subscriptions = ask(daemon, known)[1]
    assert subscriptions.status_code == 200 and subscriptions.json()["active"] is True

    answer = readiness(daemon)
    assert answer.status_code == 503 and answer.text.startswith("not ready: backfill, sweep\n") and "backfill: not ready" in answer.text
    checks = readiness(daemon, Accept="application/json").json()
    assert checks["ready"] is False and {check["name"]: check["ready"] for check in checks["checks"]} == {
        "store": True,
        "backfill": False,
        "sweep": False,
    }
    assert checks["failing"] == ["backfill", "sweep"]

    # As `portald backfill` would, beside the daemon.
    mark_filled(daemon.database)
    assert readiness(daemon).status_code == 200
    portal, subscriptions = ask(daemon, unknown)
    assert portal.json()["code"] == "customer_not_found"
    assert subscriptions.status_code == 200 and subscriptions.json()["active"] is False


def test_the_public_listener_does_not_tell(launch):
    daemon = launch.daemon()
    assert requests.get(f"{daemon.url}/readyz", timeout=DEADLINE).status_code == 404
    assert readiness(daemon).text.startswith("ready\n")


def test_the_admin_listener_is_for_this_machine_only(launch):
    program = launch.program("serve", **daemon_settings("portald.db", PORTALD_ADMIN_LISTEN="0.0.0.0:0"))
    assert program.wait() == WRONG_SETTINGS
    assert "PORTALD_ADMIN_LISTEN" in program.log and "token" in program.log


def test_an_admin_port_in_use_is_said(launch):
    address = launch.daemon().admin_url.removeprefix("http://")
    program = launch.program("serve", **daemon_settings("portald.db", PORTALD_ADMIN_LISTEN=address))
    assert program.wait() == FAILURE
    assert address in program.log
