"""What the README tells an operator of more than one machine to type, word for word: two machines, and a server with SSH."""
import json
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from documented import REPOSITORY, documented
from elsewhere import NAME, REPLICA, Elsewhere
from machine import Machine
from network import Network
from service import active_customers, configure, portal_status, start, wait_until_ready
from support.replication import LITESTREAM, SUPERSEDED
from support.users import User
from support.waiting import eventually

README = "README.md"
ADDRESSES = {"elsewhere": "10.0.0.1", "first": "10.0.0.2", "second": "10.0.0.3"}
UNITS = ["portald-replicate.service", "portald-follow.service", "portald-promote.service", "portald-promote@.service"]
# Words of the one block of commands that makes a primary.
PRIMARY = "enable --now portald-replicate\nportald doctor"
CANNOT_CONNECT = 7
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
            disk, socket = folder / "disk", network.socket(address)
            machines.append(Machine(base_system, folder, [package, LITESTREAM], name, disk, socket))
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda machine: machine.run(f"dpkg --install /mnt/{package.name}"), machines))
        yield machines
    finally:
        for machine in machines:
            machine.stop()
        network.remove()
        for name in ADDRESSES:
            shutil.rmtree(tmp_path / name, ignore_errors=True)


def install_litestream(machine):
    machine.run(f"install /mnt/{LITESTREAM.name} /usr/local/bin/litestream")


def prepare(machine, elsewhere):
    """What a machine has before portald: Litestream, a web server in front as the README has it, and a way to Stripe."""
    machine.run(f"echo {machine.name} >/etc/hostname; hostname {machine.name}")
    install_litestream(machine)
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


def with_replica(example, kind, **values):
    """The example of Litestream's configuration with the replica that a comment introduces, and values of one's own."""
    head, rest = example.split("      # Object storage.", 1)
    (paragraph,) = [text for text in rest.split("\n\n") if text.lstrip("# ").startswith(kind)]
    fields = re.findall(r"^ +# ([a-z-]+): (.*)$", paragraph, re.MULTILINE)
    assert values.keys() <= {name for name, _ in fields}
    return head + "".join(f"      {name}: {values.get(name, value)}\n" for name, value in fields)


def findings(machine):
    """The levels of what `portald doctor` says."""
    said = json.loads(machine.try_to("portald doctor --json").stdout)["findings"]
    return {finding["check"]: finding["level"] for finding in said}


def wait_until_replicating(machine, epoch):
    eventually(lambda: f"replicating epoch={epoch}" in machine.journal("portald-replicate"))


def wait_until_well(machine, *checks):
    """Waits until `portald doctor` has nothing to say against any of these."""
    eventually(lambda: {findings(machine).get(check) for check in checks} == {"ok"}, lambda: findings(machine))


def click(machine, user):
    return portal_status(machine, user, "http://127.0.0.1")


def shown(machine, unit, *properties):
    names = " ".join(f"--property={name}" for name in properties)
    lines = machine.run(f"systemctl show {names} {unit}").splitlines()
    # They come in systemd's own order.
    values = dict(line.split("=", 1) for line in lines)
    return [values[name] for name in properties]


def test_units_are_sound_and_confined(installed, report):
    paths = " ".join(f"/lib/systemd/system/{unit}" for unit in UNITS)
    assert installed.run(f"systemd-analyze verify --man=no {paths}") == ""
    for unit in UNITS:
        said = installed.run(f"systemd-analyze security --offline=true /lib/systemd/system/{unit}")
        score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said).group(1)
        report(f"systemd-analyze security: {unit} {score}")
        assert float(score) <= 1.5, said


