"""The JWS examples of RFC 7515, 7520 and 8037 that jwcrypto (PyPI) carries, against the real program.

The examples were signed by others long ago. None may open anything; the cause in the log tells whether the signature passed.
"""
import base64
import importlib.util
import json
import re
from pathlib import Path

import jwcrypto
import pytest
import requests
from jwcrypto import tests

from support.settings import FRONTEND
from support.users import bearer
from support.waiting import DEADLINE, eventually

cookbook = importlib.util.module_from_spec(
    specification := importlib.util.spec_from_file_location("cookbook", Path(jwcrypto.__file__).parent / "tests-cookbook.py")
)
specification.loader.exec_module(cookbook)

NO_SIGNATURE = "signature was not made by a configured key"
# A signature that passed, over something that is no token for us.
EXPIRED, NO_CLAIMS = "token has expired", "payload is not a JSON object with unique names"
NO_KEY = "no key is configured for the alg of the header"
UNSIGNED = "signature is empty or not canonical base64url"


def encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(example):
    return ".".join([encode(example["protected"].encode()), encode(example["payload"]), encode(example["signature"])])


def cookbook_token(number, key):
    return getattr(cookbook, f"JWS_compact_{number}_3"), getattr(cookbook, key)


# The token, its key, and what the log says.
VECTORS = {
    "RFC 7515 A.2, RS256": (compact(tests.A2_example), tests.A2_key, EXPIRED),
    "RFC 7515 A.3, ES256": (compact(tests.A3_example), tests.A3_key, EXPIRED),
    "RFC 7515 A.4, ES512": (compact(tests.A4_example), tests.A4_key, NO_KEY),
    "RFC 7515 A.5, none": (compact(tests.A5_example), tests.A2_key, UNSIGNED),
    "RFC 7515 E, crit": (tests.E_negative, tests.A2_key, UNSIGNED),
    "RFC 7520 4.1, RS256": (*cookbook_token("4_1", "RSA_Public_Key_3_3"), NO_CLAIMS),
    "RFC 7520 4.2, PS384": (*cookbook_token("4_2", "RSA_Public_Key_3_3"), NO_KEY),
    "RFC 7520 4.3, ES512": (*cookbook_token("4_3", "EC_Public_Key_3_1"), NO_KEY),
    "RFC 7520 4.4, HS256": (*cookbook_token("4_4", "Symmetric_Key_MAC_3_5"), NO_SIGNATURE),
    "RFC 8037 A.4, EdDSA": (
        tests.E_Ed25519["jws_serialization_compact"],
        json.loads(tests.E_Ed25519["key_json"]),
        NO_CLAIMS,
    ),
}
PUBLIC = ("kty", "crv", "n", "e", "x", "y", "kid", "use")
# RFC 8037 A.2. It stands beside each other key, because a set without any key for us is refused.
OWN = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def public(key):
    return {name: value for name, value in key.items() if name in PUBLIC}


@pytest.fixture(scope="module")
def ask(launch_once):
    """Asks a daemon with this key, and returns what its log says of the token."""
    daemons = {}

    def ask(token, key):
        text = json.dumps(public(key))
        if text not in daemons:
            path = launch_once.directory() / "keys.json"
            # A secret key has no place in a set, and the cookbook's is no text that could be a secret of ours.
            keys = [OWN] if key["kty"] == "oct" else [OWN, json.loads(text)]
            path.write_text(json.dumps({"keys": keys}))
            daemons[text] = launch_once.daemon(PORTALD_JWKS=str(path))
        daemon = daemons[text]

        def causes():
            return re.findall(r'cause="?(.*?)"? code=invalid_token', daemon.log)

        known = len(causes())
        response = requests.get(f"{daemon.url}/api/subscriptions/user/", headers=bearer(token), timeout=DEADLINE)
        assert (response.status_code, response.json()["code"]) == (401, "invalid_token")
        return eventually(lambda: causes()[known:])[0]

    return ask


@pytest.mark.parametrize("token, key, cause", VECTORS.values(), ids=VECTORS)
def test_an_example(ask, token, key, cause):
    assert ask(token, key) == cause


@pytest.mark.parametrize("name", [name for name, (_, _, cause) in VECTORS.items() if cause in (EXPIRED, NO_CLAIMS)])
def test_an_example_with_another_signature(ask, name):
    token, key, _ = VECTORS[name]
    head, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    raw[len(raw) // 2] ^= 1
    assert ask(f"{head}.{encode(bytes(raw))}", key) == NO_SIGNATURE


@pytest.mark.parametrize("key", [tests.A2_key, tests.A3_key, cookbook.Symmetric_Key_MAC_3_5], ids=["RSA", "EC", "oct"])
def test_the_examples_private_and_secret_keys_are_refused(launch, key):
    path = launch.directory() / "keys.json"
    path.write_text(json.dumps({"keys": [key]}))
    code, _, errors = launch.run(
        "serve",
        STRIPE_SECRET_KEY="sk_test_1",
        STRIPE_WEBHOOK_SECRET="whsec_1",
        FRONTEND_URL=FRONTEND,
        PORTALD_JWKS=str(path),
    )
    assert code != 0 and "PORTALD_JWKS cannot be used: key 1" in errors


def test_the_examples_are_counted(report):
    passed = sum(cause in (EXPIRED, NO_CLAIMS) for _, _, cause in VECTORS.values())
    report(f"JWS examples of the RFCs: {len(VECTORS)}, of which {passed} signatures verify; the rest is refused by key or alg")
    assert passed >= 4
