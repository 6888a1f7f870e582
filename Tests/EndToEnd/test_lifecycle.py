"""Start, stop, and the operator's commands."""
import json
import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing

import pytest
import requests

from support import events
from support.account import Account
from support.mirror import Mirror
from support.settings import SECRETS, daemon_settings
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

PORTAL = "/api/subscriptions/user/billing-portal/"

# The exit codes that `portald --help` names.
FAILURE, WARNINGS, WRONG_USAGE, WRONG_SETTINGS = 1, 4, 64, 78


def add_subscriber(daemon, user, number=1):
    customer = events.customer(f"cus_{number}", email=user.email, metadata={"user_id": user.id})
    for document in [
        events.event("customer.created", customer),
        events.event("customer.subscription.created", events.subscription(f"sub_{number}", customer["id"])),
    ]:
        assert daemon.deliver(events.text(document)) == "applied"


# Stopping.


def test_sigterm_ends_well(launch):
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    assert daemon.stop() == 0
    assert "stopped" in daemon.log.splitlines()[-1]


def test_sigterm_lets_a_request_in_flight_finish(launch):
    sandbox, daemon = launch.pair()
    user = User()
    Account(sandbox).add_subscriber(user)
    sandbox.wait_until_settled()
    sandbox.trouble_portal("delay", milliseconds=4000)
    answers = []

    def click():
        answers.append(requests.post(daemon.url + PORTAL, headers=bearer(user.token()), timeout=DEADLINE))

    thread = threading.Thread(target=click)
    thread.start()
    eventually(sandbox.portal_calls)
    daemon.terminate()

    def refuses():
        try:
            requests.get(f"{daemon.url}/healthz", timeout=DEADLINE)
        except requests.ConnectionError:
            return True

    eventually(refuses)
    assert answers == [], "the request was to be in flight still"
    thread.join(DEADLINE)
    assert daemon.wait() == 0
    assert answers[0].status_code == 200 and answers[0].json()["portal_url"].startswith(sandbox.url)


def test_an_idle_connection_holds_nothing_up(launch):
    daemon = launch.daemon()
    with requests.Session() as session:
        assert session.get(f"{daemon.url}/healthz", timeout=DEADLINE).ok
        assert daemon.stop() == 0


def test_a_restart_keeps_everything(launch):
    sandbox = launch.sandbox()
    daemon = launch.daemon(sandbox)
    user = User()
    add_subscriber(daemon, user)
    # An update whose predecessor is missing waits over the restart.
    orphan = events.customer("cus_orphan", metadata={"step": "2"})
    later = events.event("customer.updated", orphan, {"metadata": {"step": "1"}})
    assert daemon.deliver(events.text(later)) == "pending"
    assert daemon.stop() == 0

    daemon = launch.daemon(sandbox, daemon.database)
    mirror = Mirror(daemon.database)
    subscriptions = requests.get(
        f"{daemon.url}/api/subscriptions/user/", headers=bearer(user.token()), timeout=DEADLINE
    ).json()
    assert subscriptions["active"] is True and subscriptions["subscriptions"][0]["id"] == "sub_1"
    assert daemon.deliver(events.text(later)) == "duplicate"
    mirror.check_shows(orphan, confirmed=False)
    earlier = events.event("customer.created", orphan | {"metadata": {"step": "1"}})
    assert daemon.deliver(events.text(earlier)) == "applied"
    mirror.check_shows(orphan, confirmed=True)
    assert mirror.row("events", later["id"])["outcome"] == "applied"


def test_the_file_is_its_owners_alone(launch):
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    folder = os.path.dirname(daemon.database)
    modes = {name: stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)}
    assert modes == {"portald.db": 0o600, "portald.db-wal": 0o600, "portald.db-shm": 0o600}


def test_a_port_in_use_is_said(launch):
    address = launch.daemon().address
    program = launch.program("serve", **daemon_settings("portald.db", PORTALD_LISTEN=address))
    assert program.wait() == FAILURE
    assert address in program.log or "in use" in program.log


# Refused starts: every fault in one message, no secret shown.


def refuse(launch, settings, code, *words):
    settings = {name: value for name, value in settings.items() if value is not None}
    program = launch.program("serve", **settings)
    assert program.wait() == code, program.log
    for word in words:
        assert word in program.log
    values = [value.strip() for name, value in settings.items() if "SECRET" in name or "KEY" in name]
    for secret in SECRETS + values:
        assert not secret or secret not in program.log
    assert "Fatal error" not in program.log


def test_no_settings_at_all(launch):
    names = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FRONTEND_URL", "PORTALD_JWT_SECRET"]
    refuse(launch, {}, WRONG_SETTINGS, *names)


