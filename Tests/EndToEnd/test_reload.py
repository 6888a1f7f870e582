"""SIGHUP: settings are read anew, as a whole or not at all, and nobody's connection notices."""
import hashlib
import http.client
import json
import os
import signal
import sqlite3
import stat
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from support import events
from support.issuer import Introspection, Issuer, Key
from support.programs import write_config
from support.receiver import Receiver
from support.settings import FRONTEND, JWT_SECRET, WEBHOOK_SECRET
from support.signing import sign
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

SUBSCRIPTIONS = "/api/subscriptions/user/"
ROUTE = "route=/api/subscriptions/user "
NEW_WEBHOOK_SECRET = "whsec_EndToEndSecretThatTheFirstIsRolledTo"
NEW_JWT_SECRET = "another-end-to-end-secret-of-the-token-issuer-0123456789"
OTHER_ORIGIN = "https://other.example.com"


class World:
    """A daemon whose settings are in a file, and a user."""

    def __init__(self, launch, **changes):
        directory = launch.directory()
        self.config = directory / "portald.env"
        self.daemon = launch.daemon(config=self.config, RUNTIME_DIRECTORY=str(directory), **changes)
        self.outcome = directory / "reload"
        self.settings = self.daemon.settings
        self.user = User()

    def write(self, **changes):
        """Changes settings in the file; None removes one."""
        changed = self.settings | changes
        self.settings = {name: value for name, value in changed.items() if value is not None}
        write_config(self.config, self.settings)

    def reload(self, **changes):
        """Writes settings, signals, and returns what the daemon says became of it."""
        self.write(**changes)
        self.outcome.unlink(missing_ok=True)
        self.signal()
        eventually(self.outcome.exists)
        return self.outcome.read_text().strip()

    def signal(self):
        self.daemon.process.send_signal(signal.SIGHUP)

    def deliver(self, *secrets):
        """The status that a delivery is answered with that each of the secrets has signed."""
        body = events.text(events.event("price.created", {"id": "price_1", "object": "price"}))
        now = int(time.time())
        signatures = [sign(body, secret, now).split(",")[1] for secret in secrets]
        return self.daemon.post_webhook(body, f"t={now}," + ",".join(signatures)).status_code

    def ask(self, token=None, origin=None):
        headers = bearer(token or self.user.token()) | ({"Origin": origin} if origin else {})
        return requests.get(self.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE)


@pytest.fixture
def start():
    servers = []

    def start(server):
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def test_a_webhook_secret_is_rolled(launch):
    world = World(launch)
    assert world.deliver(WEBHOOK_SECRET) == 200
    assert world.deliver(NEW_WEBHOOK_SECRET) == 400
    assert world.reload(STRIPE_WEBHOOK_SECRET=f"{NEW_WEBHOOK_SECRET},{WEBHOOK_SECRET}") == "applied"
    for secrets in [[WEBHOOK_SECRET], [NEW_WEBHOOK_SECRET], [WEBHOOK_SECRET, NEW_WEBHOOK_SECRET]]:
        assert world.deliver(*secrets) == 200
    assert world.reload(STRIPE_WEBHOOK_SECRET=NEW_WEBHOOK_SECRET) == "applied"
    assert world.deliver(WEBHOOK_SECRET) == 400
    assert world.deliver(NEW_WEBHOOK_SECRET) == 200
    world.daemon.wait_for_log("changed=STRIPE_WEBHOOK_SECRET")
    for secret in [WEBHOOK_SECRET, NEW_WEBHOOK_SECRET]:
        assert secret not in world.daemon.log


def test_token_secret_and_origins_change_on_a_connection_that_stays(launch):
    world = World(launch)
    connection = http.client.HTTPConnection(world.daemon.address, timeout=DEADLINE)
    connection.connect()
    # From here on it fails rather than to connect again.
    connection.auto_open = False

    def ask(token):
        connection.request("GET", SUBSCRIPTIONS, headers=bearer(token) | {"Origin": OTHER_ORIGIN})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers["Access-Control-Allow-Origin"]

    assert ask(world.user.token()) == (200, None)
    assert world.reload(PORTALD_JWT_SECRET=NEW_JWT_SECRET, PORTALD_ALLOWED_ORIGINS=OTHER_ORIGIN) == "applied"
    assert ask(world.user.token()) == (401, OTHER_ORIGIN)
    assert ask(world.user.token(NEW_JWT_SECRET)) == (200, OTHER_ORIGIN)
    connection.close()


