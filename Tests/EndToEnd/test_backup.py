"""Copies of the mirror made while it is written, what becomes of an old one, and of a damaged file."""
import os
import sqlite3
import stat
import subprocess
import threading
from contextlib import closing

from support.account import Account
from support.mirror import Mirror
from support.settings import daemon_settings
from support.users import User
from support.waiting import eventually, eventually_passes

from test_lifecycle import FAILURE
from test_sweep import DAY, only_sweeps


def damage(path, after=0):
    """Writes nonsense over the root page of the customers, as a failing disk does."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'customers'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with open(path, "r+b") as file:
        file.seek((page - 1) * size + after)
        file.write(b"\xa5" * 512)


def backup(launch, daemon, copy, *options):
    code, output, errors = launch.run("backup", str(copy), *options, PORTALD_DATABASE=daemon.database)
    assert code == 0, errors
    return output, errors


def test_a_backup_under_load_and_a_restore(launch, report):
    sandbox = launch.sandbox()
    sandbox.control("/seed", customers=2000, subscriptions=2000)
    daemon = launch.daemon(sandbox, **only_sweeps(2))
    daemon.wait_until_filled()
    sandbox.forward_to(daemon)
    account = Account(sandbox)
    customers = [customer["id"] for customer in sandbox.all("/v1/customers")[:20]]
    step, is_over = [0], threading.Event()

    def load():
        while not is_over.is_set():
            step[0] += 1
            for customer in customers:
                account.customers.update(customer, {"metadata": {"step": str(step[0])}})

    thread = threading.Thread(target=load)
    thread.start()
    try:
        eventually(lambda: step[0] > 1)
        copies = [launch.directory() / name for name in ["first.db", "second.db", "third.db"]]
        before = step[0]
        for copy in copies:
            output, errors = backup(launch, daemon, copy)
            assert "no damage found" in output and "copied 100 %" in errors
        eventually(lambda: step[0] > before + 1)
    finally:
        is_over.set()
        thread.join()
    for copy in copies:
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert [path.name for path in copy.parent.iterdir()] == [copy.name]
        Mirror(copy).check_integrity()
    sandbox.wait_until_settled(after=len(sandbox.events()) - len(customers))
    assert daemon.stop() == 0

    # The copy knows nothing of what was done since, and nobody tells the daemon that it is a copy.
    new = account.add_subscriber(User())
    account.customers.delete(customers[0])
    restored = launch.daemon(sandbox, str(copies[0]), **only_sweeps(2))
    mirror = Mirror(restored.database)

    def check():
        for customer in customers[1:] + [new]:
            mirror.check_shows(sandbox.retrieve(customer), confirmed=True)
        assert mirror.row("customers", customers[0])["deleted"] == 1

    eventually_passes(check)
    rows = {row["id"]: row for row in mirror.rows("SELECT id, object, deleted FROM customers")}
    for customer in sandbox.all("/v1/customers"):
        assert mirror.is_same(rows.pop(customer["id"]), customer)
    assert rows.keys() == {customers[0]}
    report(f"3 backups of {len(customers)} customers' {step[0]} rounds of changes, 4,000 rows: all whole; one restored")


def test_a_copy_older_than_stripes_events(launch):
    sandbox = launch.sandbox()
    account = Account(sandbox)
    customer = account.add_customer(User(), name="Ada")
    daemon = launch.daemon(sandbox, **only_sweeps(2))
    daemon.wait_until_filled()
    copy = launch.directory() / "old.db"
    backup(launch, daemon, copy)
    assert daemon.stop() == 0
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE sync_state SET swept_to = swept_to - ?", [31 * DAY])
    sandbox.control("/faults/events", effect="lose", fraction=1)
    account.customers.update(customer, {"name": "Grace"})
    new = account.add_customer(User())
    restored = launch.daemon(sandbox, str(copy), **only_sweeps(2))
    restored.wait_for_log("the last sweep was 31 days ago")
    restored.wait_until_filled()
    mirror = Mirror(restored.database)
    eventually_passes(lambda: [mirror.check_shows(sandbox.retrieve(one), confirmed=True) for one in [customer, new]])


def test_a_backup_replaces_nothing_unasked(launch):
    daemon = launch.daemon()
    copy = launch.directory() / "copy.db"
    copy.write_text("precious")
    code, _, errors = launch.run("backup", str(copy), PORTALD_DATABASE=daemon.database)
    assert code == FAILURE and "--force" in errors and copy.read_text() == "precious"
    backup(launch, daemon, copy, "--force")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    Mirror(copy).check_integrity()
    assert list(copy.parent.iterdir()) == [copy]


def test_a_backup_never_takes_the_mirrors_place(launch):
    """The daemon would go on in a file without a name, and what it acknowledges would be lost."""
    sandbox, daemon = launch.pair()
    folder = launch.directory()
    names = [daemon.database, daemon.database + "-wal", daemon.database + "-shm"]
    before = [os.stat(name).st_ino for name in names]
    link, twin = folder / "link.db", folder / "twin.db"
    link.symlink_to(daemon.database)
    os.link(daemon.database, twin)
    for target in [*names, str(link), str(twin)]:
        code, _, errors = launch.run("backup", target, "--force", PORTALD_DATABASE=daemon.database)
        assert code == FAILURE and "it is the mirror itself" in errors, errors
    assert [os.stat(name).st_ino for name in names] == before
    customer = Account(sandbox).add_customer(User())
    eventually_passes(lambda: Mirror(daemon.database).check_shows(sandbox.retrieve(customer), confirmed=True))


def test_a_rebuild_sees_another_program_though_the_first_page_is_damaged(launch):
    sandbox = launch.sandbox()
    daemon = launch.daemon(sandbox, **only_sweeps(300))
    daemon.wait_until_filled()
    assert daemon.stop() == 0
    before = os.stat(daemon.database).st_ino
    settings = daemon_settings(daemon.database, sandbox.url, **only_sweeps(300))
    with closing(sqlite3.connect(daemon.database)) as connection:
        connection.execute("SELECT count(*) FROM customers").fetchall()
        # By another process: closing the file in this one would drop the connection's lock.
        subprocess.run(["dd", "if=/dev/zero", f"of={daemon.database}", "bs=100", "count=1", "conv=notrunc"], check=True)
        code, _, errors = launch.run("backfill", "--rebuild", **settings)
        assert code == FAILURE and "stop the daemon" in errors, errors
        assert os.stat(daemon.database).st_ino == before
    code, _, errors = launch.run("backfill", "--rebuild", **settings)
    assert code == 0, errors
    Mirror(daemon.database).check_integrity()


def test_backups_that_cannot_be_made_leave_nothing(launch):
    folder = launch.directory()
    for source in [folder / "missing.db", damaged_mirror(launch)]:
        for options in [[], ["--force"]]:
            code, _, errors = launch.run("backup", str(folder / "copy.db"), *options, PORTALD_DATABASE=str(source))
            assert code == FAILURE and str(source) in errors, errors
            assert list(folder.iterdir()) == []
    other = folder / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE albums (id)")
    code, _, errors = launch.run("backup", str(folder / "copy.db"), PORTALD_DATABASE=str(other))
    assert code == FAILURE and "another program" in errors and [path.name for path in folder.iterdir()] == ["other.db"]


def damaged_mirror(launch):
    sandbox = launch.sandbox()
    sandbox.control("/seed", customers=50, subscriptions=50)
    daemon = launch.daemon(sandbox, **only_sweeps(300))
    daemon.wait_until_filled()
    assert daemon.stop() == 0
    damage(daemon.database)
    return daemon.database


def test_a_damaged_file_is_not_served_and_is_rebuilt_by_one_command(launch):
    sandbox = launch.sandbox()
    sandbox.control("/seed", customers=300, subscriptions=300)
    daemon = launch.daemon(sandbox, **only_sweeps(300))
    daemon.wait_until_filled()
    customers = [customer["id"] for customer in sandbox.all("/v1/customers")]
    environment = {"PORTALD_DATABASE": daemon.database}
    for arguments in [["link", "4711", customers[0]], ["unlink", "4712", customers[1]]]:
        assert launch.run(*arguments, **environment)[0] == 0
    settings = daemon_settings(daemon.database, sandbox.url, **only_sweeps(300))

    # Not under a running daemon.
    code, _, errors = launch.run("backfill", "--rebuild", **settings)
    assert code == FAILURE and "stop the daemon" in errors
    assert daemon.stop() == 0

    damage(daemon.database)
    refused = launch.program("serve", **settings)
    assert refused.wait() == FAILURE
    assert "is damaged" in refused.log and "portald backfill --rebuild" in refused.log
    assert "listening" not in refused.log
    code, output, errors = launch.run("backfill", "--rebuild", **settings)
    assert code == 0, errors
    assert "2 of the operator's links were kept" in output and "300 customers and 300 subscriptions" in output
    mirror = Mirror(daemon.database)
    mirror.check_integrity()
    assert mirror.rows("SELECT user_id, customer, verdict FROM link_decisions ORDER BY user_id") == [
        {"user_id": "4711", "customer": customers[0], "verdict": "linked"},
        {"user_id": "4712", "customer": customers[1], "verdict": "unlinked"},
    ]
    assert stat.S_IMODE(os.stat(daemon.database).st_mode) == 0o600
    again = launch.daemon(sandbox, daemon.database, **only_sweeps(300))
    for customer in customers[::30]:
        mirror.check_shows(sandbox.retrieve(customer), confirmed=True)
    assert again.stop() == 0
