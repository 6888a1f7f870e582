"""The portal endpoint and its neighbours: who gets in, who does not, and what nobody gets to see."""
import json
import socket
import threading
import time

import jwt
import pytest
import requests

from support import events
from support.account import Account
from support.settings import FRONTEND, JWT_SECRET, SECRETS, STRIPE_SECRET_KEY
from support.users import User, bearer
from support.waiting import DEADLINE

PORTAL = "/api/subscriptions/user/billing-portal/"
SUBSCRIPTIONS = "/api/subscriptions/user/"
CONFIG = "/api/subscriptions/config/"


class World:
    """A sandbox, a daemon, and what must never leave them."""

    def __init__(self, launch):
        # The most talkative log there is must keep quiet about the same things.
        self.sandbox, self.daemon = launch.pair(
            STRIPE_PUBLISHABLE_KEY="pk_test_ForTheFrontend",
            PORTALD_LOG_LEVEL="trace",
            PORTALD_PORTAL_RATE="10000/1s",
        )
        self.account = Account(self.sandbox)
        self.confidential = set(SECRETS)

    def subscriber(self):
        user = self.user()
        self.account.add_subscriber(user)
        self.sandbox.wait_until_settled()
        return user

    def user(self):
        user = User()
        self.confidential.add(user.email)
        return user

    def request(self, method, path, token=None, headers=None, **options):
        headers = dict(headers or {})
        if token is not None:
            self.confidential.add(token)
            headers |= bearer(token)
        response = requests.request(method, self.daemon.url + path, headers=headers, timeout=DEADLINE, **options)
        if response.headers.get("Content-Type", "").startswith("application/json") and response.text:
            url = response.json().get("portal_url")
            if url:
                self.confidential |= {url, url.rsplit("/", 1)[-1]}
        return response

    def open_portal(self, token=None, path=PORTAL, **options):
        return self.request("POST", path, token, **options)

    def leaks(self, text):
        return [secret for secret in self.confidential if secret in text]


@pytest.fixture(scope="module")
def world(launch_once):
    return World(launch_once)


@pytest.fixture(autouse=True)
def nothing_leaks(world):
    yield
    world.sandbox.control("/faults", "DELETE")
    assert world.leaks(world.daemon.log) == []


@pytest.fixture(scope="module")
def subscriber(world):
    return world.subscriber()


