"""The mirror as other programs on the machine read it: with SQL, while the daemon runs."""
import json
import sqlite3
import time
from contextlib import closing

from .canonical import canonical


def mark_filled(path):
    """Notes that a backfill of the mirror has finished, and a sweep after it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO passes (purpose, began_at, began_date, stage, finished_at)"
            " SELECT 'backfill', 0, 0, 'unlisted', 0 WHERE NOT EXISTS (SELECT 1 FROM passes)"
        )
        connection.execute(
            "UPDATE sync_state SET swept_to = coalesce(swept_to, ?), swept_at = coalesce(swept_at, ?)",
            [int(time.time())] * 2,
        )


class Mirror:
    def __init__(self, path):
        self.path = path

    def rows(self, sql, *parameters):
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]

    def row(self, table, identifier):
        rows = self.rows(f"SELECT * FROM {table} WHERE id = ?", identifier)
        return rows[0] if rows else None

    def outcomes(self):
        """Number of events by outcome."""
        return {row["outcome"]: row["n"] for row in self.rows("SELECT outcome, count(*) AS n FROM events GROUP BY 1")}

    def check_integrity(self):
        faults = {row["integrity_check"] for row in self.rows("PRAGMA integrity_check")}
        assert faults <= {"ok"}, faults
        faults = self.rows("PRAGMA foreign_key_check")
        assert faults == [], faults

    @staticmethod
    def is_same(row, stripe_object):
        """Whether a row's object is the same state as Stripe's."""
        return canonical(json.loads(row["object"])) == canonical(stripe_object)

    def check_shows(self, stripe_object, *, confirmed=None, deleted=None):
        """Asserts that the object's row is the object: as a whole, in each column, and in its items."""
        is_customer = stripe_object["object"] == "customer"
        row = self.row("customers" if is_customer else "subscriptions", stripe_object["id"])
        assert row is not None, f"no row of {stripe_object['id']}"
        assert json.loads(row["object"]) == stripe_object
        expected = customer_columns(stripe_object) if is_customer else subscription_columns(stripe_object)
        assert {name: row[name] for name in expected} == expected
        assert len(row["revision"]) == 32
        if confirmed is not None:
            assert row["confirmed"] == int(confirmed)
        if deleted is not None:
            assert row["deleted"] == int(deleted)
        if not is_customer:
            items = self.rows("SELECT * FROM subscription_items WHERE subscription = ? ORDER BY id", row["id"])
            assert items == sorted(item_rows(stripe_object), key=lambda item: item["id"])


def identifier(value):
    """The id of a reference, which may be expanded."""
    return value["id"] if isinstance(value, dict) else value



def customer_columns(customer):
    return {
        "email": customer.get("email"),
        "name": customer.get("name"),
        "created": customer.get("created"),
        **livemode_column(customer),
    }


def livemode_column(stripe_object):
    # The stub of a deleted customer does not say its mode.
    return {"livemode": int(stripe_object["livemode"])} if "livemode" in stripe_object else {}


def subscription_columns(subscription):
    items = subscription.get("items", {}).get("data", [])

    def period(name, of_items):
        if subscription.get(name) is not None:
            return subscription[name]
        return of_items((item[name] for item in items if item.get(name) is not None), default=None)

    columns = ["status", "cancel_at", "canceled_at", "ended_at", "trial_end", "created"]
    return {name: subscription.get(name) for name in columns} | {
        "customer": identifier(subscription.get("customer")),
        "cancel_at_period_end": int(subscription.get("cancel_at_period_end") or False),
        "current_period_start": period("current_period_start", min),
        "current_period_end": period("current_period_end", max),
        **livemode_column(subscription),
    }


def item_rows(subscription):
    rows = []
    for item in subscription.get("items", {}).get("data", []):
        price = item.get("price") or item.get("plan") or {}
        rows.append(
            {
                "id": item["id"],
                "subscription": subscription["id"],
                "price": identifier(price) if price else None,
                "product": identifier(price.get("product")) if isinstance(price, dict) else None,
                "quantity": item.get("quantity"),
                "current_period_start": item.get("current_period_start"),
                "current_period_end": item.get("current_period_end"),
            }
        )
    return rows
