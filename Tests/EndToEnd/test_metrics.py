"""What the daemon tells a monitor: the numbers, the page that explains them, and the alerts made of them."""
import hashlib
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import requests

from support import events
from support.account import Account
from support.settings import SECRETS
from support.signing import sign
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

from test_lifecycle import PORTAL, add_subscriber

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|")


class Scrape:
    def __init__(self, daemon):
        answer = requests.get(f"{daemon.admin_url}/metrics", timeout=DEADLINE)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        self.text = answer.text
        self.types, self.helps, self.samples = {}, {}, {}
        for line in self.text.splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.split(" ")[2:]
                self.types[name] = kind
            elif line.startswith("# HELP "):
                _, _, name, words = line.split(" ", 3)
                self.helps[name] = words
            else:
                name, labels, value = SAMPLE.match(line).groups()
                labels = frozenset(LABEL.findall(labels or ""))
                assert (name, labels) not in self.samples, f"twice: {line}"
                self.samples[name, labels] = float(value)

    def value(self, name, **labels):
        return self.samples[name, frozenset(labels.items())]

    def sum(self, name, **labels):
        return sum(value for (each, of), value in self.samples.items() if each == name and set(labels.items()) <= of)

    def family(self, sample):
        """The name that a sample's TYPE line has."""
        if sample in self.types:
            return sample
        name = re.sub(r"_(bucket|sum|count)$", "", sample)
        assert self.types[name] == "histogram"
        return name

    def labels(self):
        """Names of labels by family."""
        labels = {name: set() for name in self.types}
        for name, of in self.samples:
            labels[self.family(name)] |= {label for label, _ in of} - {"le"}
        return labels


def promtool(*arguments, text=None):
    done = subprocess.run(
        ["promtool", *arguments], cwd=MONITORING, input=text, capture_output=True, text=True, timeout=DEADLINE
    )
    return done.returncode, done.stdout + done.stderr


def click(daemon, user):
    return requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE).status_code


def test_deliveries_move_their_numbers(launch):
    daemon = launch.daemon()
    assert Scrape(daemon).sum("portald_events_total") == 0
    add_subscriber(daemon, User())
    text = events.text(events.event("customer.created", events.customer("cus_9")))
    assert [daemon.deliver(text), daemon.deliver(text)] == ["applied", "duplicate"]
    orphan = events.event("customer.updated", events.customer("cus_orphan"), {"name": "Another"})
    assert daemon.deliver(events.text(orphan)) == "pending"
    broken = events.event("customer.created", events.customer("cus_broken", email=["no", "text"]))
    assert daemon.deliver(events.text(broken)) == "failed"
    secret = daemon.settings["STRIPE_WEBHOOK_SECRET"]
    for signature in [None, sign(text, "whsec_of_another"), sign(text, secret, int(time.time()) - 301)]:
        assert daemon.post_webhook(text, signature).status_code == 400
    assert daemon.post_webhook("{}", sign("{}", secret)).status_code == 400

    scrape = Scrape(daemon)
    fingerprint = hashlib.sha256(secret.encode()).hexdigest()[:8]
    # The one that is no event, too, was signed well.
    assert scrape.value("portald_webhook_secret_hits_total", secret=fingerprint) == 7
    for outcome, count in {"applied": 3, "duplicate": 1, "pending": 1, "failed": 1, "ignored": 0}.items():
        assert scrape.value("portald_events_total", source="webhook", outcome=outcome) == count, outcome
    refused = {"signature_header_missing", "signature_mismatch", "signature_outside_tolerance", "invalid_event"}
    for code in refused:
        assert scrape.value("portald_deliveries_refused_total", code=code) == 1, code
    assert scrape.sum("portald_deliveries_refused_total") == len(refused)
    assert scrape.value("portald_webhook_duration_seconds_count") == 10
    assert scrape.value("portald_webhook_duration_seconds_sum") > 0
    assert scrape.value("portald_commit_events_sum") == 6
    assert scrape.value("portald_commit_events_bucket", le="+Inf") == scrape.value("portald_commit_events_count") == 6
    assert scrape.value("portald_commit_duration_seconds_count") == 6
    assert scrape.value("portald_commit_failures_total") == scrape.value("portald_writer_queue_events") == 0
    assert scrape.value("portald_pending_events") == scrape.value("portald_failed_events") == 1
    # Those of both wait to be read.
    assert scrape.value("portald_unconfirmed_objects") == 2
    assert 0 <= scrape.value("portald_oldest_unconfirmed_seconds") < DEADLINE
    assert 0 <= time.time() - scrape.value("portald_stripe_heard_timestamp_seconds") < DEADLINE
    for size in ["portald_database_size_bytes", "portald_wal_size_bytes"]:
        assert scrape.value(size) > 0
    # Nobody answers for Stripe, and a read of either is due after the grace.
    failed = dict(lane="refresh", result="unavailable")
    eventually(lambda: Scrape(daemon).value("portald_stripe_calls_total", **failed) > 0)
    eventually(lambda: Scrape(daemon).value("portald_failing_reads") == 2)


