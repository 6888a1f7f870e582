"""What docs/operations.md tells an operator to type about backups and damage, word for word, on an installed service."""
import re

from documented import documented
from service import DATABASE, active_customers, portal_status, start, subscribe, wait_until_ready
from support.users import User
from support.waiting import eventually

OPERATIONS = "docs/operations.md"
STOP = "systemctl stop portald.socket portald-admin.socket portald.service"


def complaints(machine, *checks):
    """The lines of `portald doctor` about these checks that are not ok."""
    lines = machine.try_to("portald doctor").stdout.splitlines()
    found = [line for line in lines if re.match(rf"\w+ +({'|'.join(checks)}):", line)]
    assert found, lines
    return [line for line in found if not line.startswith("ok ")]


def test_doctor_finds_nothing_wrong_with_the_files_of_the_package(installed):
    start(installed)
    checks = ["settings", "database", "database-mode", "database-owner", "folder-mode", "config-mode", "credentials-mode"]
    assert complaints(installed, *checks) == []
    installed.run(STOP)
    assert complaints(installed, *checks) == []


def test_a_backup_is_restored_and_catches_up(installed):
    before, after = User(), User()
    start(installed)
    subscribe(installed, before)
    assert "no damage found" in installed.run(documented(OPERATIONS, "portald backup /var/backups/portald.db"))
    subscribe(installed, after)
    everybody = active_customers(installed)

    installed.run(STOP)
    # Root's own copy, as mv leaves it, is not the daemon's; that is said by all who are asked.
    installed.run(f"cp {DATABASE} /tmp/kept && mv /tmp/kept {DATABASE}")
    assert installed.try_to("systemctl start portald").returncode != 0
    assert "see 'portald doctor'" in installed.journal()
    (complaint,) = complaints(installed, "database-owner")
    assert "belongs to root" in complaint

    installed.run(documented(OPERATIONS, "chown --reference"))
    wait_until_ready(installed)
    eventually(lambda: active_customers(installed) == everybody)
    assert portal_status(installed, before) == portal_status(installed, after) == "200"


def test_a_damaged_mirror_is_not_served_and_is_rebuilt(installed):
    user = User()
    start(installed)
    subscribe(installed, user)
    installed.run(STOP)
    # From the fourth page on, and then the very first: the file is no longer a database.
    for page in ["seek=3", "seek=0"]:
        installed.run(f"dd if=/dev/urandom of={DATABASE} bs=4096 {page} count=4 conv=notrunc status=none")
        assert installed.try_to("systemctl start portald").returncode != 0
        journal = installed.journal()
        assert "is damaged" in journal and "portald backfill --rebuild" in journal
        (complaint,) = complaints(installed, "database")
        assert "is damaged" in complaint

        installed.run(documented(OPERATIONS, "portald backfill --rebuild"))
        wait_until_ready(installed)
        assert portal_status(installed, user) == "200"
        installed.run(STOP)