def test_a_folder_as_a_replica(installed):
    start(installed)
    install_litestream(installed)
    installed.run(f"mkdir --mode=700 {REPLICA} && chown --reference=/var/lib/portald/. {REPLICA}")
    for unit in ["portald-replicate", "portald-promote"]:
        installed.run(f"mkdir /etc/systemd/system/{unit}.service.d")
        installed.write(f"/etc/systemd/system/{unit}.service.d/override.conf", f"[Service]\nReadWritePaths={REPLICA}\n")
    installed.run("systemctl daemon-reload")
    example = installed.run("cat /usr/share/doc/portald/examples/litestream.yml")
    edit(installed, "/etc/portald/litestream.yml", with_replica(example, "A folder"))
    edit(installed, "/etc/portald/litestream.env", "")
    installed.try_to(documented(README, PRIMARY))
    wait_until_replicating(installed, 1)
    wait_until_well(installed, "litestream", "replication", "epoch")
    assert {"claims", "epochs"} <= set(installed.run(f"ls {REPLICA}").split())

    installed.run("dpkg --remove portald")
    assert shown(installed, "portald-replicate", "ActiveState") == ["inactive"]
    installed.run("dpkg --purge portald")
    assert not installed.exists("/etc/portald") and installed.exists(f"{REPLICA}/epochs")


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
    edit(first, "/etc/portald/litestream.yml", with_replica(example, "A server with SSH", **{"host": f"{elsewhere.address}:22", "host-key": host_key}))
    edit(first, "/etc/portald/litestream.env", "")
    # The last of these is `portald doctor`, which has something to say for as long as the claim takes.
    first.try_to(documented(README, PRIMARY))
    wait_until_ready(first)
    wait_until_replicating(first, 1)
    wait_until_well(first, "litestream", "replication", "epoch")
    assert first.run("stat --format='%a %U' /etc/portald/litestream.env") == "600 root"
    user = User()
    customer = elsewhere.add_subscriber(user)
    eventually(lambda: customer in active_customers(first))

    # A node.
    prepare(second, elsewhere)
    configuration = first.run("tar --create --directory=/etc portald | base64")
    second.run("base64 --decode | tar --extract --directory=/etc", given=configuration)
    assert "ready" in second.run(documented(README, "enable --now portald-follow portald\ncurl"))
    wait_until_ready(second)
    wait_until_well(second, "litestream", "replication")
    eventually(lambda: customer in active_customers(second))
    assert click(second, user) == click(first, user) == "200"
    for machine, unit in [(first, "portald-replicate"), (second, "portald-follow")]:
        (process,) = shown(machine, unit, "MainPID")
        status = machine.run(f"cat /proc/{process}/status")
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE) and re.search(r"^Seccomp:\t2$", status, re.MULTILINE), status

    # The primary's power is cut, and Stripe's webhooks are lost.
    first.stop()
    missed = User()
    elsewhere.add_subscriber(missed)
    assert click(second, user) == "200"
    began = time.monotonic()
    second.run(documented(README, "systemctl start portald-promote"))
    report(f"promotion of a node, by the README's commands: {time.monotonic() - began:.1f} s")
    assert "is the primary's of epoch 2" in second.journal("portald-promote")
    elsewhere.point_name_at(ADDRESSES["second"])
    wait_until_ready(second)
    assert click(second, missed) == "200"
    assert shown(second, "portald-follow", "ActiveState", "UnitFileState") == ["inactive", "disabled"]
    wait_until_replicating(second, 2)
    wait_until_well(second, "litestream", "replication", "epoch")
    later = User()
    customer = elsewhere.add_subscriber(later)
    eventually(lambda: customer in active_customers(second))
    assert f"object={customer}" in second.journal()

    # The former primary comes back, and gives up at once.
    first.start()
    ended = ["failed", str(SUPERSEDED), "0"]
    for unit in ["portald.service", "portald-replicate.service"]:
        eventually(lambda: shown(first, unit, "ActiveState", "ExecMainStatus", "NRestarts") == ended, lambda: first.journal())
        assert "the primary's on second has taken over with epoch 2" in first.journal(unit)
    # Nobody who asks it waits, nor starts it again.
    for unit in ["portald.socket", "portald-admin.socket"]:
        eventually(lambda: shown(first, unit, "ActiveState") == ["inactive"])
    assert first.try_to("curl --silent --max-time 10 http://127.0.0.1:8080/healthz").returncode == CANNOT_CONNECT
    assert shown(first, "portald.service", "ActiveState", "ExecMainStatus", "NRestarts") == ended
    first.run(documented(README, "systemctl disable portald-replicate"))
    wait_until_ready(first)
    wait_until_well(first, "litestream", "replication")
    eventually(lambda: customer in active_customers(first))
    assert click(first, later) == click(first, missed) == "200"

    # And back again, by the epoch's number.
    first.run("systemctl start portald-promote@3")
    assert "is the primary's of epoch 3" in first.journal("portald-promote@3")
