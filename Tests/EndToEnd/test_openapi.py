"""/openapi.json is true: schemathesis asks the running daemon for what the document promises."""
import os
import re
import subprocess
import sys
from pathlib import Path

import requests

from support.account import Account
from support.users import User
from support.waiting import DEADLINE

FOLDER = Path(__file__).parent
TIME_LIMIT = 300


def test_the_daemon_does_what_its_document_says(launch, report):
    sandbox, daemon = launch.pair(
        STRIPE_PUBLISHABLE_KEY="pk_test_EndToEnd", PORTALD_STRIPE_RATE="100", PORTALD_PORTAL_RATE="10000/1s"
    )
    user = User()
    Account(sandbox).add_subscriber(user)
    (arrived, *_) = sandbox.wait_until_settled()

    directory = launch.directory()
    (directory / "openapi.json").write_bytes(requests.get(f"{daemon.url}/openapi.json", timeout=DEADLINE).content)
    done = subprocess.run(
        [
            *[sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", FOLDER / "schemathesis.toml"],
            *["run", "openapi.json", "--url", daemon.url, "--header", f"Authorization: Bearer {user.token()}"],
        ],
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(FOLDER),
            "SCHEMATHESIS_HOOKS": "support.openapi_hooks",
            "PORTALD_ARRIVED_EVENT": arrived["id"],
        },
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
