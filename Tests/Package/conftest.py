import os
import shutil
import subprocess
from pathlib import Path

import pytest

from machine import BaseSystem, Machine
from support.replication import LITESTREAM

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def package():
    """The Debian package that `make deb` has made."""
    packages = list((REPOSITORY / ".build/deb").glob("portald_*.deb"))
    assert len(packages) == 1, f"{packages} are not one package: run 'make deb'"
    return packages[0]


@pytest.fixture(scope="session")
def older_package(package, tmp_path_factory):
    """The same under the version 0.0.1."""
    folder = tmp_path_factory.mktemp("older")
    contents, older = folder / "contents", folder / "older.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", package, contents], check=True)
    control = contents / "DEBIAN/control"
    lines = ["Version: 0.0.1-1" if line.startswith("Version: ") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", contents, older], check=True)
    return older


@pytest.fixture(scope="session")
def base_system(package, tmp_path_factory):
    assert os.geteuid() == 0, "a container of Debian takes root"
    folder = tmp_path_factory.mktemp("debian")
    yield BaseSystem(folder, package)
    shutil.rmtree(folder)


@pytest.fixture
def machine(base_system, package, older_package, tmp_path):
    machine = Machine(base_system, tmp_path, [package, older_package, LITESTREAM])
    try:
        yield machine
    finally:
        machine.stop()


@pytest.fixture
def installed(machine, package):
    """A machine with the package."""
    machine.run(f"dpkg --install /mnt/{package.name}")
    return machine


_report = []


@pytest.fixture
def report():
    """Adds a line to the end of the test run's output."""
    return _report.append


def pytest_terminal_summary(terminalreporter):
    for line in _report:
        terminalreporter.write_line(line)
