"""More than one machine: a primary, nodes that follow it, and the replica between them."""
import sys
from pathlib import Path

import requests

from .account import Account
from .mirror import Mirror
from .sftp import SFTPServer
from .users import bearer
from .waiting import DEADLINE, eventually, eventually_passes
from .wire import Wire

# Installed from PyPI beside the tests' other packages.
LITESTREAM = Path(sys.executable).parent / "litestream"
PORTAL = "/api/subscriptions/user/billing-portal/"
SUBSCRIPTIONS = "/api/subscriptions/user/"
LAG = "Portald-Mirror-Lag"
# Seconds; the primary gives a sign of life each second.
MAX_STALENESS = 6
SUPERSEDED = 5
CONFIGURATION = """\
dbs:
  - path: ${{PORTALD_DATABASE}}
    monitor-interval: {interval}
    replica:
      {place}
      sync-interval: {interval}
"""


class Replica:
    """A folder, which machines reach over SFTP, each by a wire of its own."""

    def __init__(self, launch, folder=None):
        self.folder = folder or launch.directory() / "replica"
        self._server = SFTPServer(launch)
        self._wires = []

    def wire(self):
        self._wires.append(Wire(self._server.address))
        return self._wires[-1]

    def configuration(self, address):
        lines = [
            "type: sftp",
            f"host: {address}",
            f"user: {self._server.user}",
            f"key-path: {self._server.key}",
            f"host-key: {self._server.host_key}",
            f"path: {self.folder}/${{PORTALD_REPLICA}}",
        ]
        return CONFIGURATION.format(place="\n      ".join(lines), interval="100ms")

    def close(self):
        for wire in self._wires:
            wire.close()


class Machine:
    """Where a daemon runs, and what runs Litestream beside it."""

    def __init__(self, cluster, **settings):
        self._launch = cluster.launch
        self._cluster = cluster
        self.directory = self._launch.directory()
        self.database = str(self.directory / "portald.db")
        self.mirror = Mirror(self.database)
        self.wire = cluster.replica.wire()
        self._address = "127.0.0.1:0"
        self._role = "primary"
        configuration = self.directory / "litestream.yml"
        configuration.write_text(cluster.replica.configuration(self.wire.address))
        self.settings = {
            "PORTALD_LITESTREAM": str(LITESTREAM),
            "PORTALD_LITESTREAM_CONFIG": str(configuration),
            "PORTALD_MAX_STALENESS": str(MAX_STALENESS),
            "PORTALD_VERIFY_SHARE": "0",
            "PORTALD_STRIPE_RATE": "100",
            "PORTALD_PORTAL_RATE": "10000/1s",
            **settings,
        }
        self.daemon = None
        self.companion = None

    @property
    def environment(self):
        """What an operator's shell on this machine has set."""
        settings = self.settings | {"PORTALD_ROLE": self._role, "PORTALD_LISTEN": self._address}
        return self._launch.settings(self._cluster.sandbox, self.database, **settings)

    def serve(self, role="primary"):
        """Starts the daemon, where it was before if it ran already."""
        self._role = role
        changes = {"PORTALD_ROLE": role, "PORTALD_LISTEN": self._address}
        self.daemon = self._launch.daemon(self._cluster.sandbox, self.database, **self.settings | changes)
        self._address = self.daemon.address
        return self.daemon

    def replicate(self):
        self.companion = self._launch.parent("replicate", **self.environment)
        self.companion.wait_for_log("replicating")

    def follow(self):
        """Starts to follow; the name leads to a file of its own from then on."""
        self.start_following().wait_for_log(r"following.*epoch=\d+")

    def start_following(self):
        """Starts to follow, whether there is anything to follow or not."""
        self.companion = self._launch.parent("follow", **self.environment)
        return self.companion

    def run(self, *arguments):
        """Runs a command to its end: exit code, standard output, standard error."""
        return self._launch.run(*arguments, **self.environment)

    def promote(self):
        code, output, errors = self.run("promote")
        assert code == 0, (output, errors)
        return output

    def kill(self):
        """The machine is gone, without a word."""
        self.daemon.kill()
        self.companion.kill()

    def stop(self):
        """Ends what runs, the daemon last, as it should be."""
        assert [self.companion.stop(), self.daemon.stop()] == [0, 0]

    # What users and load balancers see.

    def click(self, user, **parameters):
        """The answer to a click on the portal's button."""
        headers = bearer(user.token())
        return requests.post(self.daemon.url + PORTAL, headers=headers, params=parameters, timeout=DEADLINE)

    def subscriptions(self, user, **parameters):
        headers = bearer(user.token())
        return requests.get(self.daemon.url + SUBSCRIPTIONS, headers=headers, params=parameters, timeout=DEADLINE)

    def readiness(self):
        headers = {"Accept": "application/json"}
        answer = requests.get(f"{self.daemon.admin_url}/readyz", headers=headers, timeout=DEADLINE)
        return answer.status_code, answer.json()

    def wait_until_ready(self):
        eventually(lambda: self.readiness()[0] == 200, lambda: self.readiness())

    def wait_until_stale(self):
        """Waits until the primary's last sign of life is too old, and nothing else is wrong."""

        def is_stale():
            status, checks = self.readiness()
            return status == 503 and checks["failing"] == ["replication"]

        eventually(is_stale, lambda: self.readiness())

    def wait_until_active(self, user):
        """Waits until the user's purchase is known here."""
        eventually(lambda: self.subscriptions(user).json().get("active"), lambda: self.subscriptions(user).text)

    def rows(self, sql, *parameters):
        """Rows of the mirror as `portald` reads them, wherever the name leads."""
        return Mirror(self.database).rows(sql, *parameters)


