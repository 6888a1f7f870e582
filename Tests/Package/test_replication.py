"""What the README tells an operator of more than one machine to type, word for word: two machines, and a server with SSH."""
import json
import re
import shutil

import pytest

from documented import REPOSITORY, documented
from elsewhere import NAME, REPLICA, Elsewhere
from machine import Machine
from network import Network
from service import active_customers, configure, portal_status, wait_until_ready
from support.replication import LITESTREAM, SUPERSEDED
from support.users import User
from support.waiting import eventually

README = "README.md"
ADDRESSES = {"elsewhere": "10.0.0.1", "first": "10.0.0.2", "second": "10.0.0.3"}
UNITS = ["portald-replicate.service", "portald-follow.service", "portald-promote.service"]
KEY = "/etc/portald/credentials/sftp_key"


@pytest.fixture
def machines(base_system, package, tmp_path):
    """Three machines with the package, on one network; they can be stopped and started."""
    network = Network()
    machines = []
    try:
        for name, address in ADDRESSES.items():
            folder = tmp_path / name
            folder.mkdir()
            files = [package, LITESTREAM]
            machine = Machine(base_system, folder, files, name, folder / "disk", network.socket(address))
            machines.append(machine)
            machine.run(f"dpkg --install /mnt/{package.name}")
        yield machines
    finally:
        for machine in machines:
            machine.stop()
        network.remove()
        for name in ADDRESSES:
            shutil.rmtree(tmp_path / name, ignore_errors=True)


def prepare(machine, elsewhere):
    """What a machine has before portald: Litestream, a web server in front as the README has it, and a way to Stripe."""
    machine.run(f"install /mnt/{LITESTREAM.name} /usr/local/bin/litestream")
    elsewhere.forward_stripe(machine)
    locations = re.search(r"```nginx\n(.*?)```", (REPOSITORY / README).read_text(), re.DOTALL).group(1)
    machine.write("/etc/nginx/sites-enabled/default", f"server {{\n    listen 80;\n{locations}}}\n")
    machine.run("systemctl reload-or-restart nginx")


def edit(machine, path, text):
    """Has the next command `editor PATH` save a text."""
    edited = "/root/edited"
    machine.write("/usr/local/bin/editor", f'#!/bin/sh\nexec cp "{edited}/$(basename "$1")" "$1"\n')
    machine.run(f"chmod +x /usr/local/bin/editor; mkdir -p {edited}")
    machine.write(f"{edited}/{path.rsplit('/', 1)[1]}", text)


def with_sftp(example, address, host_key):
    """The example of Litestream's configuration with the kind of replica that is a server with SSH."""
    head, rest = example.split("      # Object storage.", 1)
    _, sftp, _ = rest.split("\n\n", 2)
    lines = [line.replace("# ", "", 1) for line in sftp.splitlines() if re.match(r" +# [a-z-]+: ", line)]
    text = head + "\n".join(lines) + "\n"
    for placeholder, value in [("replica.example.com", address), ("ecdsa-sha2-nistp256 AAAA…", host_key)]:
        assert placeholder in text
        text = text.replace(placeholder, value)
    return text


def found(machine, *checks):
    """What `portald doctor` says of these checks."""
    findings = json.loads(machine.try_to("portald doctor --json").stdout)["findings"]
    return {finding["check"]: finding["level"] for finding in findings if finding["check"] in checks}


def test_units_are_sound_and_confined(installed, report):
    paths = " ".join(f"/lib/systemd/system/{unit}" for unit in UNITS)
    assert installed.run(f"systemd-analyze verify --man=no {paths}") == ""
    for unit in UNITS:
        report_of_unit = installed.run(f"systemd-analyze security --offline=true {unit}")
        score = re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", report_of_unit).group(1)
        report(f"systemd-analyze security: {unit} {score}")
        assert float(score) <= 1.5, report_of_unit