def check_refusal(world, response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    body = response.json()
    assert body.keys() == {"success", "code", "message"} and body["success"] is False and body["message"]
    check_headers(response)
    assert world.leaks(response.text) == []


def check_headers(response):
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"].startswith("application/json")
    assert "Origin" in [name.strip() for name in response.headers["Vary"].split(",")]
    assert response.headers.get("Access-Control-Allow-Origin") != "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


# Who gets in.


@pytest.mark.parametrize("path", [PORTAL, PORTAL.rstrip("/")], ids=["slash", "no slash"])
def test_a_subscriber_gets_a_portal_url(world, subscriber, path):
    calls = world.sandbox.portal_calls()
    response = world.open_portal(subscriber.token(), path)
    assert response.status_code == 200, response.text
    check_headers(response)
    body = response.json()
    url = body.pop("portal_url")
    assert body == {"success": True, "message": "Billing portal session created successfully"}
    assert url.startswith(f"{world.sandbox.url}/p/session/")
    assert world.sandbox.portal_calls() == calls + 1

    page = requests.get(url, timeout=DEADLINE)
    assert page.status_code == 200
    assert f'"{FRONTEND}/billing"' in page.text


def test_each_click_makes_one_call(world, subscriber):
    calls = world.sandbox.portal_calls()
    urls = {world.open_portal(subscriber.token()).json()["portal_url"] for _ in range(3)}
    assert len(urls) == 3
    assert world.sandbox.portal_calls() == calls + 3


def test_a_trial_opens_the_portal(world):
    user = world.user()
    world.account.subscribe(world.account.add_customer(user), trial_period_days=7)
    world.sandbox.wait_until_settled()
    assert world.open_portal(user.token()).status_code == 200


def test_an_overdue_subscription_opens_the_portal(world):
    user = world.user()
    subscription = world.account.subscribe(world.account.add_customer(user))
    world.sandbox.control(f"/subscriptions/{subscription}/status", status="past_due")
    world.sandbox.wait_until_settled()
    assert world.open_portal(user.token()).status_code == 200


def test_a_link_by_the_subscription_alone(world):
    user = world.user()
    world.account.subscribe(world.account.add_customer(), metadata={"user_id": user.id})
    world.sandbox.wait_until_settled()
    assert world.open_portal(user.token()).status_code == 200


def test_a_link_by_a_finished_checkout(world):
    user = world.user()
    customer = world.account.add_customer()
    world.account.subscribe(customer)
    world.sandbox.wait_until_settled()
    assert world.open_portal(user.token()).status_code == 404
    session = {
        "id": f"cs_test_{user.id}",
        "object": "checkout.session",
        "client_reference_id": user.id,
        "customer": customer,
        "mode": "subscription",
    }
    assert world.daemon.deliver(events.text(events.event("checkout.session.completed", session))) == "applied"
    assert world.open_portal(user.token()).status_code == 200


def test_an_integer_names_a_user_exactly(world):
    """JSON numbers beyond 2^53 must not be rounded to a neighbour."""
    user, neighbour = User(str(2**53 + 1)), 2**53
    world.account.add_subscriber(user)
    world.sandbox.wait_until_settled()
    claims = {"exp": int(time.time()) + 600}
    # PyJWT takes no integer as `sub`, though others make such tokens.
    tokens = [
        jwt.api_jws.encode(json.dumps(claims | {"sub": number}).encode(), JWT_SECRET, "HS256")
        for number in (int(user.id), neighbour)
    ]
    assert [world.open_portal(token).status_code for token in tokens] == [200, 404]


def test_the_scheme_of_the_header_is_of_any_case(world, subscriber):
    token = subscriber.token()
    world.confidential.add(token)
    response = world.open_portal(headers={"Authorization": f"bEARER {token}"})
    assert response.status_code == 200


def test_another_claim_may_name_the_user(launch):
    sandbox, daemon = launch.pair(PORTALD_JWT_USER_CLAIM="user_id", PORTALD_JWT_REQUIRED_CLAIMS="token_type=access")
    user = User("7")
    Account(sandbox).add_subscriber(user)
    sandbox.wait_until_settled()

    def status(**claims):
        token = user.token(**claims)
        return requests.post(daemon.url + PORTAL, headers=bearer(token), timeout=DEADLINE).status_code

    assert status(user_id=7, sub="someone else", token_type="access") == 200
    assert status(user_id="7", token_type="access") == 200
    assert status(user_id=7, token_type="refresh") == 401
    assert status(token_type="access") == 401


# Who does not. Stripe is never asked.


@pytest.fixture
def no_call(world):
    calls = world.sandbox.portal_calls()
    yield
    assert world.sandbox.portal_calls() == calls


@pytest.mark.usefixtures("no_call")
class TestDenied:
    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": ""}, {"Authorization": "Basic dXNlcjpwYXNz"}], ids=["none", "empty", "basic"]
    )
    def test_without_a_token(self, world, headers):
        response = world.open_portal(headers=headers)
        check_refusal(world, response, 401, "authentication_required")
        assert response.headers["WWW-Authenticate"] == "Bearer"

    def test_a_token_in_the_query_counts_for_nothing(self, world, subscriber):
        token = subscriber.token()
        world.confidential.add(token)
        for name in ["access_token", "token"]:
            response = world.open_portal(path=f"{PORTAL}?{name}={token}")
            check_refusal(world, response, 401, "authentication_required")

    BAD_TOKENS = {
        "expired": lambda user: user.token(exp=int(time.time()) - 60),
        "without exp": lambda user: jwt.encode({"sub": user.id}, JWT_SECRET, "HS256"),
        "not yet valid": lambda user: user.token(nbf=int(time.time()) + 600),
        "of another secret": lambda user: user.token("another-secret-of-more-than-32-bytes-0123456789"),
        "of another algorithm": lambda user: user.token(JWT_SECRET * 2, "HS384"),
        "the same secret, another algorithm": lambda user: user.token(JWT_SECRET, "HS384"),
        "alg none": lambda user: user.token(None, "none"),
        "alg none with a signature": lambda user: user.token(None, "none") + user.token().rsplit(".", 1)[1],
        "crit": lambda user: jwt.encode(
            {"sub": user.id, "exp": int(time.time()) + 600}, JWT_SECRET, "HS256", headers={"crit": ["b64"], "b64": True}
        ),
        "blank user": lambda user: user.token(sub=" "),
        "altered claims": lambda user: altered(user.token()),
        "padded": lambda user: user.token() + "=",
        "no token": lambda user: "nonsense",
    }

    @pytest.mark.parametrize("make", BAD_TOKENS.values(), ids=BAD_TOKENS)
    def test_with_a_bad_token(self, world, subscriber, make):
        response = world.open_portal(make(subscriber))
        check_refusal(world, response, 401, "invalid_token")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        # Nothing tells an attacker how far the token got.
        assert response.json()["message"] == world.open_portal("nonsense").json()["message"]

    def test_an_unlinked_user(self, world):
        check_refusal(world, world.open_portal(world.user().token()), 404, "customer_not_found")

    def test_a_user_of_a_deleted_customer(self, world):
        user = world.user()
        world.account.customers.delete(world.account.add_subscriber(user))
        world.sandbox.wait_until_settled()
        check_refusal(world, world.open_portal(user.token()), 404, "customer_not_found")

    @pytest.mark.parametrize("end", ["never", "canceled", "unpaid", "paused"])
    def test_a_user_without_an_active_subscription(self, world, end):
        user = world.user()
        customer = world.account.add_customer(user)
        if end != "never":
            subscription = world.account.subscribe(customer)
            if end == "canceled":
                world.account.subscriptions.cancel(subscription)
            else:
                world.sandbox.control(f"/subscriptions/{subscription}/status", status=end)
        world.sandbox.wait_until_settled()
        check_refusal(world, world.open_portal(user.token()), 403, "no_active_subscription")

    def test_a_customer_claimed_for_two_users(self, world):
        users = [world.user(), world.user()]
        customer = world.account.add_customer(users[0])
        world.account.subscribe(customer, metadata={"user_id": users[1].id})
        world.sandbox.wait_until_settled()
        for user in users:
            check_refusal(world, world.open_portal(user.token()), 409, "customer_link_conflict")
            check_refusal(world, world.request("GET", SUBSCRIPTIONS, user.token()), 409, "customer_link_conflict")

    def test_user_ids_are_compared_byte_by_byte(self, world):
        composed, decomposed = User("caf\u00e9"), User("cafe\u0301")
        world.account.add_subscriber(composed)
        world.sandbox.wait_until_settled()
        for other in [decomposed, User("CAF\u00c9"), User("caf\u00e9 ")]:
            check_refusal(world, world.open_portal(other.token()), 404, "customer_not_found")