def test_the_portal_moves_its_numbers(launch):
    sandbox, daemon = launch.pair(PORTALD_PORTAL_RATE="100/1s")
    user = User()
    Account(sandbox).add_subscriber(user)
    sandbox.wait_until_settled()
    assert [click(daemon, user), click(daemon, user), click(daemon, User())] == [200, 200, 404]
    assert requests.post(daemon.url + PORTAL, timeout=DEADLINE).status_code == 401

    scrape = Scrape(daemon)
    codes = {"allowed": 2, "customer_not_found": 1, "authentication_required": 1, "stripe_error": 0}
    for code, count in codes.items():
        assert scrape.value("portald_portal_requests_total", code=code) == count, code
    assert scrape.value("portald_portal_duration_seconds_count") == 4
    # Who is not signed in has no decision.
    assert scrape.value("portald_portal_decision_duration_seconds_count") == 3
    assert scrape.value("portald_stripe_calls_total", lane="portal", result="succeeded") == 2
    assert scrape.value("portald_stripe_call_duration_seconds_count", lane="portal") == 2
    with_stripe, without = (
        scrape.value(f"portald_portal_{what}_seconds_sum") for what in ["duration", "decision_duration"]
    )
    assert with_stripe > without + scrape.value("portald_stripe_call_duration_seconds_sum", lane="portal") > 0
    assert scrape.value("portald_mirror_filled") == 1 and scrape.value("portald_stripe_breaker_open") == 0
    # The backfill is followed by a sweep.
    eventually(lambda: Scrape(daemon).value("portald_sweep_finished_timestamp_seconds"))
    assert time.time() - Scrape(daemon).value("portald_sweep_finished_timestamp_seconds") < DEADLINE
    assert Scrape(daemon).value("portald_stripe_calls_total", lane="sweep", result="succeeded") >= 1
    assert scrape.value("portald_stripe_budget_calls_per_second") == 20
    assert 0 <= scrape.value("portald_stripe_budget_tokens") <= 20

    sandbox.stop()
    for _ in range(5):
        assert click(daemon, user) == 503
    scrape = Scrape(daemon)
    assert scrape.value("portald_stripe_breaker_open") == 1
    assert scrape.value("portald_portal_requests_total", code="stripe_unavailable") == 5


def test_the_process_tells_of_itself(launch):
    daemon = launch.daemon()
    scrape = Scrape(daemon)
    assert 0 <= time.time() - scrape.value("process_start_time_seconds") < DEADLINE
    descriptors = os.listdir(f"/proc/{daemon.process.pid}/fd")
    # The scrape's own connection may be gone by now.
    assert abs(scrape.value("process_open_fds") - len(descriptors)) <= 3
    assert scrape.value("process_max_fds") >= 1024
    assert 1 << 20 < scrape.value("process_resident_memory_bytes") < scrape.value("process_virtual_memory_bytes")
    assert Scrape(daemon).value("process_cpu_seconds_total") > scrape.value("process_cpu_seconds_total") > 0
    version = daemon_version(launch)
    assert scrape.value("portald_build_info", version=version) == 1


def daemon_version(launch):
    code, output, _ = launch.run("--version")
    assert code == 0
    return output.strip().split(" ")[-1]


def test_the_public_listener_has_no_metrics(launch):
    daemon = launch.daemon()
    assert requests.get(f"{daemon.url}/metrics", timeout=DEADLINE).status_code == 404
    assert requests.post(f"{daemon.admin_url}/metrics", timeout=DEADLINE).status_code == 405


@pytest.fixture(scope="module")
def scrape(launch_once):
    daemon = launch_once.daemon()
    user = User()
    add_subscriber(daemon, user)
    daemon.post_webhook("{}", None)
    click(daemon, user)
    return Scrape(daemon)


def test_promtool_has_nothing_to_say(scrape):
    assert promtool("check", "metrics", text=scrape.text) == (0, "")


def test_it_tells_no_secrets(scrape):
    for secret in SECRETS + ["cus_", "sub_", "user-", "evt_", "@"]:
        assert secret not in scrape.text


def test_the_page_is_the_scrape(scrape):
    rows = {}
    for line in (MONITORING / "METRICS.md").read_text().splitlines():
        if row := ROW.match(line):
            name, kind, labels = row.groups()
            assert name not in rows, name
            # What stands in brackets are a label's values.
            rows[name] = (kind, set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", labels))))
    labels = scrape.labels()
    assert rows == {name: (kind, labels[name]) for name, kind in scrape.types.items()}
    assert scrape.helps.keys() == scrape.types.keys()


def test_the_page_names_every_value_of_a_label(scrape):
    page = (MONITORING / "METRICS.md").read_text()
    for label in ["source", "outcome", "lane", "result", "fault"]:
        for value in {value for _, of in scrape.samples for name, value in of if name == label}:
            assert f"`{value}`" in page, f"{label}={value}"


def test_the_alerts_are_of_metrics_that_exist(scrape):
    rules = (MONITORING / "portald.rules.yml").read_text()
    used = set(re.findall(r"\b(?:portald|process)_[a-z_]+", re.sub(r"(?m)^ *(command|description): .*$", "", rules)))
    assert used and {scrape.family(name) for name in used} <= scrape.types.keys()


def test_the_alerts_are_rules_that_fire():
    code, output = promtool("check", "rules", "portald.rules.yml")
    assert code == 0, output
    code, output = promtool("test", "rules", "portald.rules.test.yml")
    assert code == 0, output
    alerts = set(re.findall(r"- alert: (\w+)", (MONITORING / "portald.rules.yml").read_text()))
    fired = set(re.findall(r'alertname="(\w+)"', (MONITORING / "portald.rules.test.yml").read_text()))
    assert alerts == fired
