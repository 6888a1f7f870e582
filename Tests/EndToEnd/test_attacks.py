"""Attacks on who is asking, byte for byte over sockets; those on the token itself stand in AttackTableTests.swift."""
import base64
import hmac
import json
import socket
import time

import jwt
import pytest

from support import events
from support.settings import FRONTEND, JWT_SECRET
from support.users import User
from support.waiting import DEADLINE

SUBSCRIPTIONS = "/api/subscriptions/user/"
PORTAL = "/api/subscriptions/user/billing-portal/"
COOKIE = "__Host-session"

REQUIRED = (401, "authentication_required")
INVALID = (401, "invalid_token")
CROSS_SITE = (403, "cross_site_request")
# Refused as no HTTP, by whichever part of the server comes first.
NO_HTTP = (400, None)


class World:
    """A daemon whose mirror knows two users, each with a subscription of their own."""

    def __init__(self, launch, **settings):
        self.daemon = launch.daemon(**settings)
        self.user, self.other = User(), User()
        for number, user in enumerate([self.user, self.other], 1):
            for document in [
                events.event("customer.created", events.customer(f"cus_{number}", metadata={"user_id": user.id})),
                events.event("customer.subscription.created", events.subscription(f"sub_{number}", f"cus_{number}")),
            ]:
                self.daemon.deliver(events.text(document))
        self.token = self.user.token()

    def send(self, request):
        """All that comes back for some bytes: status and code of the first answer, and the whole text."""
        host, port = self.daemon.address.split(":")
        with socket.create_connection((host, int(port)), DEADLINE) as connection:
            connection.settimeout(DEADLINE)
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            try:
                answer = b"".join(iter(lambda: connection.recv(65_536), b""))
            except ConnectionResetError:
                answer = b""
        if not answer:
            # Closed without a word.
            return 400, None, ""
        head, _, body = answer.partition(b"\r\n\r\n")
        try:
            code = json.JSONDecoder().raw_decode(body.decode())[0].get("code")
        except (ValueError, AttributeError):
            code = None
        return int(head.split()[1]), code, answer.decode("latin-1")


@pytest.fixture(scope="module")
def plain(launch_once):
    return World(launch_once)


@pytest.fixture(scope="module")
def cookies(launch_once):
    return World(launch_once, PORTALD_SESSION_COOKIE=COOKIE)


def request(*lines, method="GET", path=SUBSCRIPTIONS, body=b""):
    """A request of these header lines; text is sent as Latin-1, so that any byte can stand in it."""
    head = [f"{method} {path} HTTP/1.1", "Host: portald", "Connection: close", *lines]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def bearer(token, name="Authorization"):
    return f"{name}: Bearer {token}"


def forged(world, **header):
    claims = {"sub": world.user.id, "exp": int(time.time()) + 600}
    return jwt.encode(claims, None, "none", headers=header)


def form(world, **fields):
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return request("Content-Type: application/x-www-form-urlencoded", method="POST", path=PORTAL, body=body)