def test_steady_requests_do_not_fail(launch):
    world = World(launch)
    failures, answered, stopped = [], [], threading.Event()

    def ask():
        while not stopped.is_set():
            try:
                status = requests.get(
                    world.daemon.url + SUBSCRIPTIONS, headers=bearer(world.user.token()), timeout=DEADLINE
                ).status_code
                (answered if status == 200 else failures).append(status)
            except requests.RequestException as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            before = len(answered)
            assert world.reload(PORTALD_ALLOWED_ORIGINS=f"https://app{number}.example.com") == "applied"
            eventually(lambda: len(answered) > before + 4 or failures)
    finally:
        stopped.set()
        for thread in threads:
            thread.join(DEADLINE)
    assert not failures


FAULTS = {
    "a blank secret": ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
    "a short token secret": ({"PORTALD_JWT_SECRET": "short"}, "PORTALD_JWT_SECRET"),
    "no frontend": ({"FRONTEND_URL": None}, "FRONTEND_URL is not set"),
    "a key file that is not there": ({"PORTALD_JWT_PUBLIC_KEY": "/nowhere/key.pem"}, "PORTALD_JWT_PUBLIC_KEY"),
    "a key set that nobody serves": ({"PORTALD_JWKS": "http://127.0.0.1:9/jwks.json"}, "PORTALD_JWKS cannot be used"),
    "a fault in what needs a restart": ({"PORTALD_STRIPE_RATE": "1000"}, "PORTALD_STRIPE_RATE"),
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.values(), ids=FAULTS)
def test_faulty_settings_are_refused_as_a_whole(launch, fault, words):
    directory = launch.directory()
    receiver = Receiver(str(directory / "notify"))
    world = World(launch, NOTIFY_SOCKET=str(directory / "notify"))
    receiver.wait_for("READY=1")
    # What is right about them does not come into force either.
    outcome = world.reload(PORTALD_ALLOWED_ORIGINS=OTHER_ORIGIN, **fault)
    assert outcome.startswith("refused: ") and words in outcome
    assert words in world.daemon.wait_for_log("error .*the reload is refused.*").group()
    assert world.deliver(WEBHOOK_SECRET) == 200
    answer = world.ask(origin=OTHER_ORIGIN)
    assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
    said = receiver.wait_for("STATUS=")
    assert said[0] == "RELOADING=1" and "READY=1" in said
    assert "The last reload was refused" in said[-1]
    assert not any(name in line for line in said for name in fault)

    # Once they are mended, nothing is left of it.
    mended = dict.fromkeys(fault) | {name: value for name, value in world.daemon.settings.items() if name in fault}
    assert world.reload(**mended) == "applied"
    assert world.ask(origin=OTHER_ORIGIN).headers["Access-Control-Allow-Origin"] == OTHER_ORIGIN
    assert receiver.wait_for("STATUS=")[-1] == "STATUS=Serving, test mode."


def test_a_file_that_is_gone_or_no_settings_is_refused(launch):
    world = World(launch)
    world.config.unlink()
    world.signal()
    assert "cannot be read" in world.daemon.wait_for_log(r"refused.*").group()
    world.config.write_text("not a setting\n")
    world.signal()
    world.daemon.wait_for_log("is not NAME=value")
    assert world.ask().status_code == 200
    assert world.reload() == "applied"


def test_the_log_level_changes(launch):
    world = World(launch)
    logged = [world.daemon.log.count(ROUTE)]
    for level, lines in [("info", 1), ("warning", 0), ("info", 1), ("error", 0), ("debug", 1)]:
        assert world.reload(PORTALD_LOG_LEVEL=level) == "applied"
        world.ask()
        logged.append(logged[-1] + lines)
        # The line may follow the answer, and must not meet the next level.
        eventually(lambda: world.daemon.log.count(ROUTE) >= logged[-1])
    world.daemon.wait_for_log("changed=PORTALD_LOG_LEVEL")
    # What is answered last is logged last, so nothing is on its way any more.
    assert world.daemon.log.count(ROUTE) == logged[-1]


def test_what_needs_a_restart_is_said_until_there_is_one(launch):
    world = World(launch)
    warning = "take effect at the next restart only.*settings=PORTALD_STRIPE_RATE,STRIPE_SECRET_KEY"
    changes = {"PORTALD_STRIPE_RATE": "5", "STRIPE_SECRET_KEY": "sk_live_51AnotherKeyOfTheOtherMode"}
    assert world.reload(**changes) == "applied"
    world.daemon.wait_for_log(warning)
    # The mode goes with the key, so test-mode events are still the mirror's own.
    assert world.daemon.deliver(events.text(events.event("customer.created", events.customer("cus_1")))) == "applied"
    assert world.reload() == "applied"
    eventually(lambda: world.daemon.log.count("take effect at the next restart only") == 2)
    assert world.reload(**{name: world.daemon.settings.get(name) for name in changes}) == "applied"
    assert world.daemon.log.count("take effect at the next restart only") == 2
    assert "sk_live_51AnotherKey" not in world.daemon.log