class Cluster:
    """Machines with one account at Stripe and one replica."""

    def __init__(self, launch, replica=None):
        self.launch = launch
        self.sandbox = launch.sandbox()
        self.account = Account(self.sandbox)
        self.replica = replica or Replica(launch)
        self._endpoint = None

    def primary(self, forwards=True, **settings):
        """A machine that takes in events, by default the sandbox's own deliveries, and replicates."""
        machine = Machine(self, **settings)
        machine.serve().wait_until_filled()
        if forwards:
            self._endpoint = self.sandbox.forward_to(machine.daemon)
        machine.replicate()
        return machine

    def node(self, **settings):
        """A machine that follows, and serves what it has."""
        machine = Machine(self, **settings)
        machine.follow()
        machine.serve("portal")
        machine.wait_until_ready()
        return machine

    def redirect(self, machine):
        """Has Stripe send events to another machine, as in its dashboard: also those that it tries again."""
        endpoint = f"{self.sandbox.url}/v1/webhook_endpoints/{self._endpoint}"
        answer = self.sandbox.session.post(endpoint, data={"url": machine.daemon.webhook_url}, timeout=DEADLINE)
        assert answer.status_code == 200, answer.text

    def take_over(self, machine):
        """Makes a primary of a node; returns what the command said."""
        assert machine.companion.stop() == 0
        output = machine.promote()
        assert machine.daemon.stop() == 0
        machine.serve("primary")
        machine.replicate()
        self.redirect(machine)
        return output

    def close(self):
        self.replica.close()

    def acknowledged(self):
        """Ids of the events that were answered 200."""
        deliveries = self.sandbox.control("/deliveries", "GET")["deliveries"]
        return {attempt["event"] for attempt in deliveries if attempt.get("status") == 200}

    def check_equals_stripe(self, machine):
        """Waits until all rows are Stripe's objects, and no others; returns how many there are."""

        def check():
            objects = {
                "customers": {shown["id"]: shown for shown in self.sandbox.all("/v1/customers")},
                "subscriptions": {shown["id"]: shown for shown in self.sandbox.all("/v1/subscriptions", status="all")},
            }
            for table, shown in objects.items():
                rows = {row["id"]: row for row in machine.rows(f"SELECT * FROM {table} WHERE NOT deleted")}
                assert rows.keys() == shown.keys()
                for identifier, row in rows.items():
                    assert row["confirmed"] and Mirror.is_same(row, shown[identifier]), identifier
            return sum(map(len, objects.values()))

        return eventually_passes(check)