def test_every_fault_in_one_message(launch):
    faults = {
        "STRIPE_SECRET_KEY": "whsec_NotAKeyButAnotherSecret",
        "STRIPE_WEBHOOK_SECRET": "  ",
        "STRIPE_API_BASE": "http://stripe.example",
        "STRIPE_API_VERSION": "latest",
        "STRIPE_PUBLISHABLE_KEY": "sk_test_TheWrongOneOfTheTwo",
        "FRONTEND_URL": "localhost:3000",
        "PORTALD_ALLOWED_ORIGINS": "https://a.example/path",
        "PORTALD_JWT_PUBLIC_KEY": "/nowhere/key.pem",
        "PORTALD_ADMIN_LISTEN": "0.0.0.0:9464",
        "PORTALD_EVENT_RETENTION_DAYS": "0",
        "PORTALD_STRIPE_RATE": "1000",
        "PORTALD_SWEEP_INTERVAL": "never",
        "PORTALD_VERIFY_SHARE": "100",
        "PORTALD_JWT_REQUIRED_CLAIMS": "token_type",
        "PORTALD_JWT_SECRET": "short-secret",
        "PORTALD_LISTEN": "somewhere",
        "PORTALD_LOG_LEVEL": "loud",
        "PORTALD_PORTAL_CONFIGURATION": "default",
        "PORTALD_RETURN_PATH": "//evil.example",
        "PORTALD_SIGNATURE_TOLERANCE": "forever",
        "PORTALD_WEBHOOK_URL": "http://billing.example/webhooks/stripe",
    }
    refuse(launch, daemon_settings("portald.db", **faults), WRONG_SETTINGS, *faults)


REFUSED = {
    "a blank webhook secret": {"STRIPE_WEBHOOK_SECRET": " \t"},
    "a blank one of two": {"STRIPE_WEBHOOK_SECRET": "whsec_TheFirst,"},
    "no webhook secret": {"STRIPE_WEBHOOK_SECRET": None},
    "an empty webhook secret": {"STRIPE_WEBHOOK_SECRET": ""},
    "a short token secret": {"PORTALD_JWT_SECRET": "x" * 31},
    "no token secret": {"PORTALD_JWT_SECRET": None},
    "plain http to another machine": {"STRIPE_API_BASE": "http://192.0.2.1"},
    "a name that only looks like loopback": {"STRIPE_API_BASE": "http://127.0.0.1.evil.example"},
    "a publishable key for the secret one": {"STRIPE_SECRET_KEY": "pk_test_123456789"},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_settings_that_are_refused(launch, change):
    refuse(launch, daemon_settings("portald.db", **change), WRONG_SETTINGS, *change)


def test_a_database_of_a_newer_version(launch):
    path = launch.directory() / "portald.db"
    launch.daemon(database=str(path)).stop()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO grdb_migrations VALUES ('9999_of_the_future')")
    refuse(launch, daemon_settings(str(path)), FAILURE, str(path), "newer")


def test_a_database_of_another_program(launch):
    path = launch.directory() / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (id TEXT)")
    before = path.read_bytes()
    refuse(launch, daemon_settings(str(path)), FAILURE, str(path), "another program")
    is_untouched = path.read_bytes() == before
    assert is_untouched, "the file was changed, though refused"


def test_a_file_that_is_no_database(launch):
    path = launch.directory() / "notes.txt"
    path.write_text("This is no database.\n" * 100)
    refuse(launch, daemon_settings(str(path)), FAILURE)
    assert path.read_text() == "This is no database.\n" * 100


def test_folders_that_cannot_be_used(launch):
    folder = launch.directory()
    (folder / "file").write_text("")
    for path in [folder / "missing" / "portald.db", folder / "file" / "portald.db", folder]:
        refuse(launch, daemon_settings(str(path)), FAILURE, str(path))


# Where settings come from.


def test_settings_from_credentials_and_a_file(launch):
    """systemd hands secrets over as files; the rest may come from a file of the operator's."""
    folder = launch.directory()
    credentials = folder / "credentials"
    credentials.mkdir()
    settings = daemon_settings(str(folder / "portald.db"))
    for name in ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "PORTALD_JWT_SECRET"]:
        (credentials / name).write_text(settings.pop(name) + "\n")
    config = folder / "portald.env"
    config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    program = launch.program("serve", "--config", str(config), CREDENTIALS_DIRECTORY=str(credentials))
    program.wait_for_log("listening")


def test_a_misspelled_setting_is_said(launch):
    daemon = launch.daemon(PORTALD_JWT_AUDIENCES="billing")
    daemon.wait_for_log("PORTALD_JWT_AUDIENCES")


# Commands.