def test_another_issuer(launch, start):
    old, new = Key("old"), Key("new")
    first, second = start(Issuer(old)), start(Issuer(new))
    world = World(launch, PORTALD_JWKS=first.url)
    eventually(lambda: world.ask(old.token(world.user)).status_code == 200)
    assert world.reload(PORTALD_JWKS=second.url) == "applied"
    assert world.ask(old.token(world.user)).status_code == 401
    assert world.ask(new.token(world.user)).status_code == 200


def test_a_key_that_an_issuer_withdraws_is_gone_with_a_reload(launch, start):
    old, new = Key("old"), Key("new")
    issuer = start(Issuer(old))
    world = World(launch, PORTALD_JWKS=issuer.url)
    eventually(lambda: world.ask(old.token(world.user)).status_code == 200)
    issuer.publish(new)
    assert world.reload() == "applied"
    assert world.ask(new.token(world.user)).status_code == 200
    assert world.ask(old.token(world.user)).status_code == 401
    # An issuer that is down does not turn good settings into bad ones.
    issuer.stop()
    assert world.reload() == "applied"
    assert world.ask(new.token(world.user)).status_code == 200


def test_the_credentials_of_introspection_change(launch, start):
    endpoint = start(Introspection())
    right, wrong = endpoint.settings, {"PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": "the one before the endpoint's was rolled"}
    world = World(launch, PORTALD_SESSION_COOKIE="__Host-session", **right | wrong)

    def ask(session):
        # Another session each time, because an answer about one is kept for a while.
        endpoint.sessions[session] = {"active": True, "sub": world.user.id}
        headers = {"Cookie": f"__Host-session={session}", "Origin": FRONTEND}
        return requests.get(world.daemon.url + SUBSCRIPTIONS, headers=headers, timeout=DEADLINE).status_code

    assert ask("before") == 503
    assert world.reload(**right) == "applied"
    assert ask("after") == 200
    world.daemon.wait_for_log("changed=PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET")
    # A secret that is gone is a fault of the settings, and the one before stays in force.
    outcome = world.reload(PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET=None)
    assert outcome.startswith("refused: PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET is not set")
    assert ask("refused") == 200
    # Whoever is signed out by the settings is so at once.
    assert world.reload(**dict.fromkeys(["PORTALD_SESSION_COOKIE", *right])) == "applied"
    assert ask("refused") == 401
    for secret in [*wrong.values(), Introspection.SECRET]:
        assert secret not in world.daemon.log


def test_systemd_is_told(launch):
    directory = launch.directory()
    receiver = Receiver(str(directory / "notify"))
    world = World(launch, NOTIFY_SOCKET=str(directory / "notify"))
    receiver.wait_for("READY=1")
    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    assert world.reload(PORTALD_LOG_LEVEL="notice") == "applied"
    after = time.clock_gettime(time.CLOCK_MONOTONIC)
    said = receiver.wait_for("READY=1")
    assert said[0] == "RELOADING=1"
    name, microseconds = said[1].split("=")
    assert name == "MONOTONIC_USEC" and before <= int(microseconds) / 1e6 <= after
    assert said[2:] == ["READY=1", "STATUS=Serving, test mode."]


def test_many_signals_at_once(launch):
    world = World(launch)
    world.write(PORTALD_ALLOWED_ORIGINS=OTHER_ORIGIN)
    for _ in range(100):
        world.signal()
    eventually(lambda: "Access-Control-Allow-Origin" in world.ask(origin=OTHER_ORIGIN).headers)
    assert world.reload(PORTALD_ALLOWED_ORIGINS=None) == "applied"
    assert world.daemon.is_running


def test_a_signal_during_the_start_or_the_stop_ends_nothing(launch):
    """From the first line in the log on; what is changed since then is in force once the daemon serves."""
    directory = launch.directory()
    world = World(launch)
    assert world.daemon.stop() == 0
    program = launch.program("serve", "--config", str(world.config), RUNTIME_DIRECTORY=str(directory))
    program.wait_for_log("starting")
    for _ in range(5):
        program.process.send_signal(signal.SIGHUP)
    program.wait_for_log("reloaded")
    program.wait_for_log(r"listening.*address=\S+$")
    program.terminate()
    while program.is_running:
        try:
            os.kill(program.process.pid, signal.SIGHUP)
        except ProcessLookupError:
            break
    assert program.wait() == 0


