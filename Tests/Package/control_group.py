"""The control groups that tell a container's processes from all others."""
import os
import signal
from pathlib import Path

from support.waiting import eventually

ROOT = Path("/sys/fs/cgroup")


class ControlGroup:
    """A group below this process's own, in each hierarchy that systemd uses: the old one, the unified one, or both.

    systemd-nspawn keeps its container in the group that it is started in. Two containers in one group take each other's
    services for their own; and a container outlives the systemd-nspawn that is killed.
    https://man7.org/linux/man-pages/man7/cgroups.7.html
    """

    def __init__(self, name):
        self._folders = [hierarchy / name for hierarchy in hierarchies()]
        assert self._folders, f"systemd needs control groups, and {ROOT} has none"
        for folder in self._folders:
            folder.mkdir()

    def enter(self):
        """Puts the calling process into the group."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text("0")

    def remove(self):
        """Kills every process of the group, and waits until the last is gone."""
        for folder in self._folders:
            eventually(lambda: is_removed(folder))


def hierarchies():
    """This process's own groups, as folders."""
    folders = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "name=systemd"):
            continue
        mount = "systemd" if controllers else "unified" if (ROOT / "unified").is_dir() else "."
        folder = ROOT / mount / path.lstrip("/")
        if (folder / "cgroup.procs").exists():
            folders.append(folder)
    return folders


def is_removed(folder):
    for path, _, _ in os.walk(folder, topdown=False):
        try:
            for process in (Path(path) / "cgroup.procs").read_text().split():
                os.kill(int(process), signal.SIGKILL)
            os.rmdir(path)
        except OSError:
            return False
    return True
