"""What a primary with portal nodes bears, and what the loss of the primary costs. Run by hand, with the release binary:

    PORTALD_BINARY=.build/release/portald .build-venv/bin/python Tests/Benchmarks/failover.py

A primary, two nodes and a standby, each with Litestream, a replica over SFTP or in a folder, the sandbox as Stripe, a process
that changes the account and delivers the events, again where they are not acknowledged, and one that clicks on every node:
all on this machine. The lag counts from the answer to the webhook, which the primary gives after the commit.
"""
import argparse
import os
import pathlib
import signal
import statistics
import sys
import tempfile
import time
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EndToEnd"))

from failover_load import Clicks, Stripe  # noqa: E402
from support.programs import Launcher  # noqa: E402
from support.replication import CONFIGURATION, Cluster, Replica  # noqa: E402
from support.users import User  # noqa: E402

# The defaults of the daemon; sweeps are left to their interval.
MAX_STALENESS = "60"


class Direct(Replica):
    """Over SFTP, without a wire that can be cut."""

    def __init__(self, launch, interval):
        super().__init__(launch)
        self._interval = interval

    def wire(self):
        return SimpleNamespace(address=self._server.address)

    def configuration(self, address):
        return super().configuration(address).replace("interval: 100ms", f"interval: {self._interval}")


class Folder:
    """A folder that the machines share."""

    def __init__(self, launch, interval):
        self.folder = launch.directory() / "replica"
        self._interval = interval

    def wire(self):
        return SimpleNamespace(address=None)

    def configuration(self, _):
        return CONFIGURATION.format(place=f"path: {self.folder}/${{PORTALD_REPLICA}}", interval=self._interval)

    def close(self):
        pass


def percentiles(seconds, unit=1000):
    parts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"p50 {parts[49] * unit:7.1f} ms  p99 {parts[98] * unit:7.1f} ms  max {max(seconds) * unit:7.1f} ms  ({len(seconds)})"


def show_clicks(title, seconds, results):
    print(title)
    total = 0
    for name, (latencies, outcomes) in results.items():
        total += len(latencies)
        print(f"  {name:8} {len(latencies) / seconds:7.1f} answers/s  {percentiles(latencies)}  {dict(outcomes)}")
    print(f"  together {total / seconds:7.1f} answers/s", flush=True)


def fail_over(cluster, machines, stripe):
    """Kills the primary, makes one of the standby, and tells how long each step took and what was acknowledged before."""
    primary, standby = machines["primary"], machines["standby"]
    killed = time.time()
    primary.kill()

    def step(name):
        print(f"  {time.time() - killed:6.1f} s  {name}", flush=True)

    assert standby.companion.stop() == 0
    step("the standby follows no more")
    standby.promote()
    step("promoted: claimed, and swept up to now")
    assert standby.daemon.stop() == 0
    standby.serve("primary")
    stripe.ask("target", standby.daemon.address)
    step("it listens, and deliveries go there")
    standby.wait_until_ready()
    step("ready")
    stripe.ask("rest")
    standby.replicate()
    step("it replicates")
    user = User()
    cluster.account.add_subscriber(user)
    for name in ["node 1", "node 2"]:
        machines[name].wait_until_active(user)
    step("a purchase made then is known on both nodes")
    return killed


def check(cluster, machines, acknowledged, killed):
    standby = machines["standby"]
    before = {event for event, at in acknowledged.items() if at <= killed}
    known = {row["id"] for row in standby.rows("SELECT id FROM events")}
    print(f"  events acknowledged before the kill: {len(before)}, found after: {len(before & known)}")
    print(f"  events acknowledged in all: {len(acknowledged)}, found: {len(acknowledged.keys() & known)}")
    for name in ["standby", "node 1", "node 2"]:
        print(f"  rows of {name} equal to Stripe's: {cluster.check_equals_stripe(machines[name])}, all", flush=True)
    assert acknowledged.keys() <= known


def run(launch, options):
    replica = (Direct if options.replica == "sftp" else Folder)(launch, options.interval)
    cluster = Cluster(launch, replica)
    settings = {"PORTALD_MAX_STALENESS": MAX_STALENESS}
    users = [User() for _ in range(options.users)]
    customers = [cluster.account.add_subscriber(user) for user in users]
    marked = User()
    marker = cluster.account.subscribe(cluster.account.add_customer(marked))
    machines = {"primary": cluster.primary(forwards=False, **settings)}
    for name in ["node 1", "node 2", "standby"]:
        machines[name] = cluster.node(**settings)
    nodes = {name: machine.daemon.address for name, machine in machines.items() if name != "primary"}
    print(f"replica: {options.replica}, Litestream's interval {options.interval}, {options.events:g} events/s", flush=True)

    stripe = Stripe(cluster.sandbox.url, machines["primary"].daemon.address, customers, options.events)
    lag, outcomes = stripe.ask("measure_lag", marker, marked.token(), nodes, options.seconds)
    print(f"replication lag, from the commit to a node's answer: {percentiles(lag)}  {dict(outcomes)}", flush=True)
    clicks = Clicks(nodes, [user.token() for user in users], options.clicks)
    clicks.ask("take")
    time.sleep(options.seconds)
    show_clicks(f"clicks, {options.clicks:g}/s on each, half of them open the portal", options.seconds, clicks.ask("take"))
    clicks.ask("flood")
    clicks.ask("take")
    time.sleep(options.seconds)
    show_clicks("clicks, as many as there are answers", options.seconds, clicks.ask("take"))
    clicks.ask("pace")
    clicks.ask("take")

    print(f"deliveries: {stripe.ask('rate'):.0f} acknowledged/s; kill -9 of the primary and its Litestream")
    began = time.time()
    killed = fail_over(cluster, machines, stripe)
    time.sleep(2)
    show_clicks("clicks from the kill on", time.time() - began, clicks.ask("take"))
    clicks.close()
    acknowledged = stripe.ask("finish")
    check(cluster, machines, acknowledged, killed)
    stripe.close()
    cluster.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replica", choices=["sftp", "folder"], default="sftp")
    parser.add_argument("--interval", default="1s", help="how often Litestream replicates; 1s is its default")
    parser.add_argument("--events", type=float, default=500, help="changes of the account a second, each with an event")
    parser.add_argument("--clicks", type=float, default=50, help="clicks a second on each node")
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement")
    parser.add_argument("--limit", type=int, default=175, help="seconds after which it is given up")
    parser.add_argument("--users", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(1_000_000))

        def make_directory():
            directory = pathlib.Path(folder, str(next(numbers)))
            directory.mkdir()
            return directory

        # Ends the programs, too, where it takes too long.
        for number in [signal.SIGTERM, signal.SIGALRM]:
            signal.signal(number, lambda *_: sys.exit("not finished in time"))
        signal.alarm(options.limit)
        launch = Launcher(pathlib.Path(os.environ["PORTALD_BINARY"]).resolve(), make_directory)
        try:
            run(launch, options)
        finally:
            launch.close()


if __name__ == "__main__":
    main()
