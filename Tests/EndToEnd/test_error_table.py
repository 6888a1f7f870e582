"""The contract's table of errors: every row of it, produced by the running program."""
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.account import Account
from support.mirror import mark_filled
from support.settings import FRONTEND, JWT_SECRET
from support.users import User, bearer
from support.waiting import DEADLINE

PORTAL = "/api/subscriptions/user/billing-portal/"
SUBSCRIPTIONS = "/api/subscriptions/user/"
BODY_LIMIT = 16 << 10
SOURCES = Path(__file__).resolve().parents[2] / "Sources"


class World:
    """A sandbox, a daemon beside it, and other daemons where a row needs them."""

    def __init__(self, launch):
        self.launch = launch
        self.sandbox, self.daemon = launch.pair(PORTALD_PORTAL_RATE="10000/1s")
        self.account = Account(self.sandbox)
        self.alice = self.subscriber()

    def subscriber(self, status=None):
        """A user with a subscription."""
        user = User()
        subscription = self.account.subscribe(self.account.add_customer(user))
        if status:
            self.sandbox.control(f"/subscriptions/{subscription}/status", status=status)
        self.sandbox.wait_until_settled()
        return user

    def subscription(self, user):
        """The id of a user's subscription, as the user sees it."""
        response = requests.get(self.daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE)
        return response.json()["subscriptions"][0]["id"]

    def ask(self, user=None, daemon=None, path=PORTAL, method="POST", headers=None, **options):
        headers = {"Origin": FRONTEND} | (bearer(user.token()) if user else {}) | (headers or {})
        url = (daemon or self.daemon).url + path
        return requests.request(method, url, headers=headers, timeout=DEADLINE, **options)

    def ask_with_trouble(self, effect, **options):
        self.sandbox.trouble_portal(effect, **options)
        response = self.ask(self.alice)
        self.sandbox.control("/faults", "DELETE")
        return response


@dataclass
class Row:
    produce: Callable
    status: int
    code: str
    parameter: str | None = None
    #: Headers that have to be there, each with a pattern for the whole of its value; the others of these must not be.
    headers: dict = field(default_factory=dict)
    #: The origin whose pages may read it.
    origin: str | None = FRONTEND

    GUARDED = ["Retry-After", "WWW-Authenticate", "Allow"]

    @property
    def name(self):
        return self.produce.__name__

    def check(self, response):
        assert (response.status_code, response.json()["code"]) == (self.status, self.code), response.text
        body = response.json()
        assert body.keys() == {"success", "code", "message"} | ({"parameter"} if self.parameter else set())
        assert body["success"] is False and body["message"].endswith(".")
        assert body.get("parameter") == self.parameter
        for name in self.GUARDED:
            pattern, value = self.headers.get(name), response.headers.get(name)
            assert value == pattern or pattern and re.fullmatch(pattern, value), f"{name}: {value}"
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Portald-Request-Id"].startswith("req_")
        assert "Origin" in response.headers["Vary"]
        assert response.headers.get("Access-Control-Allow-Origin") == self.origin
        assert ("Retry-After" in response.headers.get("Access-Control-Expose-Headers", "")) == bool(self.origin)


ROWS = []
produced = []


def row(status, code, parameter=None, origin=FRONTEND, **headers):
    """Adds a row: the function below it produces the answer. `Retry_After` is the header `Retry-After`."""

    def add(produce):
        named = {name.replace("_", "-"): pattern for name, pattern in headers.items()}
        ROWS.append(Row(produce, status, code, parameter, named, origin))
        return produce

    return add


# Who is asking.


@row(401, "authentication_required", WWW_Authenticate="Bearer")
def nothing_sent(world):
    return world.ask()


@row(401, "invalid_token", WWW_Authenticate='Bearer error="invalid_token"')
def an_expired_token(world):
    token = jwt.encode({"sub": world.alice.id, "exp": int(time.time()) - 60}, JWT_SECRET, "HS256")
    return world.ask(headers=bearer(token))


@row(403, "cross_site_request", origin=None)
def a_cookie_from_another_site(world):
    daemon = world.launch.daemon(PORTALD_SESSION_COOKIE="session")
    headers = {"Cookie": f"session={world.alice.token()}", "Origin": "https://elsewhere.example"}
    return world.ask(daemon=daemon, headers=headers)


