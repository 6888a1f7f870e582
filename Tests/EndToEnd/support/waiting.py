"""Waiting for what another process does."""
import time

# Long enough for a loaded machine; nothing waits this long unless it fails.
DEADLINE = 60


def eventually(condition, explain=str):
    """The first true value of a condition; fails where there is none in time, with what the explanation says then."""
    deadline = time.monotonic() + DEADLINE
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"the condition did not come true in time {explain()}"
        time.sleep(0.02)


def eventually_passes(check):
    """Calls a check until it asserts nothing any more; fails with what it last asserted."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(0.05)
