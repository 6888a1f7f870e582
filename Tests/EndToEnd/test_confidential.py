"""The search of all logs at the end of a run: it finds each thing that no log may show, and nothing else."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from support.confidential import Confidential
from support.users import User

TOKEN = User().token()
LEAKS = {
    "a token": TOKEN,
    "a token without its signature": TOKEN.rsplit(".", 1)[0] + ".",
    "a bearer token": "Bearer opaque-session-0123",
    "a key": "sk_live_abcdef",
    "a restricted key": "rk_test_abcdef",
    "a webhook secret": "whsec_abcdef",
    "a signature": "t=1,v1=" + "0f" * 32,
    "a bare signature": "0f" * 32,
    "an email address": "ada@example.com",
    "an encoded email address": "email=ada%40example.com",
    "a portal's address": "https://billing.stripe.com/p/session/test_1",
    "the sandbox's": "http://127.0.0.1:1/p/session/test_1",
    "a body": json.dumps({"id": "cus_1", "object": "customer"}),
}
INNOCENT = """\
2026-11-23T04:00:00Z notice starting api_version=2026-03-25.dahlia database=/tmp/portald.db mode=test version=0.1.0
2026-11-23T04:00:00Z info request customer=cus_1 milliseconds=1.5 request=req_5Yd0qS2cXyUoGm3WvB8kTz1R session=bps_1 status=200
2026-11-23T04:00:00Z warning an object could not be read cause="Stripe refused the request: status=404 request_id=req_1" object=sub_1
"""


@pytest.mark.parametrize("kind", LEAKS)
def test_each_shape_is_found_plain_and_quoted(kind):
    for value in [LEAKS[kind], LEAKS[kind].replace('"', '\\"')]:
        assert Confidential().leaks_in("serve", f'{INNOCENT}info request cause="{value}" status=200\n'), value


def test_what_a_log_is_for_is_no_leak():
    assert Confidential().leaks_in("serve", INNOCENT) == []


def test_what_tests_send_and_get_is_noted():
    confidential = Confidential()

    class Program:
        name = "serve"
        log = INNOCENT

    confidential.watch(Program, {"PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": "of-the-endpoint", "PORTALD_DATABASE": "/tmp/portald.db"})
    request = requests.Request("POST", "http://localhost", headers={"Cookie": "session=opaque-0123456789"},
                               data={"name": "Ada Lovelace", "address[line1]": "12 St James's Square"}).prepare()
    response = requests.Response()
    response.headers["Content-Type"] = "application/json"
    response._content = b'{"portal_url": "http://127.0.0.1:1/go/unlike-any-other"}'
    confidential.note_exchange(request, response)
    assert confidential.leaks() == []
    for value in ["of-the-endpoint", "opaque-0123456789", "Ada Lovelace", "12 St James's Square", "unlike-any-other"]:
        Program.log = f"{INNOCENT}info request cause={value}\n"
        assert len(confidential.leaks()) == 1, value


def test_a_leak_fails_the_run(binary, tmp_path):
    """A whole run of its own, whose one program says what it must not."""
    planted = tmp_path / "test_planted.py"
    planted.write_text("""
from support.users import User

def test_planted(launch):
    launch.command("sh", "-c", f"echo token={User().token()}").wait()
""")
    folder = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", "--rootdir", tmp_path, planted]
    environment = os.environ | {"PYTHONPATH": str(folder), "PORTALD_BINARY": str(binary)}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "1 passed" in run.stdout and "a token in the log of 'sh" in run.stdout