@row(503, "authentication_unavailable", Retry_After="5")
def an_issuer_that_is_down(world):
    daemon = world.launch.daemon(PORTALD_JWKS="http://127.0.0.1:9/jwks.json")
    token = jwt.encode({"sub": "1", "exp": int(time.time()) + 60}, Ed25519PrivateKey.generate(), "EdDSA", {"kid": "1"})
    return world.ask(daemon=daemon, headers=bearer(token))


# Whose customer.


@row(403, "no_active_subscription")
def an_ended_subscription(world):
    return world.ask(world.subscriber("canceled"))


@row(404, "customer_not_found")
def an_unlinked_user(world):
    return world.ask(User())


@row(404, "customer_not_found")
def a_deleted_customer(world):
    user = User()
    world.account.customers.delete(world.account.add_subscriber(user))
    world.sandbox.wait_until_settled()
    return world.ask(user)


@row(409, "customer_link_conflict")
def a_customer_of_two_users(world):
    user = User()
    world.account.subscribe(world.account.add_customer(user), metadata={"user_id": User().id})
    world.sandbox.wait_until_settled()
    return world.ask(user)


@row(503, "mirror_not_ready", Retry_After="30")
def a_mirror_that_is_not_filled(world):
    return world.ask(User(), daemon=world.launch.daemon(filled=False))


@row(503, "mirror_stale", Retry_After="30")
def a_node_whose_primary_gives_no_sign_of_life(world):
    database = world.launch.directory() / "portald.db"
    assert world.launch.run("migrate", "--database", str(database))[0] == 0
    mark_filled(database)
    # As Litestream leaves a file that it follows into.
    Path(f"{database}-txid").write_text("0000000000000001\n")
    node = world.launch.daemon(world.sandbox, str(database), PORTALD_ROLE="portal", PORTALD_STALE="refuse")
    return world.ask(User(), daemon=node)


@row(503, "store_unavailable", Retry_After="5")
def a_mirror_that_cannot_be_read(world):
    daemon = world.launch.daemon()
    with closing(sqlite3.connect(daemon.database)) as connection, connection:
        connection.execute("DROP TABLE passes")
    return world.ask(User(), daemon=daemon)


# What they ask for.


@row(415, "unsupported_media_type")
def a_form(world):
    return world.ask(world.alice, data={"flow": "subscription_cancel"})


@row(415, "unsupported_media_type")
def a_body_without_a_type(world):
    return world.ask(world.alice, data=b"{}")


@row(400, "invalid_json")
def no_json(world):
    return world.ask(world.alice, data="{", headers={"Content-Type": "application/json"})


@row(413, "body_too_large")
def a_large_body(world):
    return world.ask(world.alice, json={"flow": "x" * BODY_LIMIT})


@row(413, "body_too_large")
def a_large_body_in_chunks(world):
    chunks = (b" " * 1024 for _ in range(17))
    return world.ask(world.alice, data=chunks, headers={"Content-Type": "application/json"})


@row(422, "invalid_parameter", "flow")
def an_unknown_flow(world):
    return world.ask(world.alice, json={"flow": "subscription_explode"})


@row(422, "invalid_parameter", "flows")
def an_unknown_field(world):
    return world.ask(world.alice, json={"flows": 1})


@row(422, "invalid_parameter", "body")
def an_unknown_field_that_is_no_word(world):
    return world.ask(world.alice, json={"<script>": 1})


@row(422, "invalid_parameter", "locale")
def a_field_twice(world):
    body = '{"locale":"de","locale":"en"}'
    return world.ask(world.alice, data=body, headers={"Content-Type": "application/json"})


@row(422, "invalid_parameter", "quantity")
def a_quantity_that_is_no_integer(world):
    body = {"flow": "subscription_update_confirm", "price": world.sandbox.TEAM, "quantity": 1.0}
    return world.ask(world.alice, json=body)


@row(422, "invalid_parameter", "price")
def a_confirmation_without_a_price(world):
    return world.ask(world.alice, json={"flow": "subscription_update_confirm"})


@row(422, "invalid_parameter", "price")
def a_price_that_stripe_does_not_know(world):
    return world.ask(world.alice, json={"flow": "subscription_update_confirm", "price": "price_0"})


