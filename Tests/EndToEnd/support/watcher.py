"""Looks on while the mirror changes."""
import json
import sqlite3
import threading
from contextlib import closing

from .canonical import canonical
from .mirror import customer_columns, item_rows, subscription_columns
from .waiting import DEADLINE


class Watcher:
    """A thread that notes every row that it ever sees confirmed."""

    def __init__(self, path):
        self._path = path
        self._seen = set()
        self._failure = None
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_done.set()
        self._thread.join(DEADLINE)

    def _watch(self):
        try:
            while not self._is_done.wait(0.02):
                with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=DEADLINE)) as connection:
                    connection.row_factory = sqlite3.Row
                    # Rows and items of one moment.
                    connection.execute("BEGIN")
                    self._look(connection)
        except Exception as error:
            self._failure = error

    def _look(self, connection):
        items = {}
        for item in connection.execute("SELECT * FROM subscription_items ORDER BY id"):
            items.setdefault(item["subscription"], []).append(tuple(item))
        for table in ["customers", "subscriptions"]:
            for row in connection.execute(f"SELECT * FROM {table} WHERE confirmed"):
                columns = {name: row[name] for name in row.keys() if name not in ("revision", "updated_at")}
                self._seen.add((row["id"], json.dumps(columns), tuple(items.get(row["id"], []))))

    def check(self, sandbox, renderings):
        """Asserts that each confirmed row was a state that its object has had, under one of the API versions that events
        and reads have; returns how many there were.
        """
        assert self._failure is None, self._failure
        versions = {}
        for identifier in {identifier for identifier, _, _ in self._seen}:
            found = [version for rendering in renderings for version in sandbox.versions(identifier, **rendering)]
            versions[identifier] = {canonical(shown) for shown, _ in found}
            if found[-1][1]:
                versions[identifier].add(canonical({"id": identifier, "object": "customer", "deleted": True}))
        for identifier, columns, items in self._seen:
            row = json.loads(columns)
            shown = json.loads(row["object"])
            assert canonical(shown) in versions[identifier], f"{identifier} never was {row['object']}"
            if row["deleted"]:
                continue
            is_customer = shown["object"] == "customer"
            expected = customer_columns(shown) if is_customer else subscription_columns(shown)
            assert {name: row[name] for name in expected} == expected
            if not is_customer:
                assert list(items) == sorted(tuple(item.values()) for item in item_rows(shown))
        return len(self._seen)
