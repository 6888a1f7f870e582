"""The package's life on a machine: installed, upgraded, removed, purged."""
from service import CREDENTIALS, DATABASE, active_customers, portal_status, start, subscribe, wait_until_ready
from support.users import User

UNITS = "portald.service portald.socket portald-admin.socket"
# Only where there is more than one machine.
COMPANIONS = "portald-replicate.service portald-follow.service"


def states(machine, question, units=UNITS):
    return machine.try_to(f"systemctl {question} {units}").stdout.split()


def test_starts_nothing_before_there_are_settings(installed):
    assert states(installed, "is-enabled", f"{UNITS} {COMPANIONS}") == ["disabled"] * 5
    assert states(installed, "is-active", f"{UNITS} {COMPANIONS}") == ["inactive"] * 5
    assert installed.run(f"stat --format='%a %U' {CREDENTIALS}") == "700 root"

    assert installed.try_to("systemctl start portald").returncode != 0
    journal = installed.journal()
    for name in ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FRONTEND_URL", "PORTALD_JWT_SECRET"]:
        assert f"{name}" in journal, journal
    assert installed.run("systemctl show --property=ExecMainStatus --value portald") == "78"


def test_is_complete(installed):
    version = installed.run("dpkg-query --show --showformat='${Version}' portald")
    assert version == installed.run("portald --version") + "-1"
    for path in [
        "/usr/share/man/man1/portald.1.gz", "/usr/share/man/man5/portald.env.5.gz",
        "/usr/share/bash-completion/completions/portald", "/usr/share/zsh/vendor-completions/_portald",
        "/usr/share/fish/vendor_completions.d/portald.fish", "/usr/share/doc/portald/copyright",
        "/usr/share/doc/portald/changelog.gz", "/usr/share/doc/portald/changelog.Debian.gz",
        "/usr/share/doc/portald/README.Debian", "/usr/share/doc/portald/examples/nginx.conf",
        "/usr/share/doc/portald/examples/Caddyfile", "/usr/share/doc/portald/examples/litestream.yml",
    ]:
        assert installed.exists(path), path
    assert installed.run("dpkg --verify portald") == ""


def test_keeps_its_data_and_its_socket_over_an_upgrade(machine, older_package, package):
    machine.run(f"dpkg --install /mnt/{older_package.name}")
    user = User()
    start(machine)
    subscribe(machine, user)
    socket = machine.run("systemctl show --property=ActiveEnterTimestampMonotonic portald.socket")
    process = machine.run("systemctl show --property=MainPID --value portald")

    machine.run(f"dpkg --install /mnt/{package.name}")

    assert machine.run("systemctl show --property=MainPID --value portald") != process
    assert machine.run("systemctl show --property=ActiveEnterTimestampMonotonic portald.socket") == socket
    wait_until_ready(machine)
    assert len(active_customers(machine)) == 1
    assert portal_status(machine, user) == "200"
    assert states(machine, "is-enabled") == ["enabled"] * 3


def test_removal_keeps_what_is_the_operators_and_purge_does_not(installed):
    start(installed)
    installed.run("dpkg --remove portald")
    assert states(installed, "is-active") == ["inactive"] * 3
    for path in ["/etc/portald/portald.env", f"{CREDENTIALS}/STRIPE_SECRET_KEY", DATABASE]:
        assert installed.exists(path), path

    installed.run("dpkg --purge portald")
    for path in ["/etc/portald", "/var/lib/portald", "/var/lib/private/portald"]:
        assert not installed.exists(path), path
    assert installed.run("find /etc/systemd /var/lib/systemd -name '*portald*'") == ""
