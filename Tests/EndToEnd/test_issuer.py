"""The daemon beside a real issuer and a real introspection endpoint: up, down, slow, and talking nonsense."""
import base64
import json
import threading

import pytest
import requests

from support import events
from support.issuer import Introspection, Issuer, Key
from support.settings import FRONTEND
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

SUBSCRIPTIONS = "/api/subscriptions/user/"
PORTAL = "/api/subscriptions/user/billing-portal/"
COOKIE = "__Host-session"


class World:
    """A daemon with one subscriber, whom its mirror knows."""

    def __init__(self, launch, **settings):
        self.daemon = launch.daemon(PORTALD_LOG_LEVEL="trace", **settings)
        self.user = User()
        for document in [
            events.event("customer.created", events.customer("cus_1", metadata={"user_id": self.user.id})),
            events.event("customer.subscription.created", events.subscription("sub_1", "cus_1")),
        ]:
            self.daemon.deliver(events.text(document))

    def ask(self, token=None, cookie=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers |= bearer(token)
        if cookie is not None:
            headers |= {"Cookie": f"theme=dark; {COOKIE}={cookie}"}
        return requests.get(self.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE)

    def code(self, *arguments, **options):
        """The error's code; None where the subscriber is known by name."""
        response = self.ask(*arguments, **options)
        body = response.json()
        if response.status_code == 200:
            assert [subscription["id"] for subscription in body["subscriptions"]] == ["sub_1"]
            return None
        expected = {"invalid_token": 401, "authentication_required": 401, "cross_site_request": 403}
        assert response.status_code == expected.get(body["code"], 503), response.text
        if body["code"] == "authentication_unavailable":
            assert response.headers["Retry-After"] == "5"
        return body["code"]


@pytest.fixture
def start():
    """Starts servers that end with the test."""
    servers = []

    def start(server):
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


# The issuer's key set.


def test_the_keys_of_an_issuer(launch, start):
    keys = [Key(name, name) for name in ["RS256", "PS256", "ES256", "ES384", "EdDSA"]]
    issuer = start(Issuer(*keys))
    world = World(launch, PORTALD_JWKS=issuer.url)
    for key in keys:
        assert world.code(key.token(world.user)) is None, key.id
    # The secret still counts, beside the set.
    assert world.code(world.user.token()) is None
    assert world.code(Key("RS256", "RS256").token(world.user)) == "invalid_token"
    assert issuer.count == 1
    method, path, headers, body = issuer.requests[0]
    assert (method, path, body) == ("GET", "/keys", b"") and "Authorization" not in headers


def test_an_issuer_that_is_down_at_the_start(launch, start):
    key = Key("a")
    issuer = start(Issuer(key))
    issuer.stop()
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(key.token(world.user)) == "authentication_unavailable"
    # What needs no key of the issuer's is told apart at once.
    assert world.code(world.user.token()) is None
    assert world.code("nonsense") == "invalid_token"
    assert world.code(world.user.token("another-secret-of-more-than-32-bytes-0123456789")) == "invalid_token"
    issuer.start()
    eventually(lambda: world.code(key.token(world.user)) is None)
    world.daemon.wait_for_log("the issuer's key set can be read again")
    assert world.daemon.log.count("the issuer's key set cannot be read;") == 1


def test_a_key_that_is_new(launch, start):
    old, new = Key("old"), Key("new", "RS256")
    issuer = start(Issuer(old))
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(old.token(world.user)) is None
    issuer.publish(old, new)
    assert world.code(new.token(world.user)) is None
    assert issuer.count == 2
    # Anybody can make up a kid; nobody can make the daemon ask more often for it.
    for number in range(20):
        assert world.code(Key(f"made-up-{number}").token(world.user)) == "invalid_token"
    assert issuer.count == 2
    assert world.code(old.token(world.user)) is None and world.code(new.token(world.user)) is None


def test_many_who_wait_for_one_key(launch, start):
    old, new = Key("old"), Key("new")
    issuer = start(Issuer(old))
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(old.token(world.user)) is None
    issuer.publish(old, new)
    codes = []
    threads = [
        threading.Thread(target=lambda: codes.append(world.code(new.token(world.user)))) for _ in range(20)
    ]
    with issuer.silence():
        for thread in threads:
            thread.start()
        issuer.wait_for_requests(2)
    for thread in threads:
        thread.join(DEADLINE)
    # Whoever came after the set was there needed no fetch, and all before shared one.
    assert codes == [None] * 20
    assert issuer.count == 2


def test_the_last_good_set_outlives_its_issuer(launch, start):
    key = Key("a")
    issuer = start(Issuer(key))
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(key.token(world.user)) is None
    issuer.stop()
    assert world.code(Key("b").token(world.user)) == "invalid_token"
    world.daemon.wait_for_log("cannot be read; the last good one is used")
    assert world.code(key.token(world.user)) is None


NO_SETS = {
    "garbage": {"body": b"<html>not here</html>"},
    "empty": {"body": b'{"keys":[]}'},
    "too big": {"body": b'{"keys":[]}' + b" " * (256 << 10)},
    "an error": {"status": 500},
    "a redirect": {"status": 302, "headers": {"Location": "http://127.0.0.1:9/keys"}},
    "twice": {"body": b'{"keys":[],"keys":[]}'},
    "a secret": {"body": b'{"keys":[{"kty":"oct","k":"c2VjcmV0LW9mLXRoZS1pc3N1ZXI"}]}'},
    "weak": {"body": b'{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}'},
}


@pytest.mark.parametrize("changes", NO_SETS.values(), ids=NO_SETS)
def test_what_is_no_key_set_replaces_none(launch, start, changes):
    key, other = Key("a"), Key("b")
    issuer = start(Issuer(key))
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(key.token(world.user)) is None
    for name, value in changes.items():
        setattr(issuer, name, value)
    assert world.code(other.token(world.user)) == "invalid_token"
    world.daemon.wait_for_log("cannot be read; the last good one is used")
    assert world.code(key.token(world.user)) is None
    assert "c2VjcmV0" not in world.daemon.log


def test_an_issuer_that_does_not_answer(launch, start):
    key = Key("a")
    issuer = start(Issuer(key))
    with issuer.silence():
        world = World(launch, PORTALD_JWKS=issuer.url)
        assert world.code(key.token(world.user)) == "authentication_unavailable"
        assert world.code(world.user.token()) is None
    eventually(lambda: world.code(key.token(world.user)) is None)


def test_a_bad_key_of_the_issuers_is_passed_over(launch, start):
    good = Key("good")
    bad = Key("bad").jwk | {"d": "c2VjcmV0LW9mLXRoZS1pc3N1ZXI"}
    issuer = start(Issuer(bad, good, {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}))
    world = World(launch, PORTALD_JWKS=issuer.url)
    assert world.code(good.token(world.user)) is None
    world.daemon.wait_for_log(r"key 1 \(kid bad\) cannot be used: it is a private key")
    assert "c2VjcmV0" not in world.daemon.log


def test_a_file_is_read_again_for_a_new_key(launch):
    old, new = Key("old"), Key("new", "EdDSA")
    path = launch.directory() / "keys.json"
    path.write_text(json.dumps({"keys": [old.jwk]}))
    world = World(launch, PORTALD_JWKS=str(path))
    assert world.code(old.token(world.user)) is None
    path.write_text(json.dumps({"keys": [old.jwk, new.jwk]}))
    assert world.code(new.token(world.user)) is None


WEAK = {
    "private": (lambda: Key("k").jwk | {"d": "c2VjcmV0"}, "key 1 (kid k) cannot be used: it is a private key"),
    "short": (lambda: {"kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB"}, "it has 17 bits"),
    "exponent 1": (lambda: Key("k", "RS256").jwk | {"e": "AQ"}, "its exponent"),
    "off the curve": (lambda: Key("k").jwk | {"y": Key("k").jwk["y"]}, "make up no key"),
    "symmetric": (lambda: {"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, "symmetric key"),
    "P-521": (lambda: {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}, "no key for signatures of a supported kind"),
    "secp256k1": (lambda: {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}, "no key for signatures"),
}


@pytest.mark.parametrize("make, words", WEAK.values(), ids=WEAK)
def test_a_file_of_weak_keys_is_refused_at_the_start(launch, make, words):
    path = launch.directory() / "keys.json"
    path.write_text(json.dumps({"keys": [make()]}))
    code, output, errors = launch.run(
        "serve",
        STRIPE_SECRET_KEY="sk_test_1",
        STRIPE_WEBHOOK_SECRET="whsec_1",
        FRONTEND_URL=FRONTEND,
        PORTALD_JWKS=str(path),
    )
    assert code != 0
    assert "PORTALD_JWKS cannot be used:" in errors and words in errors, errors
    assert "c2VjcmV0" not in output + errors


# Sessions in a cookie.


def test_a_token_in_a_cookie(launch):
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE)
    token = world.user.token()
    assert world.code(cookie=token, Origin=FRONTEND) is None
    assert world.code(cookie=token, Sec_Fetch_Site="same-origin") is None
    response = world.ask(cookie=token, Origin=FRONTEND)
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Allow-Origin"] == FRONTEND
    response = requests.options(world.daemon.url + PORTAL, headers={"Origin": FRONTEND}, timeout=DEADLINE)
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    response = world.ask(cookie=token, Origin="https://evil.example")
    assert response.json()["code"] == "cross_site_request"
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]
    assert world.code() == "authentication_required"
    assert token not in world.daemon.log


def test_an_opaque_session(launch, start):
    endpoint = start(Introspection())
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE, **endpoint.settings)
    endpoint.sessions["opaque-s3ssion"] = {"active": True, "sub": world.user.id}
    origin = {"Origin": FRONTEND}
    assert world.code(cookie="opaque-s3ssion", **origin) is None
    assert world.code(cookie="opaque-s3ssion", **origin) is None
    assert endpoint.count == 1
    for calls in [2, 3]:
        assert world.code(cookie="unknown-s3ssion", **origin) == "invalid_token"
        assert endpoint.count == calls
    # Another site's page does not even cause a call.
    assert world.code(cookie="another-s3ssion") == "cross_site_request"
    assert world.code(cookie="another-s3ssion", Origin="https://evil.example") == "cross_site_request"
    assert endpoint.count == 3
    # A bearer token wins, valid or not.
    assert world.code(world.user.token(), cookie="unknown-s3ssion") is None
    assert world.code("nonsense", cookie="opaque-s3ssion", **origin) == "invalid_token"
    assert endpoint.count == 3
    for secret in ["s3ssion", Introspection.SECRET]:
        assert secret not in world.daemon.log


