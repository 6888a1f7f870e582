import os
from pathlib import Path

import pytest

from support.browser import Browser
from support.programs import Launcher

REPOSITORY = Path(__file__).resolve().parents[2]

_report = []


@pytest.fixture(scope="session")
def binary():
    path = Path(os.environ.get("PORTALD_BINARY", REPOSITORY / ".build/debug/portald")).resolve()
    assert os.access(path, os.X_OK), f"{path} is no program: run 'swift build', or set PORTALD_BINARY"
    return path


def launcher(binary, tmp_path_factory):
    launcher = Launcher(binary, lambda: tmp_path_factory.mktemp("portald"))
    try:
        yield launcher
    finally:
        launcher.close()


@pytest.fixture
def launch(binary, tmp_path_factory):
    """Starts programs that end with the test."""
    yield from launcher(binary, tmp_path_factory)


@pytest.fixture(scope="module")
def launch_once(binary, tmp_path_factory):
    """Starts programs that end with the module's last test."""
    yield from launcher(binary, tmp_path_factory)


@pytest.fixture(scope="module")
def chromium():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def report():
    """Adds a line to the end of the test run's output."""
    return _report.append


def pytest_terminal_summary(terminalreporter):
    for line in _report:
        terminalreporter.write_line(line)
