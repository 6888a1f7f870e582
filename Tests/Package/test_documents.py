"""The example of a configuration and the manual name the settings that there are."""
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SECRETS = {
    "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "PORTALD_JWT_SECRET", "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET",
}
# systemd's sockets decide.
ADDRESSES = {"PORTALD_LISTEN", "PORTALD_ADMIN_LISTEN"}


def known_settings():
    sources = (REPOSITORY / "Sources/portald/Settings").glob("*.swift")
    return set(re.findall(r'"((?:STRIPE|PORTALD|FRONTEND)_[A-Z_]+)"', "".join(path.read_text() for path in sources)))


def test_the_example_has_every_setting_but_no_secret():
    example = (REPOSITORY / "examples/portald.env").read_text()
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == known_settings() - SECRETS - ADDRESSES


def test_the_manual_has_every_setting():
    manual = [sys.executable, REPOSITORY / "debian/manual.py", "settings", REPOSITORY / "README.md"]
    page = subprocess.run(manual, check=True, capture_output=True, text=True).stdout
    named = set()
    for line in re.findall(r"^\.TP\n(.*)$", page, re.MULTILINE):
        named |= set(re.findall(r"\\fB([A-Z_]+)\\fR", line))
    assert named == known_settings()
