#!/usr/bin/env python3
"""Random plans of the executable reference, and what it made of them, one JSON document a line.

    fastforward_plans.py REFERENCE PLANS SEED PROFILE...

Each line is {"profile", "number", "history", "reads", "violations", "state"}, with as many plans of each profile;
"history" has the members of History in Tests/MirrorStoreTests/Simulation.
"""
import json
import random
import sys

from reference import load


def telling(skew, delays):
    return {"skew": skew, "delays": delays}


def reading(to_state, to_date, to_reply, skew, fails):
    return {"toState": to_state, "toDate": to_date, "toReply": to_reply, "skew": skew, "fails": fails}


def backfill_of(plan):
    if plan.backfill is None:
        return None
    begin, page, end, is_beside = plan.backfill
    return {"begin": begin, "page": page, "end": end, "isBesideWebhooks": is_beside}


def history_of(plan):
    return {
        "kind": plan.kind,
        "start": plan.start,
        "isKnown": plan.known,
        "changes": [
            {"time": time, "state": state, "request": request, "events": [telling(*copy) for copy in copies]}
            for time, state, request, copies in plan.changes
        ],
        "checks": [{"time": time, "telling": telling(skew, delays)} for time, skew, delays in plan.checks],
        "reads": [reading(*read) for read in plan.reads],
        "verifications": plan.forced,
        "others": plan.others,
        "outages": [{"down": down, "back": back} for down, back in plan.crashes],
        "backfill": backfill_of(plan),
        "sweeps": plan.sweeps,
        "pageSize": plan.page,
        "hasGhosts": plan.ghosts,
        "retries": plan.retry,
        "rendersOtherwise": plan.version,
        "staleness": plan.lag,
        "endsTwice": plan.both,
        "laziness": plan.lazy,
    }


def main():
    reference = load(sys.argv[1])
    mirrors = []

    class Observed(reference.Mirror):
        def __init__(self, kind, rules):
            super().__init__(kind, rules)
            mirrors.append(self)

    reference.Mirror = Observed
    plans, seed, profiles = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    for profile in profiles:
        for number in range(plans):
            plan = reference.random_plan(random.Random(f"{seed}/{number}"), profile)
            mirrors.clear()
            outcome = reference.run(plan, reference.AMENDED)
            state = mirrors[0].state
            print(json.dumps({
                "profile": profile,
                "number": number,
                "history": history_of(plan),
                "reads": len(outcome.gets),
                "violations": [claim for _, claim in outcome.violations],
                "state": None if state == reference.EMPTY else state,
            }))


main()
