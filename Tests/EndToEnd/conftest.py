import os
from pathlib import Path

import pytest

from support.browser import Browser
from support.confidential import confidential, watch_traffic
from support.programs import Launcher

REPOSITORY = Path(__file__).resolve().parents[2]

_report = []
_leaks = []


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


def pytest_sessionstart():
    watch_traffic()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """The whole log of the run shows no secret, no token, no body, no address of the portal and nobody's data."""
    _leaks.extend(confidential.leaks())
    if _leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if _leaks:
        terminalreporter.section("what no log may show", red=True)
        for leak in _leaks:
            terminalreporter.write_line(leak)
    for line in _report:
        terminalreporter.write_line(line)