def test_a_machine_is_lost_and_comes_back(machines, report):
    elsewhere, first, second = machines
    elsewhere = Elsewhere(elsewhere, ADDRESSES["elsewhere"])
    elsewhere.point_name_at(ADDRESSES["first"])

    # The primary.
    prepare(first, elsewhere)
    configure(first)
    first.run("systemctl enable --now --quiet portald")
    first.run(f"ssh-keygen -q -t ed25519 -N '' -f {KEY}")
    elsewhere.let_in(first.run(f"cat {KEY}.pub; rm {KEY}.pub"))
    host_key = first.run(f"ssh-keyscan -t ecdsa {elsewhere.address} 2>/dev/null").split(" ", 1)[1]
    example = first.run("cat /usr/share/doc/portald/examples/litestream.yml")
    edit(first, "/etc/portald/litestream.yml", with_sftp(example, elsewhere.address, host_key))
    edit(first, "/etc/portald/litestream.env", "")
    print(first.try_to(documented(README, "enable --now portald-replicate\nportald doctor")).stdout)
    wait_until_ready(first)
    print(first.journal("portald-replicate"))
    print(first.try_to("portald doctor").stdout)
    user = User()
    customer = elsewhere.add_subscriber(user)
    eventually(lambda: customer in active_customers(first))

    # A node.
    prepare(second, elsewhere)
    second.run("base64 --decode | tar --extract --directory=/etc", given=first.run("tar --create --directory=/etc portald | base64"))
    print(second.run(documented(README, "enable --now portald-follow portald\ncurl")))
    wait_until_ready(second)
    print(second.try_to("portald doctor").stdout, second.journal("portald-follow"), second.journal())
    print(second.run("ls -la /var/lib/portald/"), portal_status(second, user, "http://127.0.0.1"))
    print(first.run("for u in portald portald-replicate; do cat /proc/$(systemctl show --property=MainPID --value $u)/limits | grep -i nice; done"))
    print(first.journal())
    for c in ["CREDENTIALS_DIRECTORY=/etc/portald/credentials portald doctor --config /etc/portald/portald.env", "set -a; . /etc/portald/litestream.env; set +a; portald doctor"]:
        print(first.try_to(c + " | grep -A1 -E '(epoch|litestream|replication):'").stdout)

    first.stop()
    elsewhere.point_name_at(ADDRESSES["second"])
    lost = User()
    missed = elsewhere.add_subscriber(lost)
    import time
    t = time.time()
    print(second.run(documented(README, "systemctl start portald-promote")), time.time() - t)
    print(second.journal("portald-promote"))
    wait_until_ready(second)
    assert {customer, missed} <= set(active_customers(second))
    later = User()
    newest = elsewhere.add_subscriber(later)
    eventually(lambda: newest in active_customers(second))
    print(second.try_to("portald doctor").stdout, second.journal("portald-replicate"))

    first.start()
    t = time.time()
    shows = lambda u: first.run(f"systemctl show --property=ActiveState,SubState,Result,ExecMainStatus,NRestarts {u}").split()
    eventually(lambda: "ExecMainStatus=5" in shows("portald") and "ExecMainStatus=5" in shows("portald-replicate"), lambda: first.journal())
    print(time.time() - t, shows("portald"), shows("portald-replicate"), first.run("systemctl status portald.socket portald-admin.socket || true"))
    time.sleep(4)
    print(shows("portald"), shows("portald-replicate"))
    print(first.journal(), first.journal("portald-replicate"))
    print(first.try_to("curl -v http://127.0.0.1:8080/healthz").stdout)
    print(shows("portald"))
    print(first.try_to("portald doctor | grep -A1 -E '(epoch|litestream|replication):'").stdout)
    print(first.run(documented(README, "systemctl disable portald-replicate")))
    wait_until_ready(first)
    eventually(lambda: newest in active_customers(first))
    print(portal_status(first, later, "http://127.0.0.1"))
    print(first.run("ls -la /var/lib/portald/ /var/lib/portald/former"))
