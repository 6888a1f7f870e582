"""What no log may show: gathered while the tests run, and looked for in every program's log when they have ended.

What has a shape of its own is looked for by that, whoever made it; the rest is noted where the tests send or get it.
"""
import json
import re
import threading
from urllib.parse import parse_qsl

import requests

# Shorter ones are found in any text.
SHORTEST = 8
SHAPES = {
    "a token": re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"),
    "a bearer token": re.compile(r"\bBearer [A-Za-z0-9._~+/-]{8,}"),
    "a secret or key": re.compile(r"\b(?:whsec|(?:sk|rk)_(?:test|live))_[A-Za-z0-9]{4,}"),
    "a signature": re.compile(r"\bv[01]=[0-9a-f]{16,}|\b[0-9a-f]{64}\b"),
    "an email address": re.compile(r"[A-Za-z0-9._+-]+(?:@|%40)[A-Za-z0-9-]+\.[A-Za-z]{2,}"),
    "a portal's address": re.compile(r"billing\.stripe\.com|/p/session/|\bportal_url\b"),
    "a body": re.compile(r'\bobject\\?"\s*:|\bprevious_attributes\b|\breturn_url=|\bemail='),
}
PERSONAL = {"name", "email", "phone", "line1", "line2", "postal_code", "city"}
SECRET_SETTINGS = re.compile(r"SECRET|STRIPE_SECRET_KEY|PASSWORD|TOKEN")


class Confidential:
    def __init__(self):
        self._kinds = {}
        self._programs = []
        self._lock = threading.Lock()

    def note(self, kind, value):
        """Remembers a value that no log may show; returns it."""
        if isinstance(value, str) and len(value.strip()) >= SHORTEST:
            with self._lock:
                self._kinds.setdefault(value.strip(), kind)
        return value

    def watch(self, program, settings):
        """Remembers a program, whose log is searched in the end, and the secrets among its settings."""
        self._programs.append(program)
        for name, value in settings.items():
            if SECRET_SETTINGS.search(name) and not value.startswith("/"):
                for part in value.split(","):
                    self.note(f"{name}", part)

    def note_exchange(self, request, response):
        """Remembers what is confidential of a request that a test sent, and of its answer."""
        for name in ["Authorization", "Cookie", "Stripe-Signature"]:
            for part in re.split(r"[ ;,]+", request.headers.get(name) or ""):
                self.note(name, part.split("=", 1)[-1])
        body = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else request.body
        if isinstance(body, str):
            self._note_body(body)
        if "application/json" in response.headers.get("Content-Type", "") and '"portal_url"' in response.text:
            url = response.json().get("portal_url") or ""
            self.note("a portal's address", url)
            self.note("a portal's address", url.rsplit("/", 1)[-1])

    def _note_body(self, body):
        self.note("a body", body)
        try:
            self._note_personal(json.loads(body))
        except ValueError:
            self._note_personal(dict(parse_qsl(body)))

    def _note_personal(self, document):
        if isinstance(document, list):
            for element in document:
                self._note_personal(element)
        elif isinstance(document, dict):
            for name, value in document.items():
                if name.rstrip("]").rsplit("[", 1)[-1] in PERSONAL:
                    self.note("personal data", value)
                self._note_personal(value)

    def leaks(self):
        """A line for each confidential thing in a log: its kind, the program, and where."""
        return [leak for program in self._programs for leak in self.leaks_in(program.name, logged(program))]

    def leaks_in(self, name, log):
        found = []
        # Values are quoted, and the marks in them escaped.
        plain = log.replace('\\"', '"').replace("\\\\", "\\")
        for kind, shape in SHAPES.items():
            found += [(kind, match.group()) for match in shape.finditer(plain)]
        with self._lock:
            found += [(kind, value) for value, kind in self._kinds.items() if value in plain]
        leaks = []
        for kind, value in dict.fromkeys(found):
            line = next((line for line in plain.splitlines() if value.splitlines()[0] in line), plain[:200])
            leaks.append(f"{kind} in the log of '{name}': {line.strip()[:300]}")
        return leaks


def logged(program):
    """What a program has logged: `portald demo` also prints commands to paste, with the key of its sandbox."""
    if "demo" not in program.name.split():
        return program.log
    return "".join(line for line in program.log.splitlines(keepends=True) if re.match(r"\d{4}-\d\d-\d\dT", line))


confidential = Confidential()


def watch_traffic():
    """From now on, notes what is sent and got with `requests`, which Stripe's SDK uses, too."""
    send = requests.Session.send

    def noting(session, request, **options):
        response = send(session, request, **options)
        if not options.get("stream"):
            confidential.note_exchange(request, response)
        return response

    requests.Session.send = noting
