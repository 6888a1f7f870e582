"""Whose customer is whose: conflicts, the operator's word, and a user who comes back before the webhook does."""
import json
import sqlite3
import threading
from contextlib import closing

import pytest
import requests

from support import events
from support.account import Account
from support.mirror import Mirror
from support.programs import Sandbox
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

from test_lifecycle import FAILURE, PORTAL, WRONG_USAGE, add_subscriber

SUBSCRIPTIONS = "/api/subscriptions/user/"
REQUEST_ID = "Portald-Request-Id"
MIRROR_AGE = "Portald-Mirror-Age"


def open_portal(daemon, user, **options):
    return requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE, **options)


def code(response):
    return response.json().get("code", "allowed")


class Conflict:
    """A customer that its metadata gives to Alice and a Checkout session to Bob."""

    def __init__(self, launch):
        self.launch = launch
        self.sandbox, self.daemon = launch.pair(PORTALD_PORTAL_RATE="10000/1s")
        self.alice, self.bob = User(), User()
        self.customer = Account(self.sandbox).add_subscriber(self.alice)
        self.sandbox.wait_until_settled()
        self.claim("cs_1", self.bob)

    def claim(self, session, user):
        session = {
            "id": session, "object": "checkout.session", "client_reference_id": user.id, "customer": self.customer,
        }
        assert self.daemon.deliver(events.text(events.event("checkout.session.completed", session))) == "applied"

    def run(self, *arguments, succeeds=True):
        code, output, errors = self.launch.run(*arguments, PORTALD_DATABASE=self.daemon.database)
        assert (code == 0) == succeeds, (code, output, errors)
        return output, errors

    def links(self, *arguments):
        return [json.loads(line) for line in self.run("links", "--json", *arguments)[0].splitlines()]

    def standings(self, *arguments):
        return [(link["user_id"], link["source"], link["standing"]) for link in self.links(*arguments)]

    def codes(self):
        return [code(open_portal(self.daemon, user)) for user in (self.alice, self.bob)]


@pytest.fixture
def conflict(launch):
    return Conflict(launch)


# What the operator decides.


def test_the_operators_word_decides_a_conflict(conflict):
    alice, bob, customer = conflict.alice, conflict.bob, conflict.customer
    refused = "customer_link_conflict"
    assert conflict.codes() == [refused, refused]
    assert conflict.standings("--conflicts") == [
        (alice.id, "customer_metadata", "conflict"), (bob.id, "checkout_client_reference_id", "conflict"),
    ]

    output, errors = conflict.run("link", alice.id, customer)
    assert f"{customer} is the user {alice.id}'s now" in output and f"it opens for {alice.id}" in output
    assert errors == ""
    assert conflict.codes() == ["allowed", "customer_not_found"]
    # Metadata that names somebody else from now on changes nothing.
    Account(conflict.sandbox).customers.update(customer, {"metadata": {"user_id": bob.id}})
    conflict.sandbox.wait_until_settled()
    assert conflict.codes() == ["allowed", "customer_not_found"]
    assert conflict.standings() == [
        (alice.id, "operator", "in_force"), (bob.id, "checkout_client_reference_id", "overruled"),
        (bob.id, "customer_metadata", "overruled"),
    ]
    assert conflict.standings("--conflicts") == []

    output, _ = conflict.run("link", "--undo", alice.id, customer)
    assert f"it opens for {bob.id}" in output
    assert conflict.codes() == ["customer_not_found", "allowed"]
    conflict.claim("cs_2", alice)
    assert conflict.codes() == [refused, refused]
    output, _ = conflict.run("unlink", alice.id, customer)
    assert f"it opens for {bob.id}" in output
    assert conflict.codes() == ["customer_not_found", "allowed"]

    changes = [row["change"] for row in Mirror(conflict.daemon.database).rows("SELECT change FROM link_ledger ORDER BY id")]
    assert changes == ["claimed", "claimed", "linked", "withdrawn", "claimed", "undone", "claimed", "unlinked"]
    Mirror(conflict.daemon.database).check_integrity()