def altered(token):
    header, claims, signature = token.split(".")
    return f"{header}.{claims[:-2]}{'A' if claims[-2] != 'A' else 'B'}{claims[-1]}.{signature}"


# What Stripe's own troubles look like.


def check_stripe_trouble(world, user, fault, status, code, calls, retry_after=None):
    world.sandbox.trouble_portal(**fault)
    before = world.sandbox.portal_calls()
    response = world.open_portal(user.token())
    check_refusal(world, response, status, code)
    assert response.headers.get("Retry-After") == retry_after
    assert world.sandbox.portal_calls() - before in calls
    assert "sandbox fault" not in response.text + world.daemon.log


class TestStripeTroubles:
    @pytest.mark.parametrize("status", [400, 402, 403])
    def test_a_refusal_is_not_retried(self, world, subscriber, status):
        check_stripe_trouble(world, subscriber, {"effect": "status", "status": status}, 502, "stripe_error", calls={1})
        # The operator finds in the log what to ask Stripe about.
        world.daemon.wait_for_log(rf"status={status} .*request_id=req_\w+.* code=stripe_error")

    def test_a_lasting_conflict(self, world, subscriber):
        fault = {"effect": "status", "status": 409, "next": 3}
        check_stripe_trouble(world, subscriber, fault, 502, "stripe_error", calls={3})

    @pytest.mark.parametrize("reason", [{}, {"reason": "global-rate"}], ids=["lock", "rate"])
    def test_a_rate_limit_is_never_retried(self, world, subscriber, reason):
        fault = {"effect": "status", "status": 429, "next": 1} | reason
        check_stripe_trouble(world, subscriber, fault, 503, "stripe_busy", calls={1}, retry_after="5")

    @pytest.mark.parametrize("status", [500, 503])
    def test_a_lasting_outage(self, world, subscriber, status):
        fault = {"effect": "status", "status": status, "next": 3}
        check_stripe_trouble(world, subscriber, fault, 503, "stripe_unavailable", calls={3}, retry_after="30")

    def test_connections_that_break(self, world, subscriber):
        # Three attempts, and within each libcurl tries once more where a connection that it kept turns out to be dead.
        fault = {"effect": "reset", "next": 100}
        check_stripe_trouble(world, subscriber, fault, 503, "stripe_unavailable", calls={3, 4, 5, 6}, retry_after="30")
        world.daemon.wait_for_log(r"cannot be reached.* attempts=3\b.* code=stripe_unavailable")

    def test_an_answer_that_does_not_come(self, world, subscriber):
        fault = {"effect": "delay", "milliseconds": 9_000}
        check_stripe_trouble(world, subscriber, fault, 504, "stripe_timeout", calls={1})

    @pytest.mark.parametrize(
        ("fault", "calls"),
        [
            ({"effect": "status", "status": 409}, {2}),
            ({"effect": "status", "status": 503}, {2}),
            # libcurl may try once more by itself, as above.
            ({"effect": "reset"}, {2, 3}),
        ],
        ids=["conflict", "outage", "reset"],
    )
    def test_a_passing_trouble_goes_unnoticed(self, world, subscriber, fault, calls):
        world.sandbox.trouble_portal(**fault)
        before = world.sandbox.portal_calls()
        assert world.open_portal(subscriber.token()).status_code == 200
        assert world.sandbox.portal_calls() - before in calls

    def test_a_lost_answer_makes_no_second_session(self, world, subscriber):
        """The retry carries the same idempotency key, so Stripe answers with the session it has made."""

        def sessions():
            return sum(event["type"] == "billing_portal.session.created" for event in world.sandbox.events())

        world.sandbox.trouble_portal("reset", moment="after")
        before = sessions()
        assert world.open_portal(subscriber.token()).status_code == 200
        assert sessions() == before + 1

    def test_a_key_that_stripe_refuses(self, launch):
        other = "sk_test_51AnotherSecretKeyThatIsNotTheAccounts"
        sandbox = launch.sandbox(secret_key=other)
        daemon = launch.daemon(sandbox)
        user = User()
        for document in [
            events.event("customer.created", events.customer("cus_1", metadata={"user_id": user.id})),
            events.event("customer.subscription.created", events.subscription("sub_1", "cus_1")),
        ]:
            daemon.deliver(events.text(document))
        response = requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE)
        assert (response.status_code, response.json()["code"]) == (502, "stripe_error")
        # Stripe's message shows both ends of the key.
        for secret in [STRIPE_SECRET_KEY, STRIPE_SECRET_KEY[:12], STRIPE_SECRET_KEY[-4:]]:
            assert secret not in response.text
            assert secret not in daemon.log

    def test_stripe_is_gone(self, launch):
        sandbox, daemon = launch.pair()
        user = User()
        Account(sandbox).add_subscriber(user)
        sandbox.wait_until_settled()
        sandbox.stop()
        response = requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE)
        assert (response.status_code, response.json()["code"]) == (503, "stripe_unavailable")
        assert response.headers["Retry-After"] == "30"
        # The mirror needs no Stripe to say what the user has.
        response = requests.get(daemon.url + SUBSCRIPTIONS, headers=bearer(user.token()), timeout=DEADLINE)
        assert response.json()["active"] is True


