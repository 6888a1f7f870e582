"""A Debian machine with systemd, in a container: nothing of this machine's is seen or changed."""
import os
import re
import shlex
import socket
import subprocess

from control_group import ControlGroup
from support.waiting import DEADLINE

PACKAGES = ["ca-certificates", "curl", "dbus", "nginx-light", "sqlite3", "systemd-sysv"]
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


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
    """A base system that has booted, with a network of its own; what happens to it is forgotten when it stops.

    It takes root, and a kernel that lets root make namespaces. https://www.freedesktop.org/software/systemd/man/systemd-nspawn.html
    """

    def __init__(self, base, folder, files):
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.bind(str(folder / "notify"))
        notifications.settimeout(DEADLINE)
        self._console = folder / "console.log"
        self._group = ControlGroup(f"portald-{os.getpid()}-{folder.name}")
        # Its container is shut down with the test run, however that ends.
        command = ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet", "--boot", f"--directory={base.root}", "--volatile=overlay"]
        command += ["--register=no", "--keep-unit", "--private-network", "--notify-ready=yes", "--console=pipe"]
        command += [f"--bind-ro={file}:/mnt/{file.name}" for file in files]
        with self._console.open("wb") as console:
            self._container = subprocess.Popen(
                command,
                env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                preexec_fn=self._group.enter,
            )
        self._leader = None
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
        self._group.remove()
        self._container.wait()
