#!/usr/bin/env python3
"""Random histories of one object as the executable reference decides them, one JSON document a line.

    fastforward_trace.py REFERENCE HISTORIES SEED

Each line is {"kind", "steps": [...]}; a step holds what was done and the state it led to. Versions are letters; those that
begin with x are past their end.

Where portald differs on purpose, the reference is made to follow:

- an event that cancels out with others at once is applied, not pending;
- an object is marked once, however many entries of a backfill are dropped;
- a read that finds an ended subscription alive is asked for again after a grace, not at once;
- a thin event may be of a subscription's last era.
"""
import json
import math
import random
import sys

from reference import load


def next_read(row, mirror):
    if row.pending and row.last is None:
        # A mark that a backfill left before any event: the reference's `due` takes an event for granted.
        return row.since + mirror.rules.grace
    return mirror.due(-math.inf)


def state_of(row, mirror):
    return {
        "proven": None if row.proven == "-" else row.proven,
        "shown": None if row.shown == "-" else row.shown,
        "ended": row.ended,
        "deleted": row.deleted,
        "date": row.date,
        "sequence": row.seq,
        "pending": [[event.id, barred] for event, barred in row.pending],
        "confirmed": mirror.confirmed,
        "nextRead": next_read(row, mirror),
    }


def keep_one_mark(row):
    marks = [entry for entry in row.pending if entry[0].id is None]
    row.pending = [entry for entry in row.pending if entry not in marks[1:]]


def history(reference, rng):
    kind = rng.choice(["customer", "subscription"])
    mirror = reference.Mirror(kind, reference.AMENDED)
    living = rng.choice(["AB", "ABC", "ABCDE"])
    ended = "xy" if kind == "subscription" else ""
    versions = list(living) + [f"x{e}" for e in ended]
    now, steps, events, reads, known = 1000.0, [], [], [], []

    def is_ended(version):
        return version.startswith("x")

    def event():
        if known and rng.random() < 0.1:
            return rng.choice(known)
        shape = rng.choices(["updated", "created", "deleted", "check", "thin"], [12, 2, 1, 2, 1])[0]
        parent, version = rng.choice(versions), rng.choice(versions)
        if shape == "deleted" and kind == "subscription":
            version = rng.choice([v for v in versions if is_ended(v)])
        created = int(now) + rng.choice([-20, -6, -5, -4, -1, 0, 0, 0, 1, 4, 5, 6])
        request = rng.choice([None, None, f"req{len(known)}", "req"])
        made = reference.Event(
            f"e{len(known)}", created, shape, parent if shape == "updated" else None,
            None if shape == "thin" else version, shape == "thin" or is_ended(version) and kind == "subscription",
            is_ended(parent) and kind == "subscription", request)
        known.append(made)
        return made

    for _ in range(rng.randint(1, 25)):
        now += rng.choice([0.0, 0.1, 0.5, 1.0, 1.8, 2.0, 2.5, 8.0])
        step = {"now": now}
        what = rng.random()
        if what < 0.7:
            made = event()
            step |= {"do": "receive", "event": {name: getattr(made, name) for name in made.__slots__}}
            step["outcome"] = mirror.receive(made, now)
            if step["outcome"] == "pending" and not mirror.row.pending:
                step["outcome"] = "applied"
        elif what < 0.73:
            step |= {"do": "restart"}
            mirror.restarted(now)
        elif what < 0.87 or not reads:
            token = mirror.begin_read(now)
            reads.append(token)
            step |= {"do": "begin"}
        else:
            token = reads.pop(rng.randrange(len(reads)))
            version = rng.choice(versions)
            purpose = rng.choice(["refresh", "verification", "backfill"])
            deleted = kind == "customer" and rng.random() < 0.05
            date = int(now) + rng.choice([-1, 0, 0, 0])
            step |= {
                "do": "finish", "sequence": token[0], "sent": token[1], "version": version, "deleted": deleted,
                "ended": is_ended(version) and kind == "subscription", "date": date, "purpose": purpose,
            }
            step["outcome"] = mirror.finish_read(
                token, version, step["ended"], deleted, date, now, verify=purpose == "verification",
                backfill=purpose == "backfill")
            if step["outcome"] == "dropped" and mirror.row.pending:
                mirror.row.since = now
                keep_one_mark(mirror.row)
        step["state"] = state_of(mirror.row, mirror)
        steps.append(step)
    return {"kind": kind, "steps": steps}


def main():
    reference = load(sys.argv[1])
    for number in range(int(sys.argv[2])):
        print(json.dumps(history(reference, random.Random(f"{sys.argv[3]}/{number}"))))


main()
