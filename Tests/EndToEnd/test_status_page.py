"""The status page in a real browser: what it says when all is well and when it is not, in light and dark, wide and narrow."""
import math
import sqlite3
import time
from contextlib import closing

import pytest
import requests

from conftest import REPOSITORY
from support import events
from support.account import Account
from support.users import User
from support.waiting import DEADLINE

SCREENSHOTS = REPOSITORY / ".build/screenshots"
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390), ("light", 320), ("dark", 320)]


@pytest.fixture
def browser(chromium):
    chromium.forget()
    chromium.emulate()
    return chromium


def add_traffic(database):
    """A day like another, as the daemon would have counted it."""
    this_minute = int(time.time()) // 60 * 60
    rows = []
    for age in range(1, 24 * 60):
        minute = this_minute - age * 60
        count = int(40 + 35 * math.sin(minute / 9_000) + 10 * math.sin(minute / 300))
        rows.append((minute, "webhook", "applied", count, count, 1 + count % 4))
        if age % 90 == 0:
            rows.append((minute, "sweep", "applied", 3, 900, 300))
    with closing(sqlite3.connect(database)) as db, db:
        db.executemany("INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?)", rows)


def look_at(browser, name):
    for scheme, width in LOOKS:
        browser.emulate(scheme, width)
        assert not browser.overflows(), (scheme, width)
        assert browser.violations() == [], (scheme, width)
        browser.screenshot(SCREENSHOTS / f"status-{name}-{scheme}-{width}.png")


def test_all_is_well(launch, browser):
    sandbox, daemon = launch.pair()
    for _ in range(3):
        Account(sandbox).add_subscriber(User())
    sandbox.wait_until_settled()
    add_traffic(daemon.database)
    browser.open(daemon.admin_url)
    browser.wait_for_text("h1", "All is well.")
    browser.wait_for_text("#mirror + dl", "3")
    look_at(browser, "well")
    assert browser.errors() == []


def test_it_says_what_is_wrong_and_shows_what_changes(launch, browser):
    sandbox, daemon = launch.pair()
    customer = Account(sandbox).add_subscriber(User())
    sandbox.wait_until_settled()
    browser.open(daemon.admin_url)
    browser.wait_for_text("h1", "All is well.")

    broken = events.event("customer.updated", events.customer("cus_broken", metadata="none"))
    assert daemon.deliver(events.text(broken)) == "failed"
    session = {"id": "cs_1", "object": "checkout.session", "client_reference_id": "o'neil", "customer": customer}
    assert daemon.deliver(events.text(events.event("checkout.session.completed", session))) == "applied"
    # The page follows by itself.
    browser.wait_for_text("h1", "needs your attention")
    browser.wait_for_text(".health", "1 event could not be applied")
    browser.wait_for_text(".health", "1 customer claimed for more than one user")
    browser.wait_for_text("#events ~ article", f"portald events show {broken['id']}")
    browser.wait_for_text("#conflicts ~ article", customer)
    assert r"portald link 'o'\''neil' " + customer in browser.run("return document.body.innerText")
    look_at(browser, "attention")

    daemon.stop()
    browser.wait_for_text(".time", "does not answer")
    assert browser.run("return document.title") == "portald · no answer"


def test_it_needs_no_script(launch):
    _, daemon = launch.pair()
    page = requests.get(daemon.admin_url, timeout=DEADLINE)
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page.text
    assert "All is well." in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for path in ("/status.css", "/status.js"):
        assert path in page.text
        assert requests.get(daemon.admin_url + path, timeout=DEADLINE).status_code == 200
