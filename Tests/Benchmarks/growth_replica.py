"""A mirror's way to another machine, for growth.py: a primary, `portald replicate` into a folder, `portald follow`, a node."""
import os
import pathlib
import shutil
import tempfile
import time

from growth_load import READS_PATH, deliveries
from growth_load import requests as load
from portal_latency import PORTAL_PATH
from support.settings import daemon_settings

CONFIGURATION = """
dbs:
  - path: ${PORTALD_DATABASE}
    replica:
      path: %s/${PORTALD_REPLICA}
"""
# For so long nothing is written where a snapshot is done, and so many bytes of the disk are always left.
QUIET_SECONDS = 5
LEAST_FREE = 8 << 30


def size(folder):
    """Bytes of whole files in a folder, and how many files are being written."""
    total, partial = 0, 0
    for file in pathlib.Path(folder).rglob("*"):
        try:
            if file.is_file():
                total += file.stat().st_size
                partial += file.name.endswith(".tmp")
        except FileNotFoundError:
            partial += 1
    return total, partial


def memory(program, name="VmRSS"):
    """Of a program and its children."""
    total = 0
    for process in [program.process.pid, *children(program.process.pid)]:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        total += int(status.split(name + ":")[1].split()[0]) // 1024 if name in status else 0
    return f"{total} MiB"


def children(process):
    listed = pathlib.Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


def wait_for_replica(folder, show, deadline):
    """Until a whole file has been in the replica for some seconds, and nothing more is written; how long that took."""
    began = time.perf_counter()
    last, since = None, began
    while time.perf_counter() - began < deadline:
        total, partial = size(folder)
        if (total, partial) != last:
            last, since = (total, partial), time.perf_counter()
        whole = list(pathlib.Path(folder).rglob("*.ltx"))
        if shutil.disk_usage(folder.parent).free < LEAST_FREE:
            show("replica", f"the disk is nearly full, {size(folder)} bytes and files under way")
            return time.perf_counter() - began
        if whole and not partial and time.perf_counter() - since > QUIET_SECONDS:
            return since - began
        time.sleep(0.2)
    show("replica", "not waited for any longer")
    return deadline


def measure(launch, options, account, events, api, quiet, show, show_load):
    database = options.file
    folder = pathlib.Path(tempfile.mkdtemp(prefix="replica-", dir=os.environ.get("GROWTH_FOLDER")))
    configuration = folder / "litestream.yml"
    configuration.write_text(CONFIGURATION % (folder / "replica"))
    replication = {"PORTALD_LITESTREAM": os.path.abspath(options.litestream), "PORTALD_LITESTREAM_CONFIG": str(configuration)}
    settings = daemon_settings(database, api, **quiet, **replication)
    (folder / "replica").mkdir()
    try:
        began = time.perf_counter()
        replicate = launch.program("replicate", **settings)
        wait_for_replica(folder / "replica/epochs", show, options.patience)
        show("first snapshot written after", time.perf_counter() - began - QUIET_SECONDS)
        for file in sorted((folder / "replica/epochs").rglob("*.ltx")):
            show(str(file.relative_to(folder)), f"{file.stat().st_size / 1e6:.1f} MB")
        show("replica MB", size(folder / "replica")[0] / 1e6)
        local = pathlib.Path(database).parent / f".{pathlib.Path(database).name}-litestream"
        show("Litestream's own folder beside the mirror, MB", size(local)[0] / 1e6)
        show("replicate, resident at most", memory(replicate, "VmHWM"))
        if shutil.disk_usage(folder).free < LEAST_FREE:
            replicate.kill()
            raise SystemExit("no room to go on")
        primary = launch.daemon(database=database, filled=False, STRIPE_API_BASE=api, **quiet, **replication)
        results, now = deliveries(primary.address, events, 64, options.seconds, 500)()
        events.follow(now)
        show_load("events beside Litestream, open loop 500/s", *results, options.seconds)
        results, now = deliveries(primary.address, events, 64, options.seconds)()
        events.follow(now)
        show_load("events beside Litestream, 64 connections", *results, options.seconds)
        show("replicate, resident at most", memory(replicate, "VmHWM"))
        show("replica MB after events", size(folder / "replica")[0] / 1e6)
        if options.sacrifice:
            # The disk does not hold two.
            primary.stop()
            replicate.stop()
            for suffix in ("", "-wal", "-shm"):
                pathlib.Path(database + suffix).unlink(missing_ok=True)
            shutil.rmtree(local, ignore_errors=True)
            show("the primary's file", "deleted, to have room for the node's")
        follow(launch, options, account, folder, replication, api, quiet, show, show_load)
    finally:
        launch.close()
        shutil.rmtree(folder)


def follow(launch, options, account, folder, replication, api, quiet, show, show_load):
    path = folder / "node" / "portald.db"
    path.parent.mkdir()
    settings = daemon_settings(str(path), api, **quiet, **replication)
    began = time.perf_counter()
    follower = launch.program("follow", **settings)
    while " following " not in follower.log and time.perf_counter() - began < options.patience:
        time.sleep(0.2)
    show("portald follow: restored after", time.perf_counter() - began)
    show("follow, resident at most", memory(follower, "VmHWM"))
    show("node's folder MB", size(path.parent)[0] / 1e6)
    began = time.perf_counter()
    node = launch.daemon(
        database=str(path), filled=False, STRIPE_API_BASE=api, PORTALD_ROLE="portal", **quiet, **replication
    )
    show("node listening after", time.perf_counter() - began)
    for name, way in (("clicks", PORTAL_PATH), ("reads", READS_PATH), ("clicks again", PORTAL_PATH)):
        show_load(f"node: {name} 40/s", *load(node.address, account, way, 40, options.seconds)(), options.seconds)
    show("node, resident", memory(node))
