"""kill -9 under load: what was answered 200 is in the file."""
import http.client
import json
import random
import threading

from support import events
from support.mirror import Mirror
from support.settings import WEBHOOK_SECRET
from support.signing import sign
from support.waiting import DEADLINE

ROUNDS = 5
THREADS = 8
CUSTOMERS_PER_THREAD = 4


class Chain:
    """The versions of one customer, each event the direct successor of the one before."""

    def __init__(self, identifier):
        self.identifier = identifier
        self.sent = []
        self.acknowledged = 0

    def version(self, number):
        return events.customer(self.identifier, metadata={"version": str(number)})

    def next_event(self):
        """The event to deliver now: the one whose answer never came, else a new one."""
        if self.acknowledged == len(self.sent):
            number = len(self.sent) + 1
            if number == 1:
                event = events.event("customer.created", self.version(1))
            else:
                previous = {"metadata": {"version": str(number - 1)}}
                event = events.event("customer.updated", self.version(number), previous)
            self.sent.append(event)
        return self.sent[self.acknowledged]


class Load:
    """Threads that deliver chains in order as fast as they can, until the daemon is gone."""

    def __init__(self, daemon, chains):
        self.daemon = daemon
        self.chains = chains
        self.answers = 0
        self.outcomes = set()
        self.failures = []
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._deliver, args=[share]) for share in chains]

    def _deliver(self, share):
        connection = http.client.HTTPConnection(self.daemon.address, timeout=DEADLINE)
        while True:
            for chain in share:
                body = json.dumps(chain.next_event())
                try:
                    connection.request(
                        "POST", "/webhooks/stripe", body, {"Stripe-Signature": sign(body, WEBHOOK_SECRET)}
                    )
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                except (OSError, http.client.HTTPException, ValueError):
                    return
                with self._changed:
                    if response.status != 200:
                        self.failures.append(answer)
                        return
                    chain.acknowledged += 1
                    self.answers += 1
                    self.outcomes.add(answer["outcome"])
                    self._changed.notify_all()

    def kill_after(self, answers):
        """Kills the daemon once so many deliveries have been answered, while more are on their way."""
        for thread in self._threads:
            thread.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self.answers >= answers or self.failures, DEADLINE)
        self.daemon.kill()
        for thread in self._threads:
            thread.join(DEADLINE)
        assert self.failures == []
        # An event that was taken in without an answer is sent again, as Stripe does.
        assert self.outcomes <= {"applied", "duplicate"}


def check(mirror, chains):
    """Returns how many of the acknowledged events are in the file."""
    known = {row["id"] for row in mirror.rows("SELECT id FROM events")}
    found = 0
    for chain in chains:
        acknowledged = [event["id"] for event in chain.sent[: chain.acknowledged]]
        found += len(known.intersection(acknowledged))
        assert known.issuperset(acknowledged)
        row = mirror.row("customers", chain.identifier)
        if row is None:
            assert chain.acknowledged == 0
            continue
        version = int(json.loads(row["object"])["metadata"]["version"])
        assert chain.acknowledged <= version <= len(chain.sent)
        mirror.check_shows(chain.version(version), confirmed=True)
    return found


def test_what_was_acknowledged_survives_a_kill(launch, report):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    random.seed(seed)
    shares = [
        [Chain(f"cus_{thread}x{number}") for number in range(CUSTOMERS_PER_THREAD)] for thread in range(THREADS)
    ]
    chains = [chain for share in shares for chain in share]
    database = str(launch.directory() / "portald.db")
    mirror = Mirror(database)
    daemon = launch.daemon(database=database)
    for _ in range(ROUNDS):
        Load(daemon, shares).kill_after(random.randrange(200, 1000))
        daemon = launch.daemon(database=database)
        mirror.check_integrity()
        found = check(mirror, chains)

    # What was on its way at the last kill is sent again: then all is in, in order, and proven.
    for chain in chains:
        while chain.acknowledged < len(chain.sent):
            assert daemon.deliver(json.dumps(chain.next_event())) in ("applied", "duplicate")
            chain.acknowledged += 1
    found = check(mirror, chains)
    acknowledged = sum(chain.acknowledged for chain in chains)
    assert mirror.outcomes() == {"applied": acknowledged}
    report(f"kill -9 in {ROUNDS} rounds: {acknowledged} deliveries acknowledged, {found} found")
