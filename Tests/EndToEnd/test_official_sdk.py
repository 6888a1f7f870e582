"""The official SDK signs deliveries, and refuses what portald refuses."""
import hashlib
import hmac
import http.client
import json
import time

import pytest
import stripe
from stripe import WebhookSignature

from support import events
from support.fixtures import ABSENCE, SHARED, load
from support.mirror import Mirror
from support.settings import WEBHOOK_SECRET
from support.signing import sign
from support.waiting import DEADLINE


@pytest.fixture(scope="module")
def daemon(launch_once):
    return launch_once.daemon()


def test_the_row_is_there_when_the_answer_arrives(daemon):
    mirror = Mirror(daemon.database)
    for number in range(25):
        customer = events.customer(f"cus_arrival{number}", metadata={"user_id": f"arrival-{number}"})
        assert daemon.deliver(events.text(events.event("customer.created", customer))) == "applied"
        mirror.check_shows(customer, confirmed=True, deleted=False)

        subscription = events.subscription(f"sub_arrival{number}", customer["id"])
        assert daemon.deliver(events.text(events.event("customer.subscription.created", subscription))) == "applied"
        mirror.check_shows(subscription, confirmed=True, deleted=False)

        renamed = customer | {"name": "Another Name"}
        change = events.event("customer.updated", renamed, {"name": customer["name"]})
        assert daemon.deliver(events.text(change)) == "applied"
        mirror.check_shows(renamed, confirmed=True, deleted=False)


def test_the_sdk_reads_what_the_daemon_takes(daemon):
    body = events.text(events.event("customer.created", events.customer("cus_both")))
    header = sign(body, WEBHOOK_SECRET)
    read = stripe.Webhook.construct_event(body, header, WEBHOOK_SECRET)
    assert read.data.object.id == "cus_both"
    assert daemon.post_webhook(body, header).json() == {"received": True, "outcome": "applied"}


def test_a_second_delivery_of_an_event_is_a_duplicate(daemon):
    body = events.text(events.event("customer.created", events.customer("cus_twice")))
    assert [daemon.deliver(body) for _ in range(3)] == ["applied", "duplicate", "duplicate"]


def test_the_body_is_signed_as_it_came(daemon):
    """White space, escapes and characters beyond ASCII are no business of the signature's."""
    document = events.event("customer.created", events.customer("cus_bytes", name="Zoë \U0001f98a"))
    for body in [json.dumps(document, indent=4), json.dumps(document, ensure_ascii=False)]:
        assert daemon.post_webhook(body.encode(), sign(body, WEBHOOK_SECRET)).status_code == 200
    assert Mirror(daemon.database).row("customers", "cus_bytes")["name"] == "Zoë \U0001f98a"


def test_both_secrets_pass_while_one_is_being_rolled(launch):
    daemon = launch.daemon(STRIPE_WEBHOOK_SECRET="whsec_TheOldSecret,whsec_TheNewSecret")
    body = events.text(events.event("customer.created", events.customer("cus_rolled")))
    for secret in ["whsec_TheOldSecret", "whsec_TheNewSecret"]:
        assert daemon.post_webhook(body, sign(body, secret)).status_code == 200
    assert daemon.post_webhook(body, sign(body, "whsec_AnotherSecret")).status_code == 400


REFUSALS = {
    "no header": (None, "signature_header_missing"),
    "an empty header": ("", "signature_header_missing"),
    "no timestamp": ("v1=00", "signature_timestamp_missing"),
    "two timestamps": ("t=1,t=1,v1=00", "signature_timestamp_ambiguous"),
    "a timestamp that is no number": ("t=noon,v1=00", "signature_timestamp_invalid"),
    "no v1": ("t=1,v0=00", "signature_missing"),
    "another signature": (f"t=1,v1={'0' * 64}", "signature_mismatch"),
}


