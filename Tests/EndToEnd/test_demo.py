"""`portald demo`: what it tells people to click and to type works."""
import signal
import subprocess
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from support.addresses import free_address
from support.users import bearer
from support.waiting import DEADLINE, eventually


@pytest.fixture
def demo(launch):
    address = free_address()
    demo = launch.program("demo", "--listen", address)
    demo.wait_for_log("Ctrl-C ends it all")
    demo.url = f"http://{address}"
    return demo


def subscriptions(demo, user):
    token = requests.get(f"{demo.url}/demo/token/{user}", timeout=DEADLINE).json()["token"]
    return token, requests.get(f"{demo.url}/api/subscriptions/user/", headers=bearer(token), timeout=DEADLINE).json()


def test_the_page_and_its_button(demo):
    page = requests.get(f"{demo.url}/demo", timeout=DEADLINE)
    assert page.status_code == 200 and "/demo/demo.js" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy

    token, before = subscriptions(demo, "alice")
    assert before["active"] and before["subscriptions"][0]["cancel_at"] is None
    portal = f"{demo.url}/api/subscriptions/user/billing-portal/"
    url = requests.post(portal, headers=bearer(token), timeout=DEADLINE).json()["portal_url"]
    assert f'href="{demo.url}/demo"' in requests.get(url, timeout=DEADLINE).text

    form = {"subscription": before["subscriptions"][0]["id"]}
    assert requests.post(urljoin(url, f"{url}/cancel"), data=form, timeout=DEADLINE).status_code == 200
    eventually(lambda: subscriptions(demo, "alice")[1]["subscriptions"][0]["cancel_at"])


def test_the_printed_commands(demo):
    """They are run as they stand."""
    commands = demo.log.split("from a second terminal:")[1].split("Ctrl-C")[0]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace("\n\n", "\necho\n")],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    for words in ['"active":true', '"portal_url":', '"code":"customer_not_found"', "|active|1", "dora@example.com"]:
        assert words in done.stdout, done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_behind(demo, number):
    database = Path(demo.wait_for_log(r"sqlite3 -readonly (\S+)").group(1))
    assert database.exists()
    demo.process.send_signal(number)
    assert demo.wait() == 0
    assert not database.parent.exists()
