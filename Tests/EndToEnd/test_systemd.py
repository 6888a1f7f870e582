"""What the daemon and systemd say to each other: readiness, signs of life, and sockets that outlive a restart."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
import requests

from support import events
from support.account import Account
from support.addresses import free_address
from support.mirror import Mirror
from support.receiver import Receiver
from support.settings import WEBHOOK_SECRET, daemon_settings
from support.signing import sign
from support.users import User, bearer
from support.waiting import DEADLINE, eventually

PORTAL = "/api/subscriptions/user/billing-portal/"
RESTARTS = 20
# Stripe tries for days; a daemon that is going may still take one connection and close it.
ATTEMPTS = 3
# Seconds that a client waits for an answer before it tries again.
PATIENCE = 20
# A second, of webhooks and of clicks.
RATES = {"webhook": 40, "portal": 10}


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_is_told_what_happens(launch, is_abstract):
    directory = launch.directory()
    name = f"portald-{os.getpid()}"
    receiver = Receiver("\0" + name if is_abstract else str(directory / "notify"))
    daemon = launch.daemon(NOTIFY_SOCKET="@" + name if is_abstract else str(directory / "notify"), WATCHDOG_USEC="300000")
    said = receiver.wait_for("READY=1")
    assert receiver.wait_for("WATCHDOG=1")
    # Both listeners are there by now.
    for url in (daemon.url + "/healthz", daemon.admin_url + "/readyz"):
        assert requests.get(url, timeout=DEADLINE).status_code == 200
    assert "STATUS=Serving, test mode." in said
    # A start that takes long is not given up.
    assert said.index("EXTEND_TIMEOUT_USEC=60000000") < said.index("READY=1")
    assert not any(line.startswith("EXTEND") for line in said[said.index("READY=1"):])
    for _ in range(5):
        receiver.wait_for("WATCHDOG=1")
    daemon.process.send_signal(signal.SIGTERM)
    assert any(line.startswith("STATUS=Stopping") for line in receiver.wait_for("STOPPING=1"))
    assert daemon.wait() == 0


def test_the_watchdog_of_another_process_gets_no_sign(launch):
    receiver = Receiver(str(launch.directory() / "notify"))
    path = receiver.socket.getsockname()
    daemon = launch.daemon(NOTIFY_SOCKET=path, WATCHDOG_USEC="3000", WATCHDOG_PID="1")
    receiver.wait_for("READY=1")
    daemon.process.send_signal(signal.SIGTERM)
    assert "WATCHDOG=1" not in receiver.wait_for("STOPPING=1")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"NOTIFY_SOCKET": "relative"}, "neither a path nor an abstract name"),
        ({"LISTEN_FDS": "1"}, "is no socket that listens"),
        ({"LISTEN_FDS": "9"}, "takes one or two sockets"),
        ({"LISTEN_FDS": "2", "LISTEN_FDNAMES": "public:public"}, "two sockets are called 'public'"),
    ],
)
def test_what_cannot_be_from_systemd_is_refused(launch, environment, words):
    settings = daemon_settings(str(launch.directory() / "portald.db")) | {"PATH": os.environ["PATH"]} | environment
    # The variables count only with the process's own number.
    command = ["sh", "-c", 'LISTEN_PID=$$ exec "$0" serve', str(launch.binary)]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=DEADLINE, close_fds=True)
    assert done.returncode == 78, done.stderr
    assert words in done.stderr


def listening_socket():
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    return server, "127.0.0.1:{}".format(server.getsockname()[1])


class Client(threading.Thread):
    """Sends at a steady rate over a connection that it keeps, and again what got no answer."""

    def __init__(self, address, rate, request):
        super().__init__()
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        self.rate = rate
        self.request = request
        self.sent = self.retried = self.unanswered = 0
        self.longest = 0
        self.failures = []
        self.is_stopped = threading.Event()

    def run(self):
        begin = time.monotonic()
        while not self.is_stopped.wait(max(0, begin + self.sent / self.rate - time.monotonic())):
            self.sent += 1
            started = time.monotonic()
            arguments = self.request(self.sent)
            failures = []
            while len(failures) < ATTEMPTS and (failure := self.attempt(arguments)):
                failures.append(failure)
            self.retried += bool(failures)
            if len(failures) == ATTEMPTS:
                self.failures.append(failures)
            self.longest = max(self.longest, time.monotonic() - started)

    def attempt(self, arguments):
        """Why it did not succeed, or nothing."""
        try:
            self.connection.request(*arguments)
            response = self.connection.getresponse()
            body = response.read()
            return None if response.status == 200 else f"{response.status} {body}"
        except (OSError, http.client.HTTPException) as error:
            self.unanswered += isinstance(error, TimeoutError)
            self.connection.close()
            return repr(error)


def test_restarts_under_load_lose_nothing(launch, report):
    sandbox = launch.sandbox()
    user = User()
    Account(sandbox).add_subscriber(user)
    database = str(launch.directory() / "portald.db")
    settings = daemon_settings(database, sandbox.url, PORTALD_PORTAL_RATE="10000/1s", PORTALD_STRIPE_RATE="100")
    (public, address), (admin, _) = listening_socket(), listening_socket()
    start = lambda: launch.supervised(settings, {"public": public, "admin": admin})
    daemon = start()
    daemon.wait_until_filled()

    def webhook(number):
        body = json.dumps(events.event("customer.created", events.customer(f"cus_{threading.get_ident()}_{number}")))
        return "POST", "/webhooks/stripe", body, {"Stripe-Signature": sign(body, WEBHOOK_SECRET)}

    def click(_):
        return "POST", PORTAL, None, bearer(user.token()) | {"Content-Length": "0"}

    kinds = {"webhook": webhook, "portal": click}
    clients = {kind: [Client(address, RATES[kind] / 2, request) for _ in range(2)] for kind, request in kinds.items()}
    everybody = [client for group in clients.values() for client in group]
    for client in everybody:
        client.start()

    def everybody_is_served():
        assert daemon.is_running, daemon.log
        return all(client.sent > count + 2 for client, count in zip(everybody, counts))

    try:
        for _ in range(RESTARTS):
            counts = [client.sent for client in everybody]
            eventually(everybody_is_served, lambda: f"from {counts} to {[client.sent for client in everybody]}:\n{daemon.log}")
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.wait() == 0
            daemon = start()
    finally:
        for client in everybody:
            client.is_stopped.set()
        for client in everybody:
            client.join()
    assert [failure for client in everybody for failure in client.failures] == []
    delivered = sum(client.sent for client in clients["webhook"])
    taken_in = Mirror(database).rows("SELECT count(*) AS events FROM events WHERE id LIKE 'evt_1EndToEnd%'")
    assert taken_in == [{"events": delivered}]
    sent = ", ".join(f"{sum(client.sent for client in group)} {kind}" for kind, group in clients.items())
    retried = sum(client.retried for client in everybody)
    unanswered = sum(client.unanswered for client in everybody)
    longest = max(client.longest for client in everybody)
    report(
        f"{RESTARTS} restarts under load: {sent} requests sent, {retried} sent again, {unanswered} of them after {PATIENCE} s, "
        f"0 failed; longest wait {longest:.2f} s"
    )


def test_a_unix_socket_and_one_of_ipv6_are_taken(launch):
    path = str(launch.directory() / "public")
    public = socket.socket(socket.AF_UNIX)
    public.bind(path)
    public.listen()
    admin = socket.create_server(("::1", 0), family=socket.AF_INET6)
    settings = daemon_settings(str(launch.directory() / "portald.db"))
    daemon = launch.supervised(settings, {"public": public, "admin": admin})
    port = admin.getsockname()[1]
    # The log has the address as a client would write it.
    daemon.wait_for_log(rf"listening.*address=\[::1\]:{port} listener=admin$")
    daemon.wait_for_log(rf"listening.*address={path}$")
    connection = http.client.HTTPConnection("localhost", timeout=DEADLINE)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    assert (answer.status, answer.read().strip()) == (200, b"ok")
    connection.close()
    assert answers(f"http://[::1]:{port}/readyz", statuses=(200, 503))
    assert daemon.stop() == 0
    # The socket is systemd's: the daemon takes its file away neither at the start nor at the end.
    assert os.path.exists(path)


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="there is no systemd-socket-activate here")
def test_systemds_own_tool_hands_the_sockets_over(launch):
    settings = daemon_settings(str(launch.directory() / "portald.db"))
    addresses = [free_address(), free_address()]
    # It passes on only what it is told to.
    passed = [f"--setenv={name}={value}" for name, value in settings.items()]
    listens = [f"--listen={address}" for address in addresses]
    command = [*passed, *listens, "--fdname=public:admin", str(launch.binary), "serve"]
    program = launch.command("systemd-socket-activate", *command)
    program.wait_for_log("Listening on")
    assert eventually(lambda: answers(f"http://{addresses[0]}/healthz"))
    assert answers(f"http://{addresses[1]}/readyz", statuses=(200, 503))


def answers(url, statuses=(200,)):
    try:
        return requests.get(url, timeout=DEADLINE).status_code in statuses
    except requests.ConnectionError:
        return False