@row(422, "invalid_parameter", "return_path")
def an_open_redirect(world):
    return world.ask(world.alice, json={"return_path": "//evil.example"})


@row(422, "invalid_parameter", "locale")
def a_locale_that_stripe_has_not(world):
    return world.ask(world.alice, json={"locale": "xx"})


@row(422, "invalid_parameter", "subscription")
def an_unknown_subscription(world):
    return world.ask(world.alice, json={"subscription": "sub_0"})


@row(422, "invalid_parameter", "subscription")
def somebody_elses_subscription(world):
    response = world.ask(world.alice, json={"subscription": world.subscription(world.subscriber())})
    assert response.content == an_unknown_subscription(world).content
    return response


@row(422, "invalid_parameter", "subscription")
def an_own_subscription_that_has_ended(world):
    user = User()
    customer = world.account.add_customer(user)
    world.account.subscribe(customer)
    ended = world.account.subscribe(customer)
    world.account.subscriptions.cancel(ended)
    world.sandbox.wait_until_settled()
    response = world.ask(user, json={"flow": "subscription_cancel", "subscription": ended})
    assert "ended" in response.json()["message"]
    return response


@row(422, "invalid_parameter", "subscription")
def one_of_several_subscriptions(world):
    user = User()
    customer = world.account.add_customer(user)
    for _ in range(2):
        world.account.subscribe(customer)
    world.sandbox.wait_until_settled()
    return world.ask(user, json={"flow": "subscription_cancel"})


@row(422, "invalid_parameter", "subscription")
def a_confirmation_of_several_items(world):
    user = User()
    items = [{"price": world.sandbox.BASIC}, {"price": world.sandbox.TEAM}]
    world.account.subscribe(world.account.add_customer(user), items=items)
    world.sandbox.wait_until_settled()
    return world.ask(user, json={"flow": "subscription_update_confirm", "price": world.sandbox.TEAM})


@row(422, "invalid_parameter", "after")
def to_wait_for_something_else(world):
    return world.ask(world.alice, path=f"{PORTAL}?after=sub_1")


@row(429, "rate_limited", Retry_After=r"[1-9]\d?")
def too_many_requests(world):
    daemon = world.launch.daemon(PORTALD_PORTAL_RATE="2/100s")
    user = User()
    assert world.ask(user, daemon=daemon).status_code == 404
    return world.ask(user, daemon=daemon)


# What Stripe does.


@row(502, "stripe_error")
def a_refusal(world):
    return world.ask_with_trouble("status", status=400)


@row(503, "stripe_busy", Retry_After="5")
def a_rate_limit_of_stripes(world):
    return world.ask_with_trouble("status", status=429, reason="global-rate")


@row(503, "stripe_unavailable", Retry_After="30")
def an_outage(world):
    return world.ask_with_trouble("status", status=500, next=3)


@row(503, "stripe_unavailable", Retry_After="30")
def nobody_there(world):
    world.sandbox.trouble_portal("reset", next=100)
    response = world.ask(world.alice)
    world.sandbox.control("/faults", "DELETE")
    return response


@row(504, "stripe_timeout")
def no_answer(world):
    return world.ask_with_trouble("delay", milliseconds=9_000)


# HTTP itself.


@row(404, "not_found")
def another_path(world):
    return world.ask(path="/api/subscriptions/other/")


@row(405, "method_not_allowed", Allow="OPTIONS, POST")
def another_method(world):
    return world.ask(world.alice, method="PUT")


@row(501, "method_not_implemented")
def an_unknown_method(world):
    return world.ask(world.alice, method="PROPFIND")


@pytest.fixture(scope="module")
def world(launch_once):
    return World(launch_once)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(world, row):
    row.check(row.produce(world))
    produced.append(row)


def test_each_code_has_a_row(report):
    report(f"error table: {len(produced)} of {len(ROWS)} rows produced by the running program")
    codes = set(re.findall(r'^    case \w+ = "(\w+)"', (SOURCES / "Portal/PortalError.swift").read_text(), re.M))
    assert len(codes) > 10
    assert codes - {row.code for row in ROWS} == set(), "add a row to this table"