def test_migrate(launch):
    path = launch.directory() / "portald.db"
    environment = {"PORTALD_DATABASE": str(path)}
    code, output, _ = launch.run("migrate", **environment)
    assert code == 0 and "0001_initial" in output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    code, output, _ = launch.run("migrate", **environment)
    assert code == 0 and "up to date" in output
    tables = {row["name"] for row in Mirror(path).rows("SELECT name FROM sqlite_schema")}
    assert {"customers", "subscriptions", "subscription_items", "user_links", "events"} <= tables


def test_status_and_events(launch):
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    orphan = events.event("customer.updated", events.customer("cus_orphan"), {"name": "Before"})
    ignored = events.event("price.created", {"id": "price_1", "object": "price"})
    broken = events.event("customer.created", events.customer("cus_broken", email=["no", "text"]))
    outcomes = [daemon.deliver(events.text(document)) for document in [orphan, ignored, broken]]
    assert outcomes == ["pending", "ignored", "failed"]

    # The daemon goes on while commands read beside it.
    environment = {"PORTALD_DATABASE": daemon.database}
    code, output, _ = launch.run("status", "--json", **environment)
    status = json.loads(output)
    assert code == WARNINGS
    assert status["customers"] == {"total": 2, "unconfirmed": 1}
    assert status["subscriptions"] == {"total": 1, "unconfirmed": 0}
    assert status["events"] == {"applied": 2, "pending": 1, "ignored": 1, "failed": 1}
    assert (status["user_links"], status["link_conflicts"], status["pending_objects"]) == (1, 0, 2)
    code, output, _ = launch.run("status", **environment)
    assert code == WARNINGS and "2, 1 unconfirmed" in output

    code, output, _ = launch.run("events", "list", "--json", **environment)
    entries = [json.loads(line) for line in output.splitlines()]
    assert code == 0 and len(entries) == 5
    assert entries[0]["id"] == broken["id"]
    assert {entry["id"]: entry["outcome"] for entry in entries}[orphan["id"]] == "pending"
    code, output, _ = launch.run("events", "list", "--outcome", "failed", "--json", **environment)
    failed = [json.loads(line) for line in output.splitlines()]
    assert [entry["id"] for entry in failed] == [broken["id"]] and "email" in failed[0]["error"]
    code, output, _ = launch.run("events", "list", "--object", "cus_orphan", **environment)
    assert code == 0 and output.count("\n") == 1 and orphan["id"] in output

    code, output, _ = launch.run("events", "show", orphan["id"], **environment)
    entry, payload = output.split("\n", 1)
    assert code == 0 and json.loads(entry)["outcome"] == "pending" and json.loads(payload) == orphan
    code, _, errors = launch.run("events", "show", "evt_unknown", **environment)
    assert code == FAILURE and "evt_unknown" in errors


def test_commands_without_a_mirror(launch):
    environment = {"PORTALD_DATABASE": str(launch.directory() / "portald.db")}
    for command in [["status"], ["events", "list"], ["events", "show", "evt_1"], ["explain", "u"]]:
        code, _, errors = launch.run(*command, **environment)
        assert code == FAILURE and "portald migrate" in errors
    assert not os.path.exists(environment["PORTALD_DATABASE"])


def test_a_copy_of_the_mirror_can_be_read(launch):
    """A stopped daemon has merged the write-ahead log into the file, so the file alone is all there is."""
    daemon = launch.daemon()
    add_subscriber(daemon, User())
    assert daemon.stop() == 0
    log = daemon.database + "-wal"
    assert not os.path.exists(log) or os.path.getsize(log) == 0
    copy = launch.directory() / "copy.db"
    shutil.copy(daemon.database, copy)
    code, output, _ = launch.run("status", "--json", PORTALD_DATABASE=str(copy))
    assert code == 0 and json.loads(output)["subscriptions"]["total"] == 1


WRONG_USAGES = [
    "--no-such-option", "serve --no-such-option", "events list --limit 0", "events replay",
    "events replay evt_1 --failed", "events replay --since yesterday", "explain", "explain u --at 99999999999",
]


@pytest.mark.parametrize("arguments", WRONG_USAGES)
def test_wrong_usage(launch, arguments):
    code, _, errors = launch.run(*arguments.split())
    assert code == WRONG_USAGE and "Usage" in errors


def test_help_has_examples(launch):
    for command in [
        ["serve"], ["sandbox"], ["status"], ["migrate"], ["events", "list"], ["events", "show"], ["events", "replay"],
        ["explain"], ["demo"], ["backup"], ["doctor"],
    ]:
        code, output, _ = launch.run(*command, "--help")
        assert code == 0 and f"Example: portald {' '.join(command)}" in " ".join(output.split()), command