# The other paths.


@pytest.mark.parametrize("path", [SUBSCRIPTIONS, SUBSCRIPTIONS.rstrip("/")], ids=["slash", "no slash"])
def test_a_user_sees_their_subscriptions(world, path):
    user = world.user()
    customer = world.account.add_customer(user)
    subscription = world.account.subscribe(customer, cancel_at_period_end=True)
    world.sandbox.wait_until_settled()
    stripe = world.sandbox.get(f"/v1/subscriptions/{subscription}")
    response = world.request("GET", path, user.token())
    check_headers(response)
    item = stripe["items"]["data"][0]
    assert response.json() == {
        "success": True,
        "active": True,
        "subscriptions": [
            {
                "id": subscription,
                "status": "active",
                "current_period_end": item["current_period_end"],
                "cancel_at": stripe["cancel_at"],
                "cancel_at_period_end": True,
                "trial_end": None,
                "items": [{"price": item["price"]["id"], "product": item["price"]["product"], "quantity": 1}],
            }
        ],
    }


def test_an_unlinked_user_has_no_subscriptions(world):
    response = world.request("GET", SUBSCRIPTIONS, world.user().token())
    assert response.json() == {"success": True, "active": False, "subscriptions": []}


def test_nobody_sees_subscriptions_without_a_token(world):
    check_refusal(world, world.request("GET", SUBSCRIPTIONS), 401, "authentication_required")
    check_refusal(world, world.request("GET", SUBSCRIPTIONS, "nonsense"), 401, "invalid_token")


