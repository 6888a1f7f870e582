"""A mirror of any size, as a backfill would have left it: for growth.py.

Its rows are made by statements from the objects alone; `compare` makes those of a mirror that a daemon has filled again, and
compares them.
"""
import contextlib
import multiprocessing
import sqlite3
import time

API_VERSION = "2026-03-25.dahlia"
CHUNK = 20_000
# How long ago the backfill is said to have been, in seconds: events as old as their object's read prove nothing.
AGE = 3600


def rows_of_chunk(arguments):
    account, kind, first, end = arguments
    row = getattr(account, f"{kind}_row")
    return [row(number) for number in range(first, end)]


CUSTOMERS = """
    INSERT INTO customers (id, email, name, created, object, revision, livemode, deleted, confirmed, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, 0, 0, 1, {now})
    """
SUBSCRIPTIONS = """
    INSERT INTO subscriptions (
        id, customer, status, current_period_start, current_period_end, canceled_at, ended_at, created, object, revision,
        cancel_at_period_end, livemode, deleted, confirmed, updated_at
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 1, {now})
    """
# What else a backfill writes of the rows from :first to :last, whose sequence numbers are :base more than their rowids.
STATES = """
    INSERT INTO object_states (
        object_id, kind, proven, proven_by, shown, shown_by, shown_created, ended, deleted, read_date, sequence, checked_at,
        api_version
    )
    SELECT
        id, '{kind}', revision, 'read/' || (rowid + :base), revision, 'read/' || (rowid + :base), :date, {ended}, 0, :date,
        rowid + :base, :now, :version
    FROM {kind}s WHERE rowid BETWEEN :first AND :last
    """
EDGES = """
    INSERT INTO edges (object_id, parent, revision, source, created)
    SELECT id, x'', revision, 'read/' || (rowid + :base), :date FROM {kind}s WHERE rowid BETWEEN :first AND :last
    """
HISTORY = """
    INSERT INTO history (object_id, sequence, at, source, status, customer, deleted, confirmed)
    SELECT id, rowid + :base, :now, 'read/' || (rowid + :base), {status}, {customer}, 0, 1
    FROM {kind}s WHERE rowid BETWEEN :first AND :last
    """
CLAIMS = """
    INSERT INTO link_claims (claimant, user_id, customer, source, created_at)
    SELECT id, object ->> '$.metadata.user_id', id, 'customer_metadata', CAST(:now AS INTEGER)
    FROM customers WHERE rowid BETWEEN :first AND :last
    """
LEDGER = """
    INSERT INTO link_ledger (at, change, user_id, customer, source, claimant)
    SELECT :now, 'claimed', object ->> '$.metadata.user_id', id, 'customer_metadata', id
    FROM customers WHERE rowid BETWEEN :first AND :last
    """
ITEMS = """
    INSERT INTO subscription_items
    SELECT
        item ->> '$.id', id, item ->> '$.price.id', item ->> '$.price.product', item ->> '$.quantity',
        item ->> '$.current_period_start', item ->> '$.current_period_end'
    FROM (SELECT id, object -> '$.items.data[0]' AS item FROM subscriptions WHERE rowid BETWEEN :first AND :last)
    """
OF_CUSTOMER = {"kind": "customer", "ended": "0", "status": "NULL", "customer": "NULL"}
OF_SUBSCRIPTION = {
    "kind": "subscription",
    "ended": "status IN ('canceled', 'incomplete_expired')",
    "status": "status",
    "customer": "customer",
}
STEPS = {
    "customer": [sql.format(**OF_CUSTOMER) for sql in (STATES, EDGES, HISTORY)] + [CLAIMS, LEDGER],
    "subscription": [sql.format(**OF_SUBSCRIPTION) for sql in (STATES, EDGES, HISTORY)] + [ITEMS],
}


