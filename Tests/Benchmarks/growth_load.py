"""Load for growth.py: signed events of a generated mirror's own objects, portal clicks and reads, at random rows."""
import asyncio
import collections
import contextlib
import hashlib
import hmac
import json
import multiprocessing
import pathlib
import random
import time
import urllib.parse

import portal_latency
from portal_latency import Connection, at_rate
from support.settings import WEBHOOK_SECRET
from support.users import User, bearer

from growth_objects import user

READS_PATH = "/api/subscriptions/user/"
EVENT = (
    '{"id":"evt_1Growth%(number)012d","object":"event","api_version":"2026-03-25.dahlia","created":%(now)d,'
    '"data":{"object":%(object)s,"previous_attributes":{"metadata":{"%(name)s":%(previous)s}}},"livemode":false,'
    '"pending_webhooks":1,"request":{"id":"req_Growth%(number)012d","idempotency_key":null},"type":"%(type)s"}'
)


class Events:
    """Updates of random objects, customers and subscriptions in turns, each the direct successor of the object's last."""

    def __init__(self, account, path):
        self.account = account
        # What earlier runs have made of the mirror.
        self._kept = pathlib.Path(f"{path}.versions")
        kept = json.loads(self._kept.read_text()) if self._kept.exists() else []
        self.versions = collections.Counter({(kind, number): version for kind, number, version in kept})
        self.number = time.time_ns() // 1000 % 10**12
        self.random = random.Random()

    def follow(self, other):
        """Takes over what a copy of it in another process did."""
        self.versions, self.number, self.random = other.versions, other.number, other.random
        self._kept.write_text(json.dumps([[*key, version] for key, version in self.versions.items()]))

    def next(self, share, shares):
        """The body of an event about an object of one of so many shares; it has to be delivered."""
        self.number += 1
        is_customer = self.number % 2
        total = self.account.customers if is_customer else self.account.subscriptions
        number = self.random.randrange(total // shares) * shares + share
        version = self.versions[is_customer, number]
        self.versions[is_customer, number] += 1
        if is_customer:
            name, first = "plan_seen", '"2026-11"'
            text = self.account.customer_row(number)[4].replace('"plan_seen":"2026-11"', f'"plan_seen":"{version}"')
        else:
            name, first = "seen", "null"
            text = self.account.subscription_row(number)[8]
            text = text.replace('"metadata":{},"object":"sub', f'"metadata":{{"seen":"{version}"}},"object":"sub')
        values = {"number": self.number, "now": int(time.time()), "object": text, "name": name}
        values["previous"] = f'"{version - 1}"' if version else first
        values["type"] = "customer.updated" if is_customer else "customer.subscription.updated"
        return (EVENT % values).encode()


def apart(body):
    """Runs a coroutine function in a process of its own, with a connection to it; returns a function that waits for it."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=lambda: theirs.send(asyncio.run(body())), daemon=True)
    process.start()

    def finish():
        result = ours.recv()
        process.join()
        return result

    return finish


async def connect(address, count):
    connections = [Connection(address) for _ in range(count)]
    for connection in connections:
        await connection.open()
    return connections


async def deliver(connection, body):
    now = int(time.time())
    signature = hmac.new(WEBHOOK_SECRET.encode(), b"%d." % now + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={signature}"}
    return await connection.send("POST", "/webhooks/stripe", headers, body)


def deliveries(address, events, connections, seconds, rate=None):
    """Events for some seconds, as fast as answers come or at a rate; latencies and statuses, and the events as they are after."""

    async def run():
        opened = await connect(address, connections)
        if rate:

            async def send(number):
                share = number % connections
                # The number of events that wait for a connection says how far behind the daemon is.
                async with turns[share]:
                    return await deliver(opened[share], events.next(share, connections))

            turns = [asyncio.Lock() for _ in opened]
            return await at_rate(rate, seconds, send), events
        latencies, statuses, end = [], collections.Counter(), time.perf_counter() + seconds

        async def one(share):
            while (start := time.perf_counter()) < end:
                statuses[await deliver(opened[share], events.next(share, connections))] += 1
                latencies.append(time.perf_counter() - start)

        await asyncio.gather(*[one(share) for share in range(connections)])
        return (latencies, statuses), events

    return apart(run)


def requests(address, account, path, rate, seconds, connections=16):
    """Portal clicks or reads of random users at a rate; the portal opens for all of them."""
    method = "POST" if path == portal_latency.PORTAL_PATH else "GET"
    numbers = random.choices(range(account.customers), k=int(rate * seconds * 1.5))
    tokens = [bearer(User(user(number)).token()) for number in numbers if account.is_entitled(number)]
    count = len(tokens)

    async def run():
        opened = await connect(address, connections)

        async def send(number):
            return await opened[number % connections].send(method, path, tokens[number % count])

        return await at_rate(rate, seconds, send)

    return apart(run)


def stripe():
    """A Stripe that makes every portal session at once and lists nothing, in a process of its own: its address."""
    ours, theirs = multiprocessing.get_context("fork").Pipe()

    async def serve():
        async def answer(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                    form = b""
                    if "content-length:" in head:
                        form = await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
                    body = b'{"object":"list","data":[],"has_more":false,"url":"/v1/events"}'
                    if head.startswith("post"):
                        customer = urllib.parse.parse_qs(form.decode())["customer"][0]
                        session = {"id": "bps_1", "object": "billing_portal.session", "livemode": False}
                        body = json.dumps(session | {"customer": customer, "url": f"http://{address}/p/session/1"}).encode()
                    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
                    lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Date: {date}", f"Content-Length: {len(body)}"]
                    writer.write("\r\n".join([*lines, "", ""]).encode() + body)

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        address = "{}:{}".format(*server.sockets[0].getsockname())
        theirs.send(address)
        await server.serve_forever()

    process = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(serve()), daemon=True)
    process.start()
    return process, "http://" + ours.recv()
