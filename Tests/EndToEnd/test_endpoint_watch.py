"""The webhook endpoint is disabled, changed or deleted at Stripe: log, metric and status page say so, and a sweep follows."""
import re

import requests

from support.account import Account
from support.mirror import Mirror
from support.settings import WEBHOOK_SECRET
from support.users import User
from support.waiting import DEADLINE, eventually

from test_lifecycle import FAILURE
from test_metrics import Scrape

RESTRICTED = "rk_test_51EndToEndRestrictedKeyOfTheAccount"
REACH = ["rak_customer_read", "rak_subscription_read", "rak_event_read", "rak_customer_portal_write"]
SPEAKS = re.compile("the webhook endpoint")
FAULTS = ["missing", "disabled", "mode", "event_types", "api_version", "duplicate"]


class Watched:
    """A filled mirror whose daemon sweeps too rarely for this test, and watches its endpoint every second."""

    def __init__(self, launch, **changes):
        self.launch = launch
        self.sandbox = launch.sandbox()
        self.account = Account(self.sandbox)
        self.changes = {"PORTALD_SWEEP_INTERVAL": "86400", "PORTALD_VERIFY_SHARE": "0", "PORTALD_ENDPOINT_INTERVAL": "1"} | changes
        # Its address is needed before it is started with it.
        daemon = launch.daemon(self.sandbox, **self.changes)
        daemon.wait_until_filled()
        self.changes["PORTALD_LISTEN"] = daemon.address
        self.url = daemon.webhook_url
        self.database = daemon.database
        assert daemon.stop() == 0
        self.mirror = Mirror(self.database)

    def start(self, **changes):
        settings = {"PORTALD_WEBHOOK_URL": self.url} | self.changes | changes
        self.daemon = self.launch.daemon(self.sandbox, self.database, **settings)

    def add_endpoint(self, **options):
        return self.sandbox.control("/endpoints", url=self.url, secret=WEBHOOK_SECRET, api_version="2026-03-25.dahlia", **options)["id"]

    def set(self, endpoint, **form):
        response = self.sandbox.session.post(f"{self.sandbox.url}/v1/webhook_endpoints/{endpoint}", data=form)
        assert response.status_code == 200, response.text

    def faults(self):
        scrape = Scrape(self.daemon)
        return [fault for fault in FAULTS if scrape.value("portald_webhook_endpoint_fault", fault=fault) == 1]

    def wait_for(self, *faults):
        eventually(lambda: Scrape(self.daemon).value("portald_webhook_endpoint_checked_timestamp_seconds") > 0)
        eventually(lambda: self.faults() == list(faults))

    def page(self):
        return requests.get(self.daemon.admin_url, timeout=DEADLINE).text

    def lines(self):
        """What the log says of the endpoint."""
        return [line.rstrip() for line in self.daemon.log.splitlines() if SPEAKS.search(line)]

    def source(self, identifier):
        """How the first event of an object came in, once its row is there and proven."""
        eventually(lambda: (self.mirror.row("customers", identifier) or {}).get("confirmed") == 1)
        return self.mirror.rows("SELECT source FROM events WHERE object_id = ? ORDER BY rowid", identifier)[0]["source"]


def test_a_disabled_endpoint_is_told_of_and_made_up_for(launch):
    watched = Watched(launch)
    endpoint = watched.add_endpoint()
    watched.start()
    watched.wait_for()
    assert watched.source(watched.account.add_customer(User())) == "webhook"
    assert watched.lines() == [] and "All is well." in watched.page()

    watched.sandbox.control(f"/endpoints/{endpoint}", disabled="true")
    watched.wait_for("disabled")
    lost = watched.account.add_customer(User())
    eventually(lambda: f"The webhook endpoint {endpoint} is disabled at Stripe" in watched.page())
    assert "portald doctor --fix" in watched.page()
    # It is not readiness: with sweeps the mirror stays right.
    assert requests.get(f"{watched.daemon.admin_url}/readyz", timeout=DEADLINE).status_code == 200
    looks = watched.sandbox.calls()["GET /v1/webhook_endpoints"]
    eventually(lambda: watched.sandbox.calls()["GET /v1/webhook_endpoints"] >= looks + 2)
    (line,) = watched.lines()
    assert "warning" in line and f"endpoint={endpoint} faults=disabled" in line
    assert watched.mirror.row("customers", lost) is None

    watched.sandbox.control(f"/endpoints/{endpoint}", disabled="false")
    assert watched.source(lost) == "sweep"
    watched.wait_for()
    eventually(lambda: "All is well." in watched.page())
    assert len(watched.lines()) == 2 and "notice" in watched.lines()[-1]
    assert watched.source(watched.account.add_customer(User())) == "webhook"