def test_secrets_that_the_reload_script_has_copied(launch):
    """In place of those that systemd gave at the start, also where one is gone."""
    credentials = launch.directory()
    secrets = {"portald_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET, "portald_PORTALD_JWT_SECRET": JWT_SECRET}
    for name, value in secrets.items():
        (credentials / name).write_text(value + "\n")
    world = World(
        launch,
        CREDENTIALS_DIRECTORY=str(credentials),
        STRIPE_WEBHOOK_SECRET="whsec_EndToEndSecretThatTheCredentialHides",
    )
    assert world.deliver(WEBHOOK_SECRET) == 200
    assert world.ask().status_code == 200
    copied = world.outcome.parent / "credentials"
    copied.mkdir()
    (copied / "STRIPE_WEBHOOK_SECRET").write_text(NEW_WEBHOOK_SECRET)
    world.settings.pop("PORTALD_JWT_SECRET")
    outcome = world.reload()
    assert "PORTALD_JWT_SECRET" in outcome, "the one that is gone is gone"
    (copied / "PORTALD_JWT_SECRET").write_text(NEW_JWT_SECRET)
    assert world.reload() == "applied"
    assert world.deliver(NEW_WEBHOOK_SECRET) == 200 and world.deliver(WEBHOOK_SECRET) == 400
    assert world.ask(world.user.token(NEW_JWT_SECRET)).status_code == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd runs the script as root")
def test_the_script_of_systemctl_reload(launch):
    world = World(launch)
    credentials = launch.directory()
    script = Path(__file__).resolve().parents[2] / "systemd/reload"
    variables = {"RUNTIME_DIRECTORY": str(world.outcome.parent), "MAINPID": str(world.daemon.process.pid)}

    def reload(secret):
        (credentials / "STRIPE_WEBHOOK_SECRET").write_text(secret)
        return subprocess.run(
            [script, credentials], env={"PATH": os.environ["PATH"]} | variables, capture_output=True, text=True, timeout=DEADLINE
        )

    done = reload(NEW_WEBHOOK_SECRET + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    # Nothing to wait for: what the script says has come true.
    assert world.deliver(NEW_WEBHOOK_SECRET) == 200 and world.deliver(WEBHOOK_SECRET) == 400
    copied = world.outcome.parent / "credentials"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (copied, copied / "STRIPE_WEBHOOK_SECRET")] == [0o700, 0o600]
    done = reload("")
    assert done.returncode == 1 and "refused: STRIPE_WEBHOOK_SECRET is blank" in done.stderr
    assert world.deliver(NEW_WEBHOOK_SECRET) == 200


def test_the_rotation_is_told_of(launch):
    world = World(launch)
    fingerprint = lambda secret: hashlib.sha256(secret.encode()).hexdigest()[:8]
    old, new = fingerprint(WEBHOOK_SECRET), fingerprint(NEW_WEBHOOK_SECRET)
    database = {"PORTALD_DATABASE": world.daemon.database}

    def standings():
        code, output, errors = launch.run("status", "--json", **database)
        assert code == 0, errors
        return {secret["fingerprint"]: secret["standing"] for secret in json.loads(output)["webhook_secrets"]}

    assert standings() == {old: "unused"}
    assert world.deliver(WEBHOOK_SECRET) == 200
    assert standings() == {old: "in_use"}
    assert world.reload(STRIPE_WEBHOOK_SECRET=f"{NEW_WEBHOOK_SECRET},{WEBHOOK_SECRET}") == "applied"
    assert standings() == {new: "unused", old: "in_use"}
    # Stripe rolls, and signs with both; a day goes by.
    assert world.deliver(WEBHOOK_SECRET, NEW_WEBHOOK_SECRET) == 200
    age(world, "last_needed_at")
    assert standings() == {new: "overlapping", old: "overlapping"}
    assert world.deliver(NEW_WEBHOOK_SECRET) == 200
    assert standings() == {new: "in_use", old: "overlapping"}
    age(world, "last_used_at", old)
    assert standings() == {new: "in_use", old: "safe_to_remove"}
    _, text, _ = launch.run("status", **database)
    assert f"{old}  safe to remove" in text and f"{new}  in use, last on" in text
    page = requests.get(world.daemon.admin_url, timeout=DEADLINE).text
    assert old in page and "safe to remove" in page
    assert WEBHOOK_SECRET not in page + text and NEW_WEBHOOK_SECRET not in page + text
    assert world.reload(STRIPE_WEBHOOK_SECRET=NEW_WEBHOOK_SECRET) == "applied"
    assert standings() == {new: "in_use"}


def age(world, column, secret=None):
    """Puts a time a day back."""
    with closing(sqlite3.connect(world.daemon.database, timeout=DEADLINE)) as connection, connection:
        condition = f"WHERE fingerprint = '{secret}'" if secret else ""
        connection.execute(f"UPDATE webhook_secrets SET {column} = {column} - 86400 {condition}")