def test_sessions_without_any_key(launch, start):
    endpoint = start(Introspection())
    settings = endpoint.settings | {"PORTALD_JWT_USER_CLAIM": "username"}
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE, **settings)
    endpoint.sessions["opaque"] = {"active": True, "sub": "somebody-else", "username": world.user.id}
    assert world.code(cookie="opaque", Sec_Fetch_Site="same-origin") is None


def test_an_endpoint_in_trouble_signs_nobody_out(launch, start):
    endpoint = start(Introspection())
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE, **endpoint.settings)

    def code(session):
        endpoint.sessions[session] = {"active": True, "sub": world.user.id}
        return world.code(cookie=session, Origin=FRONTEND)

    for number, status in enumerate([400, 401, 403, 404, 429, 500, 503]):
        endpoint.status = status
        assert code(f"status-{number}") == "authentication_unavailable"
        world.daemon.wait_for_log(f"the introspection endpoint answered {status}")
    endpoint.status = 200
    for number, body in enumerate([b"<html>", b"{}", b'{"active":"true"}', b'{"active":true,"active":false}', b" " * 70_000]):
        endpoint.body = body
        assert code(f"body-{number}") == "authentication_unavailable"
    endpoint.body = None
    with endpoint.silence():
        assert code("silent") == "authentication_unavailable"
    endpoint.stop()
    assert code("gone") == "authentication_unavailable"
    endpoint.start()
    assert code("back") is None


def test_requests_of_one_session_share_one_call(launch, start):
    endpoint = start(Introspection())
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE, **endpoint.settings)
    endpoint.sessions["shared"] = {"active": True, "sub": world.user.id}
    codes = []
    threads = [
        threading.Thread(target=lambda: codes.append(world.code(cookie="shared", Origin=FRONTEND))) for _ in range(20)
    ]
    with endpoint.silence():
        for thread in threads:
            thread.start()
        endpoint.wait_for_requests(1)
    for thread in threads:
        thread.join(DEADLINE)
    assert codes == [None] * 20
    assert endpoint.count == 1


def test_wrong_credentials_are_the_operators_to_correct(launch, start):
    endpoint = start(Introspection())
    settings = endpoint.settings | {"PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": "wrong"}
    world = World(launch, PORTALD_SESSION_COOKIE=COOKIE, **settings)
    endpoint.sessions["opaque"] = {"active": True, "sub": world.user.id}
    assert world.code(cookie="opaque", Origin=FRONTEND) == "authentication_unavailable"
    world.daemon.wait_for_log("it does not know the client id and secret")
    assert base64.b64encode(b"portald").decode() not in world.daemon.log
