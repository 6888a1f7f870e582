"""A Debian machine with systemd, in a container: nothing of this machine's is seen or changed."""
import os
import re
import shlex
import socket
import subprocess

from control_group import ControlGroup
from support.waiting import DEADLINE

PACKAGES = ["ca-certificates", "curl", "dbus", "nginx-light", "openssh-server", "sqlite3", "systemd-sysv"]
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


class BaseSystem:
    """A folder with Debian and what a package depends on, but without the package."""

    def __init__(self, folder, package):
        self.root = folder / "root"
        field = ["dpkg-deb", "--field", package, "Depends"]
        depends = subprocess.run(field, check=True, capture_output=True, text=True).stdout
        # Only the names: dpkg checks the versions when it installs the package.
        names = PACKAGES + [re.split(r"[ (|]", dependency.strip())[0] for dependency in depends.split(",")]
        command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(names)}"]
        # The folder is thrown away, so nothing has to survive a power cut.
        command += ["--dpkgopt=force-unsafe-io", SUITE, self.root, MIRROR]
        subprocess.run(command, check=True)


class Machine:
    """A base system that has booted, with a network of its own; what happens to it is forgotten when it stops. Several may
    run at once.

    It takes root, and a kernel that lets root make namespaces. https://www.freedesktop.org/software/systemd/man/systemd-nspawn.html
    """

    def __init__(self, base, folder, files, name="debian", disk=None, network=None):
        """
        disk: a folder that keeps what happens to the machine, so that it can be stopped and started.
        network: the path of a network namespace that it is in.
        """
        self.name = name
        self._folder = folder
        self._container = self._group = self._leader = None
        options = [f"--machine={name}", "--register=no", "--keep-unit", "--notify-ready=yes", "--console=pipe"]
        options += [f"--network-namespace-path={network}" if network else "--private-network"]
        options += [f"--bind-ro={file}:/mnt/{file.name}" for file in files]
        self._command = ["systemd-nspawn", "--quiet", "--boot", *options]
        if disk is None:
            self._command += [f"--directory={base.root}", "--volatile=overlay"]
        else:
            self._command = on_disk(base, disk, self._command)
        self.start()

    def start(self):
        """Boots it; from the thread that goes on, for the machine is shut down with that."""
        address = self._folder / "notify"
        address.unlink(missing_ok=True)
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.bind(str(address))
        notifications.settimeout(DEADLINE)
        self._console = self._folder / "console.log"
        self._group = ControlGroup(f"portald-{os.getpid()}-{self._folder.name}")
        with self._console.open("wb") as console:
            self._container = subprocess.Popen(
                # Its container is shut down with the test run, however that ends. https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html
                ["setpriv", "--pdeathsig", "TERM", *self._command],
                # Several machines share the base, which none of them writes to.
                env=os.environ | {"NOTIFY_SOCKET": str(address), "SYSTEMD_NSPAWN_LOCK": "0"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                preexec_fn=self._group.enter,
            )
        try:
            self._wait_until_booted(notifications)
        except BaseException:
            self.stop()
            raise
        finally:
            notifications.close()

    def _wait_until_booted(self, notifications):
        while True:
            try:
                fields = dict(line.split("=", 1) for line in notifications.recv(4096).decode().splitlines())
            except TimeoutError:
                raise AssertionError(f"the container did not boot:\n{self._console.read_text()}") from None
            self._leader = fields.get("X_NSPAWN_LEADER_PID", self._leader)
            if fields.get("READY") == "1":
                return

    def try_to(self, command, given=None):
        """Runs a line of shell as root; returns the finished process."""
        return subprocess.run(
            ["nsenter", f"--target={self._leader}", "--all", "--root", "--wd", "sh", "-euc", command],
            env=ENVIRONMENT,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE,
        )

    def run(self, command, given=None):
        """What a line of shell prints; it has to succeed."""
        done = self.try_to(command, given)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{self.journal()}"
        return done.stdout.strip()

    def write(self, path, text):
        self.run(f"cat >{shlex.quote(path)}", given=text)

    def exists(self, path):
        return self.try_to(f"test -e {shlex.quote(path)}").returncode == 0

    def journal(self, unit="portald"):
        return self.try_to(f"journalctl --no-pager --quiet --output=cat --unit={unit}").stdout

    def stop(self):
        """Cuts its power."""
        self._group.remove()
        self._container.wait()


def on_disk(base, disk, command):
    """A command that boots the base with the changes that are on a disk. The mount is the command's own, and goes with it."""
    for name in ["root", "changes", "work"]:
        (disk / name).mkdir(parents=True, exist_ok=True)
    layers = f"lowerdir={base.root},upperdir={disk}/changes,workdir={disk}/work"
    mount = shlex.join(["mount", "-t", "overlay", "-o", layers, "overlay", f"{disk}/root"])
    start = shlex.join([*command, f"--directory={disk}/root"])
    return ["unshare", "--mount", "sh", "-euc", f"{mount}; exec {start}"]