# What a token is sent in, and who could read it differently.
TOKENS = {
    # Nothing that counts.
    "no header": (REQUIRED, lambda w: request()),
    "an empty header": (REQUIRED, lambda w: request("Authorization:")),
    "another scheme": (REQUIRED, lambda w: request(f"Authorization: Token {w.token}")),
    "basic, the token as password": (
        REQUIRED,
        lambda w: request("Authorization: Basic " + base64.b64encode(f"u:{w.token}".encode()).decode()),
    ),
    "the query, access_token": (REQUIRED, lambda w: request(path=f"{SUBSCRIPTIONS}?access_token={w.token}")),
    "the query, token": (REQUIRED, lambda w: request(path=f"{SUBSCRIPTIONS}?token={w.token}")),
    "the query, Authorization": (REQUIRED, lambda w: request(path=f"{SUBSCRIPTIONS}?Authorization=Bearer%20{w.token}")),
    "a form body": (REQUIRED, lambda w: form(w, access_token=w.token)),
    "a JSON body": (
        REQUIRED,
        lambda w: request(
            "Content-Type: application/json", method="POST", path=PORTAL, body=json.dumps({"token": w.token}).encode()
        ),
    ),
    "the body of a GET": (REQUIRED, lambda w: request(body=f"access_token={w.token}".encode())),
    "a cookie, where none counts": (
        REQUIRED,
        lambda w: request(f"Cookie: {COOKIE}={w.token}; session={w.token}", f"Origin: {FRONTEND}"),
    ),
    "X-Authorization": (REQUIRED, lambda w: request(bearer(w.token, "X-Authorization"))),
    "Proxy-Authorization": (REQUIRED, lambda w: request(bearer(w.token, "Proxy-Authorization"))),
    "Authorization_": (REQUIRED, lambda w: request(bearer(w.token, "Authorization_"))),
    "HTTP_AUTHORIZATION": (REQUIRED, lambda w: request(bearer(w.token, "HTTP_AUTHORIZATION"))),
    "X-Forwarded-User": (REQUIRED, lambda w: request(f"X-Forwarded-User: {w.user.id}", f"X-User-Id: {w.user.id}")),
    "a fragment": ((404, "not_found"), lambda w: request(path=f"{SUBSCRIPTIONS}#access_token={w.token}")),
    "a trailer": (
        REQUIRED,
        lambda w: request("Transfer-Encoding: chunked", "Trailer: Authorization", method="POST", path=PORTAL)
        + f"0\r\n{bearer(w.token)}\r\n\r\n".encode(),
    ),
    # More than one.
    "twice the same": (INVALID, lambda w: request(bearer(w.token), bearer(w.token))),
    "good, then bad": (INVALID, lambda w: request(bearer(w.token), bearer("x"))),
    "bad, then good": (INVALID, lambda w: request(bearer("x"), bearer(w.token))),
    "of two users": (INVALID, lambda w: request(bearer(w.token), bearer(w.other.token()))),
    "basic, then bearer": (INVALID, lambda w: request("Authorization: Basic dTpw", bearer(w.token))),
    "empty, then bearer": (INVALID, lambda w: request("Authorization:", bearer(w.token))),
    "names in two cases": (INVALID, lambda w: request(bearer(w.token), bearer(w.token, "authorization"))),
    "joined by a comma": (INVALID, lambda w: request(bearer(f"{w.token}, Bearer {w.token}"))),
    "two tokens in one": (INVALID, lambda w: request(bearer(f"{w.token} {w.token}"))),
    "a comma behind": (INVALID, lambda w: request(bearer(f"{w.token},"))),
    "a parameter behind": (INVALID, lambda w: request(bearer(f"{w.token};q=1"))),
    # Almost the form.
    "only the scheme": (INVALID, lambda w: request("Authorization: Bearer")),
    "no space": (REQUIRED, lambda w: request(f"Authorization: Bearer{w.token}")),
    "a colon": (INVALID, lambda w: request(f"Authorization: Bearer: {w.token}")),
    "a tab": (INVALID, lambda w: request(f"Authorization: Bearer\t{w.token}")),
    "a space and a tab": (INVALID, lambda w: request(f"Authorization: Bearer \t{w.token}")),
    "a no-break space": (INVALID, lambda w: request(f"Authorization: Bearer\xa0{w.token}")),
    "quotation marks": (INVALID, lambda w: request(bearer(f'"{w.token}"'))),
    "angle brackets": (INVALID, lambda w: request(bearer(f"<{w.token}>"))),
    "the scheme twice": (INVALID, lambda w: request(bearer(f"Bearer {w.token}"))),
    "token= in front": (INVALID, lambda w: request(bearer(f"token={w.token}"))),
    "percent-encoded dots": (INVALID, lambda w: request(bearer(w.token.replace(".", "%2E")))),
    "another letter e": (REQUIRED, lambda w: request(f"Authorization: B\xe9arer {w.token}")),
    # What is no HTTP.
    "a line folded before the token": (NO_HTTP, lambda w: request(f"Authorization: Bearer\r\n {w.token}")),
    "a line folded by a tab": (NO_HTTP, lambda w: request(f"Authorization: Bearer\r\n\t{w.token}")),
    "a header folded into another": (NO_HTTP, lambda w: request("X: y", f" {bearer(w.token)}")),
    "a space before the colon": (NO_HTTP, lambda w: request(f"Authorization : Bearer {w.token}")),
    "a NUL in the name": (NO_HTTP, lambda w: request(f"Authorization\0: Bearer {w.token}")),
    "a NUL in the value": (NO_HTTP, lambda w: request(f"{bearer(w.token)}\0")),
    "a NUL before the token": (NO_HTTP, lambda w: request(f"Authorization: Bearer \0{w.token}")),
    "a bare CR": (NO_HTTP, lambda w: request(f"X: y\r{bearer(w.token)}")),
    "a control character": (NO_HTTP, lambda w: request(f"{bearer(w.token)}\x01")),
    "no colon": (NO_HTTP, lambda w: request(f"Authorization Bearer {w.token}")),
    # Requests in requests: only the first may be taken, and it has no token.
    "length and chunks": (
        NO_HTTP,
        lambda w: request("Transfer-Encoding: chunked", "Content-Length: 4", method="POST", path=PORTAL)
        + b"0\r\n\r\n" + request(bearer(w.token)),
    ),
    "two lengths": (
        NO_HTTP,
        lambda w: request("Content-Length: 0", "Content-Length: 4", method="POST", path=PORTAL) + b"GET " + request(bearer(w.token)),
    ),
    "a length with a sign": (
        NO_HTTP, lambda w: request("Content-Length: +0", method="POST", path=PORTAL) + request(bearer(w.token))
    ),
    "chunks by another name": (
        REQUIRED,
        lambda w: request("Transfer-Encoding: xchunked", method="POST", path=PORTAL) + b"0\r\n\r\n" + request(bearer(w.token)),
    ),
    "a request in the body": (
        REQUIRED, lambda w: request(method="POST", path=PORTAL, body=request(bearer(w.token)))
    ),
    # The token itself, as it goes over the wire; the table of AttackTableTests has the rest.
    "alg none": (INVALID, lambda w: request(bearer(forged(w)))),
    "alg none, with jwk": (INVALID, lambda w: request(bearer(forged(w, jwk={"kty": "oct", "k": "AA"})))),
    "alg none, as GET and POST": (INVALID, lambda w: request(bearer(forged(w)), method="POST", path=PORTAL)),
    "another secret": (INVALID, lambda w: request(bearer(w.user.token("x" * 32)))),
    "an empty secret": (INVALID, lambda w: request(bearer(signed_by_nothing(w)))),
    "expired": (INVALID, lambda w: request(bearer(w.user.token(exp=int(time.time()) - 60)))),
    "exp as text": (INVALID, lambda w: request(bearer(raw_token(w, '"9999999999"')))),
    "exp 1e300": (INVALID, lambda w: request(bearer(raw_token(w, "1e300")))),
    "exp 2^63": (INVALID, lambda w: request(bearer(raw_token(w, str(2**63))))),
    "exp of 2000 digits": (INVALID, lambda w: request(bearer(raw_token(w, "9" * 2000)))),
    "JWE": (INVALID, lambda w: request(bearer("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"))),
    "8193 bytes": (INVALID, lambda w: request(bearer(w.token + "A" * (8193 - len(w.token))))),
    "half a token": (INVALID, lambda w: request(bearer(w.token[: len(w.token) // 2]))),
    "another user's claims": (INVALID, lambda w: request(bearer(spliced(w)))),
}


def raw_token(world, expiration):
    payload = f'{{"sub":"{world.user.id}","exp":{expiration}}}'
    return jwt.api_jws.encode(payload.encode(), JWT_SECRET, "HS256")


def signed_by_nothing(world):
    signed = world.token.rpartition(".")[0]
    signature = hmac.digest(b"", signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def spliced(world):
    header, _, signature = world.token.split(".")
    return ".".join([header, world.other.token().split(".")[1], signature])


def cookie(value, *lines, name=COOKIE, **options):
    return request(f"Cookie: theme=dark; {name}={value}", *lines, **options)


ORIGIN = f"Origin: {FRONTEND}"

# What a page of another site, or another host of the domain, can do with the session's cookie.
COOKIES = {
    "no Origin": (CROSS_SITE, lambda w: cookie(w.token)),
    "no Origin, POST": (CROSS_SITE, lambda w: cookie(w.token, method="POST", path=PORTAL)),
    "another Origin": (CROSS_SITE, lambda w: cookie(w.token, "Origin: https://evil.example")),
    "another Origin, POST": (
        CROSS_SITE, lambda w: cookie(w.token, "Origin: https://evil.example", method="POST", path=PORTAL)
    ),
    "Origin null": (CROSS_SITE, lambda w: cookie(w.token, "Origin: null")),
    "Origin null, said to be the same": (CROSS_SITE, lambda w: cookie(w.token, "Origin: null", "Sec-Fetch-Site: same-origin")),
    "an empty Origin": (CROSS_SITE, lambda w: cookie(w.token, "Origin:")),
    "two Origins": (CROSS_SITE, lambda w: cookie(w.token, ORIGIN, ORIGIN)),
    "good and bad Origin": (CROSS_SITE, lambda w: cookie(w.token, ORIGIN, "Origin: https://evil.example")),
    "two Origins in one": (CROSS_SITE, lambda w: cookie(w.token, f"{ORIGIN} https://evil.example")),
    "two Origins by a comma": (CROSS_SITE, lambda w: cookie(w.token, f"{ORIGIN}, {FRONTEND}")),
    "Origin with a path": (CROSS_SITE, lambda w: cookie(w.token, f"{ORIGIN}/")),
    "Origin in capitals": (CROSS_SITE, lambda w: cookie(w.token, f"Origin: {FRONTEND.upper()}")),
    "Origin as a prefix": (CROSS_SITE, lambda w: cookie(w.token, f"{ORIGIN}.evil.example")),
    "Origin with another port": (CROSS_SITE, lambda w: cookie(w.token, "Origin: http://localhost:3001")),
    "Origin with another scheme": (CROSS_SITE, lambda w: cookie(w.token, "Origin: https://localhost:3000")),
    "Origin of portald itself": (CROSS_SITE, lambda w: cookie(w.token, "Origin: http://portald")),
    "only a Referer": (CROSS_SITE, lambda w: cookie(w.token, f"Referer: {FRONTEND}/billing")),
    "only X-Requested-With": (CROSS_SITE, lambda w: cookie(w.token, "X-Requested-With: XMLHttpRequest")),
    "Sec-Fetch-Site cross-site": (CROSS_SITE, lambda w: cookie(w.token, "Sec-Fetch-Site: cross-site")),
    "Sec-Fetch-Site same-site": (CROSS_SITE, lambda w: cookie(w.token, "Sec-Fetch-Site: same-site")),
    "Sec-Fetch-Site none": (CROSS_SITE, lambda w: cookie(w.token, "Sec-Fetch-Site: none")),
    "Sec-Fetch-Site in capitals": (CROSS_SITE, lambda w: cookie(w.token, "Sec-Fetch-Site: Same-Origin")),
    "Sec-Fetch-Site twice": (
        CROSS_SITE, lambda w: cookie(w.token, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site")
    ),
    "Sec-Fetch-Site over another Origin": (
        CROSS_SITE, lambda w: cookie(w.token, "Origin: https://evil.example", "Sec-Fetch-Site: same-origin")
    ),
    "a bad session from another site": (CROSS_SITE, lambda w: cookie("nonsense", "Origin: https://evil.example")),
    # Cookie tossing: the second may be of another host of the domain.
    "the same name twice": (INVALID, lambda w: cookie(f"{w.token}; {COOKIE}={w.token}", ORIGIN)),
    "good, then bad": (INVALID, lambda w: cookie(f"{w.token}; {COOKIE}=x", ORIGIN)),
    "bad, then good": (INVALID, lambda w: cookie(f"x; {COOKIE}={w.token}", ORIGIN)),
    "empty, then good": (INVALID, lambda w: cookie(f"; {COOKIE}={w.token}", ORIGIN)),
    "of two users": (INVALID, lambda w: cookie(f"{w.token}; {COOKIE}={w.other.token()}", ORIGIN)),
    "in two headers": (INVALID, lambda w: cookie(w.token, f"Cookie: {COOKIE}={w.token}", ORIGIN)),
    "with a space in the name": (INVALID, lambda w: cookie(f"{w.token}; {COOKIE} ={w.token}", ORIGIN)),
    # What is no session.
    "no cookie": (REQUIRED, lambda w: request(ORIGIN)),
    "an empty cookie": (REQUIRED, lambda w: cookie("", ORIGIN)),
    "an empty quoted cookie": (REQUIRED, lambda w: cookie('""', ORIGIN)),
    "another name": (REQUIRED, lambda w: cookie(w.token, ORIGIN, name="session")),
    "the name in capitals": (REQUIRED, lambda w: cookie(w.token, ORIGIN, name=COOKIE.upper())),
    "the name without its prefix": (REQUIRED, lambda w: cookie(w.token, ORIGIN, name=COOKIE.removeprefix("__Host-"))),
    "a nameless cookie": (REQUIRED, lambda w: request(f"Cookie: ={COOKIE}={w.token}", ORIGIN)),
    "inside of another cookie": (REQUIRED, lambda w: request(f"Cookie: a={COOKIE}={w.token}", ORIGIN)),
    "Cookie2": (REQUIRED, lambda w: request(f"Cookie2: {COOKIE}={w.token}", ORIGIN)),
    "Set-Cookie": (REQUIRED, lambda w: request(f"Set-Cookie: {COOKIE}={w.token}", ORIGIN)),
    "the query": (REQUIRED, lambda w: request(ORIGIN, path=f"{SUBSCRIPTIONS}?{COOKIE}={w.token}")),
    "by a comma": (INVALID, lambda w: cookie(f"{w.token},x=y", ORIGIN)),
    "with a space": (INVALID, lambda w: cookie(f"{w.token} x", ORIGIN)),
    "half quoted": (INVALID, lambda w: cookie(f'"{w.token}', ORIGIN)),
    "quoted twice": (INVALID, lambda w: cookie(f'""{w.token}""', ORIGIN)),
    "percent-encoded": (INVALID, lambda w: cookie(w.token.replace(".", "%2E"), ORIGIN)),
    "with a byte that is no ASCII": (INVALID, lambda w: cookie(f"{w.token}\xe9", ORIGIN)),
    "the scheme in front": (INVALID, lambda w: cookie(f"Bearer {w.token}", ORIGIN)),
    "4097 bytes": (INVALID, lambda w: cookie(w.token + "A" * (4097 - len(w.token)), ORIGIN)),
    "alg none": (INVALID, lambda w: cookie(forged(w), ORIGIN)),
    "expired": (INVALID, lambda w: cookie(w.user.token(exp=int(time.time()) - 60), ORIGIN)),
    "a NUL": (NO_HTTP, lambda w: cookie(f"{w.token}\0", ORIGIN)),
    # A token that is sent on purpose counts, and nothing else.
    "a bad token beside it": (INVALID, lambda w: cookie(w.token, ORIGIN, bearer("nonsense"))),
    "two tokens beside it": (INVALID, lambda w: cookie(w.token, ORIGIN, bearer(w.token), bearer(w.token))),
    "an expired token beside it": (
        INVALID, lambda w: cookie(w.token, ORIGIN, bearer(w.user.token(exp=int(time.time()) - 60)))
    ),
}


def check(world, expected, made):
    status, code, text = world.send(made)
    assert (status, code) == expected, text
    # Nothing of anybody's came back, not even behind the first answer.
    assert "sub_" not in text and "portal_url" not in text and "stripe_unavailable" not in text
    assert world.token not in world.daemon.log


@pytest.mark.parametrize("expected, make", TOKENS.values(), ids=TOKENS)
def test_a_token_sent_otherwise(plain, expected, make):
    check(plain, expected, make(plain))


@pytest.mark.parametrize("expected, make", COOKIES.values(), ids=COOKIES)
def test_a_session_used_by_others(cookies, expected, make):
    check(cookies, expected, make(cookies))


def test_what_is_sent_as_it_should_be(plain, cookies):
    """Else a table of refusals would prove nothing."""
    for world, made in [
        (plain, request(bearer(plain.token))),
        (plain, request(f"authorization:   bEARER   {plain.token}  ")),
        (cookies, request(bearer(cookies.token))),
        (cookies, cookie(cookies.token, ORIGIN)),
        (cookies, cookie(cookies.token, "Sec-Fetch-Site: same-origin")),
        (cookies, cookie(f'"{cookies.token}"', ORIGIN)),
        (cookies, request("Cookie: a=b", f"Cookie: {COOKIE}={cookies.token}", "Cookie: c=d", ORIGIN)),
        (cookies, cookie("nonsense", bearer(cookies.token))),
    ]:
        status, _, text = world.send(made)
        assert status == 200 and '"sub_1"' in text and "sub_2" not in text, text


OTHERS = {
    "in the query": lambda w: request(bearer(w.token), path=f"{SUBSCRIPTIONS}?user_id={w.other.id}&customer=cus_2"),
    "in headers": lambda w: request(bearer(w.token), f"X-User-Id: {w.other.id}", f"X-Forwarded-User: {w.other.id}"),
    "in a cookie": lambda w: request(bearer(w.token), f"Cookie: {COOKIE}={w.other.token()}", ORIGIN),
    "in the body": lambda w: request(bearer(w.token), body=json.dumps({"customer": "cus_2"}).encode()),
    "in further claims": lambda w: request(bearer(w.user.token(user_id=w.other.id, customer="cus_2", uid=w.other.id))),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_another_users_customer(cookies, make):
    status, _, text = cookies.send(make(cookies))
    assert status == 200 and '"sub_1"' in text and "sub_2" not in text


def test_the_table_is_counted(report):
    rows = len(TOKENS) + len(COOKIES) + len(OTHERS)
    report(f"attack table over HTTP: {rows} requests refused or of no effect")
    assert rows > 100
