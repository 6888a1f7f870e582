"""What the parts of growth.py share: the programs, what they are started with, and the lines that are printed."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EndToEnd"))

import requests  # noqa: E402
from growth_objects import Account  # noqa: E402
from portal_latency import milliseconds  # noqa: E402
from support import programs  # noqa: E402
from support.mirror import Mirror  # noqa: E402
from support.programs import Launcher  # noqa: E402
from support.settings import WEBHOOK_SECRET  # noqa: E402
from support.signing import sign  # noqa: E402

# A large mirror keeps a program waiting for longer than any test would.
programs.DEADLINE = 1200

QUIET = {
    "PORTALD_STRIPE_RATE": "100",
    "PORTALD_PORTAL_RATE": "10000/1s",
    "PORTALD_VERIFY_SHARE": "0",
    "PORTALD_SWEEP_INTERVAL": "86400",
}


def show(name, value):
    if isinstance(value, float):
        value = round(value, 3)
    print(f"{time.strftime('%H:%M:%S')}  {name:44} {value}", flush=True)


def show_load(name, latencies, statuses, seconds):
    figures = "  ".join(f"{key} {value:.1f}" for key, value in milliseconds(latencies).items())
    show(name, f"{len(latencies) / seconds:.0f}/s  {figures} ms  {dict(statuses)}")


@contextmanager
def timed(name):
    start = time.perf_counter()
    yield
    show(name, time.perf_counter() - start)


@contextmanager
def launcher():
    with tempfile.TemporaryDirectory(dir=os.environ.get("GROWTH_FOLDER")) as folder:
        launch = Launcher(os.environ["PORTALD_BINARY"], lambda: pathlib.Path(tempfile.mkdtemp(dir=folder)))
        try:
            yield launch
        finally:
            launch.close()


def empty_cache():
    """Whether the kernel's page cache is empty now."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def account_of(path):
    """The account that a generated mirror is of."""
    rows = Mirror(path).rows("SELECT customers, subscriptions FROM passes WHERE purpose = 'backfill'")
    return Account(rows[0]["customers"], rows[0]["subscriptions"])


def memory(program, name="VmRSS"):
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return f"{int(status.split(name + ':')[1].split()[0]) // 1024} MiB"


def megabytes(path):
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return round(sum(file.stat().st_size for file in files) / 1e6, 1)


def get(url, **options):
    start = time.perf_counter()
    status = requests.get(url, timeout=600, **options).status_code
    return f"{(time.perf_counter() - start) * 1000:.1f} ms, {status}"


def run(binary, *arguments, **environment):
    """Like the launcher's, without its deadline."""
    environment = {"PATH": os.environ["PATH"]} | environment
    done = subprocess.run([binary, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def deliver_first(daemon, body):
    """Delivers an event until it is taken in; the statuses before, and what became of it."""
    refusals = []
    while True:
        response = daemon.post_webhook(body, sign(body, WEBHOOK_SECRET))
        if response.status_code == 200:
            return response.json()["outcome"], refusals
        refusals.append(response.status_code)
        time.sleep(0.2)


def start(launch, path, api, events, name):
    """A daemon on a mirror; how long it took to listen, to be ready, and to take in the first event."""
    began = time.perf_counter()
    daemon = launch.daemon(database=str(path), filled=False, STRIPE_API_BASE=api, **QUIET)
    show(f"{name}: listening after", time.perf_counter() - began)
    while requests.get(f"{daemon.admin_url}/readyz", timeout=600).status_code != 200:
        time.sleep(0.01)
    show(f"{name}: /readyz 200 after", time.perf_counter() - began)
    show(f"{name}: first event", deliver_first(daemon, events.next(0, 1)))
    events.follow(events)
    show(f"{name}: first event in after", time.perf_counter() - began)
    show(f"{name}: resident", memory(daemon))
    return daemon
