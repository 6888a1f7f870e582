"""A clock and a file system that change under the running daemon, and for it alone."""
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest


class World:
    """What a daemon sees that is started with these settings."""

    def __init__(self, directory):
        compiler = shutil.which("cc") or shutil.which("clang")
        if not compiler:
            pytest.skip("no C compiler: the clock and the file system of the daemon cannot be changed")
        library = directory / "world.so"
        source = Path(__file__).with_name("world.c")
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self._state = directory / "world"
        self._set(0, False)
        self.settings = {"LD_PRELOAD": str(library), "TEST_WORLD": str(self._state)}

    def _set(self, seconds, is_read_only):
        # In place, because the daemon has the file mapped.
        with open(self._state, "r+b" if self._state.exists() else "wb") as file:
            file.write(struct.pack("qq", seconds, is_read_only))

    @contextmanager
    def shifted(self, seconds):
        """The daemon's wall clock is ahead, or behind where negative; its monotonic clock goes on as it was."""
        self._set(seconds, False)
        yield
        self._set(0, False)

    @contextmanager
    def read_only(self):
        """The daemon can write none of its open files."""
        self._set(0, True)
        yield
        self._set(0, False)
