"""The load of `failover.py`: Stripe's side and the users' side, each in a process of its own."""
import asyncio
import collections
import hashlib
import hmac
import json
import multiprocessing
import signal
import time
import traceback
import urllib.parse

from support.settings import STRIPE_SECRET_KEY, WEBHOOK_SECRET

PORTAL = "/api/subscriptions/user/billing-portal/"
SUBSCRIPTIONS = "/api/subscriptions/user/"
KEY = {"Authorization": f"Bearer {STRIPE_SECRET_KEY}"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONNECTIONS = 16
TIMEOUT = 10
FAILURES = (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, IndexError)


class Connection:
    """A kept HTTP/1.1 connection that sends one request at a time, and is opened anew where it breaks."""

    def __init__(self, address):
        self.address = address
        self._writer = None

    async def ask(self, method, path, headers=None, body=b""):
        """Status and body of the answer."""
        try:
            return await asyncio.wait_for(self._ask(method, path, headers or {}, body), TIMEOUT)
        except FAILURES:
            self.drop()
            raise

    def drop(self):
        if self._writer:
            self._writer.close()
        self._writer = None

    async def _ask(self, method, path, headers, body):
        if self._writer is None:
            host, port = self.address.split(":")
            self._reader, self._writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        return int(head.split(" ", 2)[1]), await self._reader.readexactly(length)


class Remote:
    """A process that does what it is asked, one thing after another, beside what it does by itself."""

    def __init__(self, *arguments):
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=self._run, args=(theirs, arguments), daemon=True)
        self._process.start()

    def ask(self, name, *arguments):
        self._pipe.send((name, arguments))
        is_done, result = self._pipe.recv()
        assert is_done, result
        return result

    def close(self):
        self._process.terminate()
        self._process.join()

    @classmethod
    def _run(cls, pipe, arguments):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        async def serve():
            load = cls.Load(*arguments)
            tasks = [asyncio.create_task(task) for task in load.tasks()]
            while True:
                name, further = await asyncio.to_thread(pipe.recv)
                try:
                    for task in tasks:
                        if task.done():
                            task.result()
                    pipe.send((True, await getattr(load, name)(*further)))
                except Exception:
                    pipe.send((False, traceback.format_exc()))

        asyncio.run(serve())