def generate(path, account, progress=print):
    """Fills a migrated and empty file."""
    began = time.time()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection, multiprocessing.Pool(2) as pool:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        for kind, insert, total, base in (
            ("customer", CUSTOMERS, account.customers, 0),
            ("subscription", SUBSCRIPTIONS, account.subscriptions, account.customers),
        ):
            chunks = [(account, kind, first, min(first + CHUNK, total)) for first in range(0, total, CHUNK)]
            for (_, _, first, end), rows in zip(chunks, pool.imap(rows_of_chunk, throttled(chunks))):
                now = time.time() - AGE
                values = {"base": base, "first": first + 1, "last": end, "date": int(now), "now": now, "version": API_VERSION}
                connection.execute("BEGIN")
                connection.executemany(insert.format(now=int(now)), rows)
                for step in STEPS[kind]:
                    connection.execute(step, values)
                connection.execute("COMMIT")
                throttled.done()
                if end % 500_000 < CHUNK or end == total:
                    progress(f"{end} {kind}s after {time.time() - began:.0f} s")
        finish(connection, account, began)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    return time.time() - began


class Throttle:
    """Hands out no more chunks than the writer keeps up with."""

    AHEAD = 6

    def __init__(self):
        self._slots = multiprocessing.get_context("fork").Semaphore(self.AHEAD)

    def __call__(self, chunks):
        for chunk in chunks:
            self._slots.acquire()
            yield chunk

    def done(self):
        self._slots.release()


throttled = Throttle()


def finish(connection, account, began):
    """Notes that a backfill ended, and a sweep after it which found nothing."""
    now = time.time()
    connection.execute(
        "INSERT INTO passes (purpose, began_at, began_date, stage, customers, subscriptions, finished_at)"
        " VALUES ('backfill', ?, ?, 'unlisted', ?, ?, ?)",
        [began - AGE, int(began - AGE), account.customers, account.subscriptions, now - AGE],
    )
    connection.execute(
        "UPDATE sync_state SET sequence = ?, swept_to = ?, swept_at = ?, heard_at = ?, api_version = ?",
        [account.customers + account.subscriptions, int(now), now, now, API_VERSION],
    )


def compare(path, empty):
    """Makes the rows of a mirror that a daemon filled again, in an empty one; tells of each table how many differ.

    The sweep after a backfill may have brought events of the objects: what it changes is not compared.
    """
    with contextlib.closing(sqlite3.connect(empty, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS real", [str(path)])
        counts = {}
        for kind in STEPS:
            read = "SELECT CAST(substr(source, 6) AS INTEGER) FROM real.edges WHERE object_id = id AND source LIKE 'read/%'"
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({kind}s)")]
            connection.execute(
                f"INSERT INTO {kind}s SELECT {', '.join(columns)} FROM real.{kind}s ORDER BY ({read})"
            )
        connection.execute("UPDATE customers SET confirmed = 1")
        total = connection.execute("SELECT count(*) FROM customers").fetchone()[0]
        for kind, steps in STEPS.items():
            values = {"base": total if kind == "subscription" else 0, "first": 1, "last": 1 << 40}
            values |= {"date": 0, "now": 0.0, "version": API_VERSION}
            for step in steps:
                connection.execute(step, values)
        for table, columns, condition in (
            ("object_states", "object_id, kind, proven, proven_by, proven_object, shown, shown_by, ended, deleted, api_version", ""),
            ("edges", "object_id, parent, revision, source, request", "WHERE source LIKE 'read/%'"),
            ("history", "object_id, sequence, source, status, customer, deleted, confirmed", "WHERE sequence <= ?1"),
            ("subscription_items", "*", ""),
            ("link_claims", "claimant, user_id, customer, source, event", ""),
            ("link_ledger", "id, change, user_id, customer, source, claimant, event", ""),
        ):
            condition = condition.replace("?1", "(SELECT count(*) FROM customers) + (SELECT count(*) FROM subscriptions)")
            made, real = (f"SELECT {columns} FROM {schema}.{table} {condition}" for schema in ("main", "real"))
            counts[table] = {
                "rows": connection.execute(f"SELECT count(*) FROM ({made})").fetchone()[0],
                "only made": connection.execute(f"SELECT count(*) FROM ({made} EXCEPT {real})").fetchone()[0],
                "only real": connection.execute(f"SELECT count(*) FROM ({real} EXCEPT {made})").fetchone()[0],
            }
        return counts