def test_what_the_commands_say(conflict):
    alice, bob, customer = conflict.alice, conflict.bob, conflict.customer
    conflict.run("link", alice.id, customer)
    output, errors = conflict.run("link", bob.id, customer)
    assert f"this replaces the link to the user {alice.id}" in errors
    output, errors = conflict.run("link", bob.id, customer)
    assert "it was decided so already" in output and errors == ""
    output, errors = conflict.run("link", "--json", alice.id, "cus_unknown")
    assert "does not know cus_unknown" in errors
    decided = json.loads(output)
    assert (decided["change"], decided["user_id"], decided["customer_known"]) == ("linked", alice.id, False)
    assert [(link["standing"], link["source"]) for link in decided["links"]] == [("in_force", "operator")]

    _, errors = conflict.run("link", "--undo", alice.id, customer, succeeds=False)
    assert "nothing is decided" in errors
    for arguments in [
        ("link", alice.id, "sub_1"), ("link", alice.id, "cus_"), ("link", "  ", customer), ("link", alice.id),
        ("unlink", alice.id, "cus_1;DROP"), ("links", "--customer", "sub_1"), ("links", "--user", ""),
        ("explain",), ("explain", alice.id, "--request", "req_1"), ("explain", "--request", "req_1", "--at", "2h"),
    ]:
        code, _, errors = conflict.launch.run(*arguments, PORTALD_DATABASE=conflict.daemon.database)
        assert code == WRONG_USAGE and errors, arguments
    code, _, errors = conflict.launch.run("link", alice.id, customer, PORTALD_DATABASE="/nowhere/portald.db")
    assert code == FAILURE and "/nowhere/portald.db" in errors

    line = conflict.run("links", "--customer", customer, "--user", bob.id)[0].splitlines()[0].split("  ")
    assert line[:5] == [customer, bob.id, "in_force", "operator", "-"]
    for command in ["link", "unlink", "links"]:
        output, _ = conflict.run(command, "--help")
        assert "Example: portald " in output


def test_links_of_very_many_customers_are_streamed(launch):
    daemon = launch.daemon()
    with closing(sqlite3.connect(daemon.database)) as connection, connection:
        connection.executemany(
            "INSERT INTO link_claims VALUES (?, ?, ?, 'customer_metadata', NULL, 0)",
            [(f"cus_{number:06}", f"user-{number % 10}", f"cus_{number:06}") for number in range(20_000)],
        )
    code, output, _ = launch.run("links", PORTALD_DATABASE=daemon.database)
    customers = [line.split("  ")[0] for line in output.splitlines()]
    assert code == 0 and len(customers) == 20_000 and customers == sorted(customers)
    code, output, _ = launch.run("links", "--user", "user-3", PORTALD_DATABASE=daemon.database)
    assert code == 0 and output.count("\n") == 2_000


def test_explain_shows_what_was_overruled_and_as_of_when(conflict):
    alice, bob, customer = conflict.alice, conflict.bob, conflict.customer
    before = open_portal(conflict.daemon, bob).headers[REQUEST_ID]
    conflict.run("link", alice.id, customer)
    output, _ = conflict.run("explain", bob.id)
    assert "overruled by the operator" in output and "the operator has decided otherwise" in output
    assert "by the operator" in conflict.run("explain", alice.id)[0]
    # As it was when that answer was given.
    told = json.loads(explained(conflict, before))
    assert (told["user"], told["decision"]) == (bob.id, "customer_link_conflict")


def explained(conflict, request):
    """An answer is written within about a second of being given."""

    def output():
        code, output, _ = conflict.launch.run(
            "explain", "--request", request, "--json", PORTALD_DATABASE=conflict.daemon.database
        )
        return code == 0 and output

    return eventually(output)