@pytest.mark.parametrize("path", [CONFIG, CONFIG.rstrip("/")], ids=["slash", "no slash"])
def test_the_publishable_key(world, path):
    response = world.request("GET", path)
    assert response.json() == {"publishable_key": "pk_test_ForTheFrontend"}
    assert "Origin" in response.headers["Vary"]


def test_no_publishable_key(launch):
    response = requests.get(launch.daemon().url + CONFIG, timeout=DEADLINE)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_daemon_is_well(world):
    response = world.request("GET", "/healthz")
    assert (response.status_code, response.text) == (200, "ok")


@pytest.mark.parametrize("path", [CONFIG, "/healthz"])
def test_head_is_get_without_the_body(world, path):
    get, head = world.request("GET", path), world.request("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ["Content-Type", "Content-Length", "Cache-Control"]:
        assert head.headers.get(name) == get.headers.get(name), name


@pytest.mark.parametrize("path", ["/", "/api/", f"{PORTAL}x", "/webhooks/stripe/x", "/%2e"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_nothing_elsewhere(world, path, method):
    response = world.request(method, path)
    assert response.status_code == 404
    answer = response.json()
    assert (answer.get("error") or answer)["code"] == "not_found"


METHODS = {
    PORTAL: {"OPTIONS", "POST"},
    "/webhooks/stripe": {"OPTIONS", "POST"},
    SUBSCRIPTIONS: {"GET", "HEAD", "OPTIONS"},
    CONFIG: {"GET", "HEAD", "OPTIONS"},
    "/healthz": {"GET", "HEAD", "OPTIONS"},
}


def methods(response):
    return {name.strip() for name in response.headers["Allow"].split(",")}


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(world, subscriber, path, method):
    if method in METHODS[path]:
        return
    response = world.request(method, path, subscriber.token())
    assert response.status_code == 405
    assert methods(response) == METHODS[path]
    answer = response.json()
    assert (answer.get("error") or answer)["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", METHODS)
def test_options_says_what_there_is(world, path):
    response = world.request("OPTIONS", path)
    assert response.status_code == 204 and methods(response) == METHODS[path]


# CORS: the frontend's pages may call, and no others.


def preflight(world, origin, method="POST", path=PORTAL):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return world.request("OPTIONS", path, headers=headers)


@pytest.mark.parametrize("method, path", [("POST", PORTAL), ("GET", SUBSCRIPTIONS), ("GET", CONFIG)])
def test_the_frontend_may_call(world, method, path):
    response = preflight(world, FRONTEND, method, path)
    assert response.ok
    assert response.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert method in response.headers["Access-Control-Allow-Methods"]
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type"} <= allowed
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:3001", "https://localhost:3000", f"{FRONTEND}.evil.example"],
)
def test_other_origins_may_not(world, subscriber, origin):
    for response in [
        preflight(world, origin),
        world.open_portal(headers={"Origin": origin}),
        world.request("GET", CONFIG, headers={"Origin": origin}),
    ]:
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]
        assert "Origin" in response.headers["Vary"]


def test_the_frontend_can_read_errors_too(world, subscriber):
    for token in [None, "nonsense", world.user().token(), subscriber.token()]:
        response = world.open_portal(token, headers={"Origin": FRONTEND})
        assert response.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert world.request("GET", "/nothing", headers={"Origin": FRONTEND}).headers["Access-Control-Allow-Origin"]


def test_a_further_origin_may_call(launch):
    daemon = launch.daemon(PORTALD_ALLOWED_ORIGINS="https://a.example, https://b.example:8443")
    for origin in [FRONTEND, "https://a.example", "https://b.example:8443"]:
        response = requests.options(daemon.url + PORTAL, headers={"Origin": origin}, timeout=DEADLINE)
        assert response.headers["Access-Control-Allow-Origin"] == origin


# Limits.

LIMIT = 1 << 20


def test_a_body_over_the_limit(world):
    response = world.request("POST", "/webhooks/stripe", data=b" " * (LIMIT + 1))
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "body_too_large"


def test_a_chunked_body_over_the_limit(world):
    response = world.request("POST", "/webhooks/stripe", data=(b" " * 65_536 for _ in range(LIMIT // 65_536 + 1)))
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "body_too_large"


def test_a_body_at_the_limit(world):
    customer = events.customer("cus_large")
    document = events.event("customer.created", customer)
    document["padding"] = "x" * (LIMIT - len(events.text(document | {"padding": ""})))
    body = events.text(document)
    assert len(body) == LIMIT
    assert world.daemon.deliver(body) == "applied"


def test_headers_over_the_limit(world):
    response = world.request("GET", "/healthz", headers={"X-Large": "x" * 100_000})
    assert response.status_code in (400, 431)
    assert world.request("GET", "/healthz").status_code == 200


def test_what_is_no_http_harms_nobody(world):
    host, port = world.daemon.address.split(":")
    with socket.create_connection((host, int(port)), DEADLINE) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is no HTTP\r\n\r\n")
        connection.settimeout(DEADLINE)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert world.request("GET", "/healthz").status_code == 200


def test_many_at_once(world, subscriber):
    """A burst of clicks and page views is answered, each with its own answer."""
    other = world.user()
    answers = {}

    def ask(number):
        user = subscriber if number % 2 else other
        answers[number] = world.open_portal(user.token()).status_code

    threads = [threading.Thread(target=ask, args=[number]) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert answers == {number: 200 if number % 2 else 404 for number in range(40)}


# The log: one line for each request, and nothing that is anybody's own.


def test_the_log_has_a_line_for_each_request(world):
    user = world.subscriber()
    (customer,) = world.sandbox.get("/v1/customers", email=user.email)["data"]
    world.open_portal(user.token())
    for call in ["POST .*path=/v1/billing_portal/sessions", "GET .*path=/v1/events"]:
        world.daemon.wait_for_log(rf"debug call to Stripe attempts=1 lane=\w+ method={call} .*stripe_request=req_\w+")
    world.daemon.wait_for_log(rf"customer={customer['id']} .*session=bps_\w+ status=200 stripe_request=req_\w+")
    world.open_portal(path=f"{PORTAL}?email={user.email}")
    world.daemon.wait_for_log(r"code=authentication_required .*route=/api/subscriptions/user/billing-portal status=401")
    world.request("GET", "/a-path-that-may-hold-anything")
    world.daemon.wait_for_log(r"code=not_found .*status=404")
    assert "a-path" not in world.daemon.log
