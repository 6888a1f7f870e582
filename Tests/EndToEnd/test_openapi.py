"""/openapi.json is true: schemathesis asks the running daemon for what the document promises."""
import re
import subprocess
import sys
from pathlib import Path

import requests

from conftest import REPOSITORY
from support.account import Account
from support.users import User
from support.waiting import DEADLINE

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
TIME_LIMIT = 300


def test_the_daemon_does_what_its_document_says(launch, report):
    sandbox, daemon = launch.pair(STRIPE_PUBLISHABLE_KEY="pk_test_EndToEnd", PORTALD_STRIPE_RATE="100")
    user = User()
    Account(sandbox).add_subscriber(user)
    (arrived, *_) = sandbox.wait_until_settled()

    done = subprocess.run(
        [
            *[sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", CONFIGURATION],
            *["run", f"{daemon.url}/openapi.json", "-H", f"Authorization: Bearer {user.token()}"],
        ],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "PORTALD_ARRIVED_EVENT": arrived["id"], "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in summary(done.stdout):
        report(f"schemathesis: {line}")
    assert daemon.is_running and "internal_error" not in daemon.log
    assert requests.get(f"{daemon.url}/healthz", timeout=DEADLINE).text == "ok"


def summary(output):
    """The lines that count."""
    _, _, text = output.partition(" SUMMARY ")
    return [line.strip() for line in text.splitlines() if re.search(r"\d", line)]