# What a support person gets to see.


def test_an_answers_id_leads_to_its_explanation(launch):
    daemon = launch.daemon()
    stranger = User()
    answer = open_portal(daemon, stranger, params={"after": ""})
    assert (answer.status_code, answer.json()["parameter"]) == (422, "after")
    answer = open_portal(daemon, stranger)
    assert answer.status_code == 404
    request = answer.headers[REQUEST_ID]
    daemon.wait_for_log(f"request={request}")

    def found():
        code, output, _ = launch.run("explain", "--request", request, PORTALD_DATABASE=daemon.database)
        return code == 0 and output

    output = eventually(found)
    assert f"user          {stranger.id}" in output and "customer_not_found" in output
    asked_about = next(line for line in output.splitlines() if line.startswith("asked about   "))
    assert request in asked_about and "customer_not_found" in asked_about
    # Since then the user has become a customer; as of then they were none.
    add_subscriber(daemon, stranger)
    assert "decision      customer_not_found" in found()
    code, output, _ = launch.run("explain", stranger.id, PORTALD_DATABASE=daemon.database)
    assert "decision      allowed" in output and f"answered      " in output and request in output
    code, _, errors = launch.run("explain", "--request", "req_unknown", PORTALD_DATABASE=daemon.database)
    assert code == FAILURE and "no answer of this id" in errors


def test_the_last_answers_are_written_at_shutdown(launch):
    daemon = launch.daemon()
    request = open_portal(daemon, User()).headers[REQUEST_ID]
    assert daemon.stop() == 0
    assert Mirror(daemon.database).row("portal_requests", request)["code"] == "customer_not_found"


def test_the_mirrors_age_is_told(launch):
    daemon = launch.daemon()
    user = User()
    # It has never heard of Stripe.
    assert MIRROR_AGE not in open_portal(daemon, user).headers
    add_subscriber(daemon, user)
    for answer in [
        requests.get(daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE),
        open_portal(daemon, User()),
    ]:
        assert 0 <= int(answer.headers[MIRROR_AGE]) <= DEADLINE
    assert MIRROR_AGE not in requests.get(daemon.url + "/healthz", timeout=DEADLINE).headers


# Read your writes.


def test_a_buyer_may_come_back_before_the_webhook(launch):
    sandbox, daemon = launch.pair()
    buyer = User()
    session = sandbox.session.post(
        sandbox.url + "/v1/checkout/sessions",
        data={
            "mode": "subscription", "line_items[0][price]": Sandbox.BASIC, "client_reference_id": buyer.id,
            "success_url": "http://localhost:3000/thanks",
        },
        timeout=DEADLINE,
    ).json()
    # All that the purchase brings about is held back.
    sandbox.control("/faults/events", effect="reorder", window=100, next=100)
    bought = sandbox.session.post(session["url"], timeout=DEADLINE, allow_redirects=False)
    assert bought.status_code < 400, bought.text
    assert code(open_portal(daemon, buyer)) == "customer_not_found"

    answers = []

    def come_back(**options):
        answers.append(open_portal(daemon, buyer, **options))

    def taken_in():
        return Mirror(daemon.database).rows("SELECT 1 FROM checkouts")

    threads = [
        threading.Thread(target=come_back, kwargs={"params": {"after": session["id"]}}),
        threading.Thread(
            target=lambda: answers.append(
                requests.post(
                    daemon.url + PORTAL,
                    headers=bearer(buyer.token()) | {"Portald-After": session["id"]},
                    timeout=DEADLINE,
                )
            )
        ),
    ]
    for thread in threads:
        thread.start()
    sandbox.control("/deliveries/release")
    for thread in threads:
        thread.join(DEADLINE)
    eventually(taken_in)
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    # It has come in now: nothing waits.
    assert open_portal(daemon, buyer, params={"after": session["id"]}).status_code == 200
