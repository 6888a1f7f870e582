"""The real program, started as an operator would start it."""
import fcntl
import os
import re
import signal
import subprocess
import threading

import requests

from .confidential import confidential
from .mirror import mark_filled
from .settings import STRIPE_SECRET_KEY, WEBHOOK_SECRET, daemon_settings
from .signing import sign
from .waiting import DEADLINE, eventually

LISTENING = re.compile(r"listening.*address=(127\.0\.0\.1:\d+)$")
ADMIN_LISTENING = re.compile(r"listening.*address=(127\.0\.0\.1:\d+) listener=admin$")
# Where systemd puts the sockets that it hands over.
FIRST_SOCKET = 3
# What systemd sets for a unit; all else that the daemon is started with is a setting.
UNIT_VARIABLES = {"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "RUNTIME_DIRECTORY", "WATCHDOG_USEC"}
FILLED = re.compile(r"the mirror is filled .*seconds=")


def write_config(path, settings):
    """Writes a file for --config, in one step."""
    draft = path.with_suffix(".new")
    draft.write_text("".join(f"{name}={value}\n" for name, value in settings.items() if name not in UNIT_VARIABLES))
    draft.rename(path)


class Program:
    """A running portald and all that it has printed."""

    def __init__(self, binary, arguments, settings=None, directory=None, **options):
        # Nothing of the caller's environment reaches the program, so that no setting of theirs does.
        environment = {"PATH": os.environ["PATH"], "SWIFT_BACKTRACE": "enable=no"} | (settings or {})
        self.process = subprocess.Popen(
            [binary, *arguments],
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
        self.name = " ".join(map(str, [os.path.basename(binary), *arguments]))
        confidential.watch(self, environment)
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line.decode("utf-8", "replace"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def log(self):
        with self._changed:
            return "".join(self._lines)

    def wait_for_log(self, pattern):
        """The first match of a pattern in the log; fails where the program ends, or is silent for too long."""
        pattern = re.compile(pattern)

        def match():
            return next(filter(None, map(pattern.search, self._lines)), None)

        with self._changed:
            self._changed.wait_for(lambda: match() or self._ended, DEADLINE)
            found = match()
        assert found, f"no {pattern.pattern!r} in the log:\n{self.log}"
        return found

    def wait(self):
        """The exit code, once the program has ended by itself and its log is complete."""
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Ends the program as systemd does, and returns its exit code."""
        if self.process.poll() is None:
            self.terminate()
        return self.wait()

    def kill(self):
        """Ends the program as the kernel does when memory runs out."""
        self.process.kill()
        self.wait()

    def wait_until_filled(self):
        """Waits until the mirror holds all that Stripe lists: until then a list may overtake an event."""
        self.wait_for_log(FILLED)

    @property
    def is_running(self):
        return self.process.poll() is None


class Parent(Program):
    """A portald that runs other programs, which end with it when the machine is lost."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options, start_new_session=True)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()


class Daemon(Program):
    """`portald serve` on a port of its own."""

    def __init__(self, binary, settings, directory, config=None):
        """With `config`, a file, the settings are in there and the environment has only what is no setting."""
        arguments, environment = ["serve"], settings
        if config:
            arguments += ["--config", str(config)]
            environment = {name: value for name, value in settings.items() if name in UNIT_VARIABLES}
            write_config(config, settings)
        super().__init__(binary, arguments, environment, directory)
        self.settings = settings
        self.database = settings["PORTALD_DATABASE"]
        self.address = self.wait_for_log(LISTENING).group(1)
        self.admin_url = f"http://{self.wait_for_log(ADMIN_LISTENING).group(1)}"
        self.url = f"http://{self.address}"
        self.webhook_url = f"{self.url}/webhooks/stripe"
        self.session = requests.Session()

    def post_webhook(self, body, signature):
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers["Stripe-Signature"] = signature
        return self.session.post(self.webhook_url, data=body, headers=headers, timeout=DEADLINE)

    def deliver(self, body):
        """Delivers an event, signed by the official SDK, and returns its outcome once the daemon has taken it in."""
        response = self.post_webhook(body, sign(body, self.settings["STRIPE_WEBHOOK_SECRET"]))
        assert response.status_code == 200, f"{response.status_code}: {response.text}\n{self.log}"
        answer = response.json()
        assert answer.keys() == {"received", "outcome"} and answer["received"] is True
        return answer["outcome"]


class Supervised(Program):
    """The daemon with sockets that it did not open, as systemd starts it."""

    def __init__(self, binary, settings, directory, sockets):
        def hand_over():
            # First out of each other's way: one may have the number that another is to get.
            copies = [fcntl.fcntl(server, fcntl.F_DUPFD_CLOEXEC, FIRST_SOCKET + len(sockets)) for server in sockets.values()]
            for target, copy in enumerate(copies, FIRST_SOCKET):
                os.dup2(copy, target, inheritable=True)

        variables = {"LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(sockets)}
        super().__init__(
            "sh",
            ["-c", 'LISTEN_PID=$$ exec "$0" serve', binary],
            settings | variables,
            directory,
            preexec_fn=hand_over,
            close_fds=False,
        )
        self.wait_for_log(r"listening.*listener=admin")
        self.wait_for_log(r"listening.*address=\S+$")


class Sandbox(Program):
    """`portald sandbox`, the fake Stripe, on a port of its own."""

    PORTAL_SESSIONS = "POST /v1/billing_portal/sessions"
    OBJECT_READS = ["GET /v1/customers/:id", "GET /v1/subscriptions/:id"]
    LISTS = ["GET /v1/customers", "GET /v1/subscriptions", "GET /v1/events"]
    BASIC = "price_1SandboxBasicMonthly0001"
    TEAM = "price_1SandboxTeamMonthly00002"

    def __init__(self, binary, directory, *arguments, secret_key=STRIPE_SECRET_KEY):
        arguments = ["sandbox", "--listen", "127.0.0.1:0", "--secret-key", secret_key, *arguments]
        super().__init__(binary, arguments, directory=directory)
        self.url = f"http://{self.wait_for_log(LISTENING).group(1)}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {secret_key}"

    def get(self, path, **parameters):
        """An answer of the API as the account's own version renders it."""
        response = self.session.get(self.url + path, params=parameters, timeout=DEADLINE)
        assert response.status_code == 200, response.text
        return response.json()

    def control(self, path, method="POST", /, **form):
        response = self.session.request(method, f"{self.url}/_sandbox{path}", data=form, timeout=DEADLINE)
        assert response.status_code == 200, response.text
        return response.json()

    def forward_to(self, daemon, **options):
        """Sends events from now on to a daemon; returns the endpoint's id."""
        return self.control("/endpoints", url=daemon.webhook_url, secret=WEBHOOK_SECRET, **options)["id"]

    def trouble_portal(self, effect, **options):
        """Has the next call for a portal session go wrong."""
        self.control("/faults/api", path="/v1/billing_portal/sessions", effect=effect, **options)

    def portal_calls(self):
        return self.calls().get(self.PORTAL_SESSIONS, 0)

    def calls(self):
        """Number of API calls by route."""
        return self.control("/calls", "GET")["calls"]

    def object_reads(self):
        """Number of API calls that read one object."""
        calls = self.calls()
        return sum(calls.get(route, 0) for route in self.OBJECT_READS)

    def all(self, path, **parameters):
        """A whole list, newest first."""
        objects, cursor = [], {}
        while True:
            page = self.get(path, limit=100, **parameters, **cursor)
            objects += page["data"]
            if not page["has_more"]:
                return objects
            cursor = {"starting_after": objects[-1]["id"]}

    def events(self):
        """All events, oldest first."""
        return self.all("/v1/events")[::-1]

    def retrieve(self, identifier):
        """A customer, or a subscription with all its items."""
        if identifier.startswith("cus_"):
            return self.get(f"/v1/customers/{identifier}")
        subscription = self.get(f"/v1/subscriptions/{identifier}")
        if subscription["items"]["has_more"]:
            subscription["items"]["data"] = self.all("/v1/subscription_items", subscription=identifier)
            subscription["items"]["has_more"] = False
        return subscription

    def versions(self, identifier, **rendering):
        """Every state that an object has had, oldest first, and whether it was deleted then."""
        versions = self.control(f"/objects/{identifier}/versions", "GET", **rendering)["versions"]
        return [(version["object"], version["deleted"]) for version in versions]

    def wait_until_settled(self, copies=1, drops_count=False, after=0):
        """Waits until every event has been taken in so many times, or dropped, and returns all events.

        The first events may be of a time before there was an endpoint.
        """

        def settled():
            taken = {}
            for attempt in self.control("/deliveries", "GET")["deliveries"]:
                if 200 <= attempt.get("status", 0) < 300 or drops_count and "dropped" in attempt.get("error", ""):
                    taken[attempt["event"]] = taken.get(attempt["event"], 0) + 1
            events = self.events()[after:]
            return all(taken.get(event["id"], 0) >= copies for event in events) and events

        return eventually(settled)


class Launcher:
    """Starts programs in folders of their own and ends those that still run."""

    def __init__(self, binary, make_directory):
        self.binary = binary
        self._make_directory = make_directory
        self._programs = []

    def _launch(self, program):
        self._programs.append(program)
        return program

    def directory(self):
        return self._make_directory()

    def daemon(self, sandbox=None, database=None, filled=None, config=None, **changes):
        """A daemon that fills its mirror from the sandbox; without one the mirror counts as complete.

        With `config` its settings are in that file.
        """
        directory = self.directory()
        database = database or str(directory / "portald.db")
        if filled or filled is None and sandbox is None:
            code, _, errors = self.run("migrate", "--database", database)
            assert code == 0, errors
            mark_filled(database)
        settings = self.settings(sandbox, database, **changes)
        return self._launch(Daemon(self.binary, settings, directory, config))

    @staticmethod
    def settings(sandbox, database, **changes):
        """What a daemon and its commands are started with."""
        return daemon_settings(database=database, stripe=sandbox.url if sandbox else None, **changes)

    def sandbox(self, *arguments, **options):
        return self._launch(Sandbox(self.binary, self.directory(), *arguments, **options))

    def program(self, *arguments, **settings):
        return self._launch(Program(self.binary, arguments, settings, self.directory()))

    def parent(self, *arguments, **settings):
        """A command that runs other programs."""
        return self._launch(Parent(self.binary, arguments, settings, self.directory()))

    def command(self, binary, *arguments):
        """Another program, which starts portald."""
        return self._launch(Program(binary, arguments, directory=self.directory()))

    def supervised(self, settings, sockets):
        """A daemon that is handed its listening sockets, by name."""
        return self._launch(Supervised(self.binary, settings, self.directory(), sockets))

    def run(self, *arguments, **settings):
        """Runs a command to its end: exit code, standard output, standard error."""
        environment = {"PATH": os.environ["PATH"], "SWIFT_BACKTRACE": "enable=no"} | settings
        done = subprocess.run(
            [self.binary, *arguments],
            env=environment,
            cwd=self.directory(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        return done.returncode, done.stdout, done.stderr

    def pair(self, **changes):
        """A sandbox and a daemon that know each other; the mirror is as empty as the account."""
        sandbox = self.sandbox()
        daemon = self.daemon(sandbox, **changes)
        daemon.wait_until_filled()
        sandbox.forward_to(daemon)
        return sandbox, daemon

    def close(self):
        """Ends what still runs, daemons first; every program must end well."""
        codes = {}
        for program in reversed(self._programs):
            if program.is_running:
                codes[" ".join(map(str, program.process.args[1:2]))] = program.stop()
        assert all(code == 0 for code in codes.values()), codes
