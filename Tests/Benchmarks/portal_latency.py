"""What portald adds to Stripe's own latency, while webhooks arrive. Run by hand, with the release binary:

    PORTALD_BINARY=.build/release/portald .build-venv/bin/python Tests/Benchmarks/portal_latency.py

Requests start at fixed times whatever became of the ones before, and latency counts from that time. The portal and the
sandbox's own endpoint are asked in turns over the same number of connections, so both meet the same load of the machine.
"""
import argparse
import asyncio
import collections
import hashlib
import hmac
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EndToEnd"))

from support import events  # noqa: E402
from support.account import Account  # noqa: E402
from support.programs import Launcher  # noqa: E402
from support.settings import STRIPE_SECRET_KEY, WEBHOOK_SECRET  # noqa: E402
from support.users import User, bearer  # noqa: E402

PORTAL_PATH = "/api/subscriptions/user/billing-portal/"
WEBHOOK_CONNECTIONS = 16


class Connection:
    """A kept HTTP/1.1 connection that sends one request at a time."""

    def __init__(self, address):
        self.host, self.port = address.split(":")
        self.lock = asyncio.Lock()

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port))

    async def send(self, method, path, headers, body=b""):
        """The status of the answer."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        async with self.lock:
            self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            await self.reader.readexactly(length)
            return int(head.split(" ", 2)[1])


async def at_rate(rate, seconds, send):
    """Calls `send(number)` at fixed times; the seconds from each intended time to the end of the call, and statuses."""
    latencies, statuses = [], collections.Counter()
    start = time.perf_counter() + 0.1

    async def one(number):
        intended = start + number / rate
        await asyncio.sleep(max(0, intended - time.perf_counter()))
        statuses[await send(number)] += 1
        latencies.append(time.perf_counter() - intended)

    await asyncio.gather(*[one(number) for number in range(int(rate * seconds))])
    return latencies, statuses


class Deliveries:
    """Updates of customers, each the direct successor of the one before, at a fixed rate from a process of their own."""

    CUSTOMERS = 320

    def __init__(self, address, rate, seconds):
        self.results, self._end = multiprocessing.Pipe()
        arguments = (address, rate, seconds, self._end)
        self._process = multiprocessing.Process(target=self._run, args=arguments, daemon=True)
        self._process.start()
        assert self.results.recv() == "ready"

    def finish(self):
        results = self.results.recv()
        self._process.join()
        return results

    @classmethod
    def _body(cls, number):
        customer, version = number % cls.CUSTOMERS, number // cls.CUSTOMERS
        # About 2 KB, as Stripe's are.
        text = {f"field_{field}": "x" * 60 for field in range(20)}
        changed = events.customer(f"cus_load{customer}", metadata=text | {"version": str(version)})
        if version == 0:
            return events.text(events.event("customer.created", changed)).encode()
        previous = {"metadata": {"version": str(version - 1)}}
        return events.text(events.event("customer.updated", changed, previous)).encode()

    @classmethod
    def _run(cls, address, rate, seconds, end):
        bodies = [cls._body(number) for number in range(int(rate * seconds))]

        async def run():
            connections = [Connection(address) for _ in range(WEBHOOK_CONNECTIONS)]
            for connection in connections:
                await connection.open()

            async def send(number):
                body, now = bodies[number], int(time.time())
                signature = hmac.new(WEBHOOK_SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
                # A customer's events take one connection, so they stay in order.
                connection = connections[number % cls.CUSTOMERS % WEBHOOK_CONNECTIONS]
                headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={signature}"}
                return await connection.send("POST", "/webhooks/stripe", headers, body)

            end.send("ready")
            return await at_rate(rate, seconds, send)

        end.send(asyncio.run(run()))


def run_measure(*arguments):
    return asyncio.run(measure(*arguments))


async def measure(address, sandbox_url, customers, connections, rate, seconds):
    """Latencies through portald and at the sandbox, asked in turns."""
    users = list(customers)
    tokens = {user: bearer(User(user).token()) for user in users}
    forms = [
        urllib.parse.urlencode({"customer": customers[user], "return_url": "http://localhost:3000/billing"}).encode()
        for user in users
    ]
    key = {"Authorization": f"Bearer {STRIPE_SECRET_KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    portal = [Connection(address) for _ in range(connections)]
    stripe = [Connection(sandbox_url.removeprefix("http://")) for _ in range(connections)]
    for connection in portal + stripe:
        await connection.open()

    async def open_portal(number):
        return await portal[number % connections].send("POST", PORTAL_PATH, tokens[users[number % len(users)]])

    async def ask_sandbox(number):
        connection = stripe[number % connections]
        return await connection.send("POST", "/v1/billing_portal/sessions", key, forms[number % len(forms)])

    return await asyncio.gather(at_rate(rate, seconds, open_portal), at_rate(rate, seconds, ask_sandbox))


def milliseconds(latencies):
    percentiles = statistics.quantiles(latencies, n=100, method="inclusive")
    return {"p50": percentiles[49] * 1000, "p99": percentiles[98] * 1000, "max": max(latencies) * 1000}


def show(name, latencies, statuses):
    figures = "  ".join(f"{key} {value:8.2f} ms" for key, value in milliseconds(latencies).items())
    print(f"{name:32} {figures}  {dict(statuses)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--webhooks", type=float, default=1000, help="deliveries a second")
    parser.add_argument("--portal", type=float, default=40, help="portal requests a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(1_000_000))

        def make_directory():
            directory = pathlib.Path(folder, str(next(numbers)))
            directory.mkdir()
            return directory

        launch = Launcher(os.environ["PORTALD_BINARY"], make_directory)
        try:
            sandbox = launch.sandbox()
            account = Account(sandbox)
            users = [User() for _ in range(options.users)]
            customers = {user.id: account.add_subscriber(user) for user in users}
            for connections in options.connections:
                daemon = launch.daemon(
                    sandbox,
                    PORTALD_STRIPE_RATE="100",
                    PORTALD_PORTAL_RATE="10000/1s",
                    PORTALD_VERIFY_SHARE="0",
                    PORTALD_SWEEP_INTERVAL="86400",
                )
                daemon.wait_until_filled()
                deliveries = Deliveries(daemon.address, options.webhooks, options.seconds)
                with multiprocessing.Pool(1) as pool:
                    # In a process of its own, because this one reads the daemon's log.
                    portal, stripe = pool.apply(
                        run_measure,
                        [daemon.address, sandbox.url, customers, connections, options.portal, options.seconds],
                    )
                webhooks = deliveries.finish()
                daemon.stop()
                print(f"{connections} connections, {options.webhooks:g} webhooks/s, {options.portal:g} portal requests/s")
                show("  the sandbox alone", *stripe)
                show("  through portald", *portal)
                over = {key: milliseconds(portal[0])[key] - milliseconds(stripe[0])[key] for key in ("p50", "p99")}
                print(f"  over the sandbox: {json.dumps({key: round(value, 2) for key, value in over.items()})} ms")
                show("  webhooks", *webhooks)
        finally:
            launch.close()


if __name__ == "__main__":
    main()