@pytest.mark.parametrize("header, code", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_names_its_cause(daemon, header, code):
    body = events.text(events.event("customer.created", events.customer("cus_refused")))
    with pytest.raises(stripe.SignatureVerificationError):
        WebhookSignature.verify_header(body, header, WEBHOOK_SECRET, 300)
    response = daemon.post_webhook(body, header)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    assert Mirror(daemon.database).row("customers", "cus_refused") is None


@pytest.mark.parametrize("age", [-3600, 3600], ids=["future", "past"])
def test_the_time_of_the_signature_counts(daemon, age):
    body = events.text(events.event("customer.created", events.customer("cus_late")))
    response = daemon.post_webhook(body, sign(body, WEBHOOK_SECRET, int(time.time()) - age))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "signature_outside_tolerance")


@pytest.mark.parametrize("body", ["", "no JSON", "[]", '{"object":"event"}', '{"id":"evt_1"} trailing'])
def test_a_signed_body_that_is_no_event_is_refused(daemon, body):
    response = daemon.post_webhook(body, sign(body, WEBHOOK_SECRET))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_event")


# The vectors' own clock stands still, the daemon's does not: headers are moved to the present and signed anew.


def vectors():
    """Those with a set outcome that does not hang on a second, and a tolerance that a daemon can have."""
    if SHARED is None:
        return []
    chosen = []
    for vector in load(SHARED / "signature_vectors.json")["vectors"]:
        tolerance = vector["tolerance"]
        has_outcome = vector["expect"] not in ("policy", "reject:no_secret")
        if has_outcome and tolerance in (10, 20, 300) and vector["name"] not in ("age_300_exact", "age9_tol10"):
            chosen.append(vector)
    return chosen


def payload(vector):
    return bytes.fromhex(vector["payload_hex"]) if "payload_hex" in vector else vector["payload"].encode()


def signature(timestamp, body, secret):
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def present_header(vector):
    """The vector's header, later by as much as now is later, under the daemon's secret."""
    shift = int(time.time()) - vector["now"]
    body = payload(vector)
    elements = vector["header"].split(",")
    timestamps = [element[2:] for element in elements if element.startswith("t=")]
    moved = []
    for element in elements:
        name, _, value = element.partition("=")
        if name == "t" and value.isdecimal():
            element = f"t={int(value) + shift}"
        elif name == "v1" and timestamps and value == signature(timestamps[0], body, vector["secret"]):
            element = f"v1={signature(int(timestamps[0]) + shift, body, WEBHOOK_SECRET)}"
        moved.append(element)
    return ",".join(moved)


def sdk_accepts(body, header, tolerance):
    try:
        return WebhookSignature.verify_header(body, header, WEBHOOK_SECRET, tolerance)
    except stripe.SignatureVerificationError:
        return False


def daemon_accepts(daemon, body, header):
    """Whether the signature passes, whatever the body is. The header goes out byte for byte."""
    connection = http.client.HTTPConnection(daemon.address, timeout=DEADLINE)
    connection.request("POST", "/webhooks/stripe", body, {"Stripe-Signature": header.encode()})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status in (200, 400)
    return response.status == 200 or not answer["error"]["code"].startswith("signature_")


@pytest.mark.skipif(SHARED is None, reason=ABSENCE)
def test_sdk_and_daemon_agree_on_the_signature_vectors(launch, report):
    daemons = {
        tolerance: launch.daemon(PORTALD_SIGNATURE_TOLERANCE=str(tolerance)) for tolerance in (10, 20, 300)
    }
    disagreements = []
    for vector in vectors():
        body, header = payload(vector), present_header(vector)
        outcomes = (
            vector["expect"].startswith("accept"),
            sdk_accepts(body, header, vector["tolerance"]),
            daemon_accepts(daemons[vector["tolerance"]], body, header),
        )
        if len(set(outcomes)) > 1:
            disagreements.append((vector["name"], dict(zip(["vector", "sdk", "portald"], outcomes))))
    assert disagreements == []
    report(f"signature vectors over HTTP: {len(vectors())}, judged alike by the official SDK and portald")
