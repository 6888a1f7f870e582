"""`portald status` as a monitor asks: its exit code and its words are those of the status page."""
import json
import sqlite3
import time
from contextlib import closing
from html import unescape

import requests

from support import events
from support.waiting import DEADLINE, eventually

from test_lifecycle import FAILURE, WARNINGS, WRONG_SETTINGS


def status(launch, daemon, *options):
    code, output, errors = launch.run("status", *options, PORTALD_DATABASE=daemon.database)
    assert errors == ""
    return code, output


def verdict(launch, daemon):
    """The exit code and the verdict, which has to be in the text and on the page, too."""
    code, output = status(launch, daemon, "--json")
    told = json.loads(output)["verdict"]
    text = status(launch, daemon)[1]
    assert text.splitlines()[0] == told["headline"]

    def is_on_the_page():
        page = unescape(requests.get(daemon.admin_url, timeout=DEADLINE).text)
        return all(words in page for words in [told["headline"]] + [finding["remedy"] for finding in told["findings"]])

    # The page is kept for two seconds.
    eventually(is_on_the_page)
    for finding in told["findings"]:
        assert finding["problem"] in text and finding["remedy"] in text
        assert finding.get("command", "") in text
    return code, told["level"], [finding["problem"] for finding in told["findings"]]


def test_it_ends_as_the_page_says(launch):
    daemon = launch.daemon()
    assert verdict(launch, daemon) == (0, "good", [])

    broken = events.event("customer.created", events.customer("cus_broken", email=["no", "text"]))
    assert daemon.deliver(events.text(broken)) == "failed"
    assert verdict(launch, daemon) == (WARNINGS, "warning", ["1 event could not be applied."])

    with closing(sqlite3.connect(daemon.database)) as db, db:
        db.execute("UPDATE sync_state SET swept_at = ?", [time.time() - 3600])
    code, level, problems = verdict(launch, daemon)
    # The worst first.
    assert (code, level, len(problems)) == (FAILURE, "failure", 2) and "last read through 60 minutes ago" in problems[0]


def test_a_sweep_is_late_by_the_interval_of_the_settings(launch):
    daemon = launch.daemon(PORTALD_SWEEP_INTERVAL="7200")
    with closing(sqlite3.connect(daemon.database)) as db, db:
        db.execute("UPDATE sync_state SET swept_at = ?", [time.time() - 7000])
    for interval, code in [("7200", 0), ("300", FAILURE)]:
        found = launch.run("status", PORTALD_DATABASE=daemon.database, PORTALD_SWEEP_INTERVAL=interval)
        assert found[0] == code, found
    assert "All is well." in requests.get(daemon.admin_url, timeout=DEADLINE).text
    code, output, errors = launch.run("status", PORTALD_DATABASE=daemon.database, PORTALD_SWEEP_INTERVAL="often")
    assert (code, output) == (WRONG_SETTINGS, "") and "PORTALD_SWEEP_INTERVAL" in errors


def test_a_mirror_that_is_not_filled_is_a_failure(launch):
    daemon = launch.daemon(filled=False)
    code, level, problems = verdict(launch, daemon)
    assert (code, level) == (FAILURE, "failure") and "first filling has not begun" in problems[0]


def test_what_cannot_be_read_is_a_failure(launch):
    path = launch.directory() / "portald.db"
    path.write_bytes(b"no database" * 1000)
    code, output, errors = launch.run("status", PORTALD_DATABASE=str(path))
    assert (code, output) == (FAILURE, "") and "not a database" in errors