class StripeLoad:
    """Changes the account at a fixed rate, and delivers each event until it is acknowledged, an object's in order."""

    def __init__(self, sandbox_url, target, customers, rate):
        self._sandbox = sandbox_url.removeprefix("http://")
        self._customers, self._rate, self._target = customers, rate, target
        self._queues = [asyncio.Queue() for _ in range(CONNECTIONS)]
        self._acknowledged, self._objects = {}, {}
        self._unacknowledged = 0
        self._is_changing = True
        self._looked_at = time.time(), 0

    def tasks(self):
        changes = [self._change(number, 4) for number in range(4)]
        return [*changes, self._feed(), *[self._deliver(queue) for queue in self._queues]]

    async def _api(self, connection, method, path, **form):
        body = urllib.parse.urlencode(form).encode()
        if method == "GET":
            path, body = f"{path}?{body.decode()}", b""
        status, answer = await connection.ask(method, path, KEY | FORM, body)
        assert status == 200, answer
        return json.loads(answer)

    async def _change(self, share, shares):
        connection, start, number = Connection(self._sandbox), time.perf_counter(), share
        while self._is_changing:
            await asyncio.sleep(max(0, start + number / self._rate - time.perf_counter()))
            customer = self._customers[number % len(self._customers)]
            await self._api(connection, "POST", f"/v1/customers/{customer}", name=f"Name {number}")
            number += shares

    async def _feed(self):
        connection = Connection(self._sandbox)
        newest = (await self._api(connection, "GET", "/v1/events", limit=1))["data"][0]["id"]
        while True:
            page = (await self._api(connection, "GET", "/v1/events", limit=100, ending_before=newest))["data"]
            for event in reversed(page):
                newest = event["id"]
                if not event["type"].startswith("customer."):
                    # No endpoint is asked to send what the mirror has no use for, such as each click's.
                    continue
                self._unacknowledged += 1
                self._queues[hash(event["data"]["object"]["id"]) % CONNECTIONS].put_nowait(event)
            if len(page) < 100:
                await asyncio.sleep(0.02)

    async def _deliver(self, queue):
        connection = Connection(self._target)
        while True:
            event = await queue.get()
            body = json.dumps(event).encode()
            while not await self._attempt(connection, body):
                await asyncio.sleep(0.25)
            self._acknowledged[event["id"]] = self._objects[event["data"]["object"]["id"]] = time.time()
            self._unacknowledged -= 1

    async def _attempt(self, connection, body):
        if connection.address != self._target:
            connection.drop()
            connection.address = self._target
        now = int(time.time())
        signature = hmac.new(WEBHOOK_SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={signature}"}
        try:
            status, _ = await connection.ask("POST", "/webhooks/stripe", headers, body)
        except FAILURES:
            return False
        return status == 200

    # What it is asked.

    async def target(self, address):
        """Deliveries go there from now on."""
        self._target = address

    async def rate(self):
        """Events acknowledged a second since the last time."""
        (then, before), self._looked_at = self._looked_at, (time.time(), len(self._acknowledged))
        return (len(self._acknowledged) - before) / (time.time() - then)

    async def measure_lag(self, marker, token, nodes, seconds):
        """Seconds from the acknowledgment of a subscription's change to each node's answer that shows it, and all outcomes."""
        api, lags, end = Connection(self._sandbox), [], time.time() + seconds
        connections = [Connection(address) for address in nodes.values()]
        is_ending, outcomes = False, collections.Counter()

        async def seen(connection):
            while time.time() < end + TIMEOUT:
                try:
                    status, answer = await connection.ask("GET", SUBSCRIPTIONS, {"Authorization": f"Bearer {token}"})
                except asyncio.TimeoutError:
                    outcomes[f"no answer in {TIMEOUT} s"] += 1
                    continue
                answer = json.loads(answer)
                outcomes["200" if status == 200 else f"{status} {answer.get('code')}"] += 1
                shown = answer.get("subscriptions")
                if shown and shown[0]["cancel_at_period_end"] is is_ending:
                    return time.time()
                await asyncio.sleep(0.01)

        while time.time() < end:
            is_ending = not is_ending
            self._objects.pop(marker, None)
            await self._api(api, "POST", f"/v1/subscriptions/{marker}", cancel_at_period_end=str(is_ending).lower())
            times = await asyncio.gather(*[seen(connection) for connection in connections])
            # One that was never seen counts as long as it was looked for.
            lags += [max(0, (at or time.time()) - self._objects[marker]) for at in times]
            # Not in step with Litestream's interval.
            await asyncio.sleep(0.137)
        return lags, outcomes

    async def rest(self):
        """Changes nothing any more; what has not been acknowledged is still delivered."""
        self._is_changing = False

    async def finish(self):
        """Waits until all events are acknowledged; when each was."""
        await asyncio.sleep(1)
        while self._unacknowledged:
            await asyncio.sleep(0.1)
        return self._acknowledged


class Stripe(Remote):
    Load = StripeLoad


class ClicksLoad:
    """Users on every node: at a fixed rate, whatever became of the clicks before, or as many as are answered."""

    def __init__(self, nodes, tokens, rate):
        self._headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
        self._rate, self._is_flooding = rate, False
        self._nodes = nodes
        self._results = {}

    def tasks(self):
        return [
            self._click(name, address, share) for name, address in self._nodes.items() for share in range(CONNECTIONS)
        ]

    async def _click(self, name, address, share):
        connection, number = Connection(address), share
        intended = time.perf_counter() + share / self._rate
        while True:
            if self._is_flooding:
                intended = time.perf_counter()
            else:
                await asyncio.sleep(max(0, intended - time.perf_counter()))
            outcome = await self._ask(connection, number)
            latencies, outcomes = self._results.setdefault(name, ([], collections.Counter()))
            outcomes[outcome] += 1
            if outcome == "no connection":
                await asyncio.sleep(0.1)
            elif not outcome.startswith("no "):
                latencies.append(time.perf_counter() - intended)
            number += 1
            # Of those that were due while the node was away, one is enough.
            intended = max(intended + CONNECTIONS / self._rate, time.perf_counter() - 1)

    async def _ask(self, connection, number):
        headers = self._headers[number * 7 % len(self._headers)]
        method, path = ("POST", PORTAL) if number % 2 else ("GET", SUBSCRIPTIONS)
        try:
            status, body = await connection.ask(method, path, headers)
        except asyncio.TimeoutError:
            return f"no answer in {TIMEOUT} s"
        except FAILURES:
            return "no connection"
        return "200" if status == 200 else f"{status} {json.loads(body).get('code')}"

    # What it is asked.

    async def take(self):
        """Latencies and outcomes by node since the last time."""
        results, self._results = self._results, {}
        return dict(sorted(results.items()))

    async def flood(self):
        self._is_flooding = True

    async def pace(self):
        self._is_flooding = False


class Clicks(Remote):
    Load = ClicksLoad