def test_what_was_seen_outlives_a_restart(launch):
    watched = Watched(launch)
    endpoint = watched.add_endpoint()
    watched.sandbox.control(f"/endpoints/{endpoint}", disabled="true")
    watched.start()
    watched.wait_for("disabled")
    assert watched.daemon.stop() == 0
    code, output, _ = launch.run("status", PORTALD_DATABASE=watched.database)
    assert code == FAILURE and f"The webhook endpoint {endpoint} is disabled at Stripe" in output
    lost = watched.account.add_customer(User())
    watched.start()
    # The log of this start says it, too.
    watched.daemon.wait_for_log(f"warning the webhook endpoint .*endpoint={endpoint} faults=disabled")
    assert watched.source(lost) == "sweep"
    assert watched.daemon.stop() == 0
    watched.sandbox.control(f"/endpoints/{endpoint}", disabled="false")
    watched.start()
    watched.daemon.wait_for_log(f"notice the webhook endpoint is as it should be again endpoint={endpoint}")
    watched.wait_for()


def test_a_changed_and_a_deleted_endpoint(launch):
    watched = Watched(launch)
    endpoint = watched.add_endpoint()
    watched.start()
    watched.wait_for()
    watched.set(endpoint, **{"enabled_events[0]": "customer.deleted"})
    watched.wait_for("event_types")
    lost = watched.account.add_customer(User())
    watched.set(endpoint, **{"enabled_events[0]": "*"})
    assert watched.source(lost) == "sweep"
    response = watched.sandbox.session.delete(f"{watched.sandbox.url}/v1/webhook_endpoints/{endpoint}")
    assert response.status_code == 200
    watched.wait_for("missing")
    eventually(lambda: f"Stripe has no webhook endpoint {watched.url}" in watched.page())
    lost = watched.account.add_customer(User())
    # Made anew, by the remedy that the page names.
    code, output, errors = launch.run("doctor", "--fix", **watched.daemon.settings)
    assert "is new and sends to" in output, output + errors
    assert watched.source(lost) == "sweep"
    watched.wait_for()
    assert [("warning" in line, "notice" in line) for line in watched.lines()] == [(True, False), (False, True)] * 2


def test_an_address_that_stripe_does_not_know(launch):
    watched = Watched(launch)
    watched.add_endpoint()
    watched.start(PORTALD_WEBHOOK_URL="http://127.0.0.1:9/elsewhere")
    watched.wait_for("missing")
    (line,) = watched.lines()
    assert "endpoint=none faults=missing" in line


def test_a_key_that_may_not_look(launch):
    watched = Watched(launch)
    watched.sandbox.control("/keys", key=RESTRICTED, **{f"permissions[{number}]": name for number, name in enumerate(REACH)})
    watched.start(STRIPE_SECRET_KEY=RESTRICTED)
    watched.daemon.wait_for_log("the webhook endpoint is not watched.*Webhook Endpoints: Read.*rak_webhook_read")
    looks = watched.sandbox.calls()["GET /v1/webhook_endpoints"]
    # It still sweeps, and asks no more for the endpoint.
    eventually(lambda: Scrape(watched.daemon).value("portald_stripe_calls_total", lane="sweep", result="succeeded") > 0)
    assert watched.sandbox.calls()["GET /v1/webhook_endpoints"] == looks
    assert len(watched.lines()) == 1 and watched.faults() == []
    assert RESTRICTED not in watched.daemon.log
    assert watched.daemon.stop() == 0


def test_without_an_address_nobody_asks(launch):
    sandbox, daemon = launch.pair(PORTALD_ENDPOINT_INTERVAL="1")
    eventually(lambda: Scrape(daemon).value("portald_stripe_calls_total", lane="sweep", result="succeeded") > 0)
    assert "GET /v1/webhook_endpoints" not in sandbox.calls()
    assert Scrape(daemon).value("portald_webhook_endpoint_checked_timestamp_seconds") == 0
