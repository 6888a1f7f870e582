"""The service under systemd, with all its restrictions."""
import json
import re
import shlex

from service import CREDENTIALS, DATABASE, portal_status, start, subscribe, wait_until_ready
from support import events
from support.settings import JWT_SECRET, WEBHOOK_SECRET
from support.signing import sign
from support.users import User
from support.waiting import eventually

UNITS = ["portald.service", "portald.socket", "portald-admin.socket"]


def test_units_are_sound_and_confined(installed, report):
    paths = " ".join(f"/lib/systemd/system/{unit}" for unit in UNITS)
    assert installed.run(f"systemd-analyze verify --man=no {paths}") == ""
    report_of_unit = installed.run("systemd-analyze security --offline=true /lib/systemd/system/portald.service")
    score = re.search(r"Overall exposure level for portald.service: ([0-9.]+)", report_of_unit).group(1)
    report(f"systemd-analyze security: {score}")
    assert float(score) <= 1.5, report_of_unit


def test_serves_a_customer_under_its_restrictions(installed):
    user = User()
    start(installed)
    subscribe(installed, user)
    assert portal_status(installed, user) == "200"

    process = installed.run("systemctl show --property=MainPID --value portald")
    # A command that is given no settings takes the service's, and what calls Stripe its secrets too.
    for command in ["events list", "links", "verify"]:
        installed.run(f"env --ignore-environment /usr/bin/portald {command}")

    status = installed.run(f"cat /proc/{process}/status")
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE), status
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE), status
    assert not re.search(r"^Uid:\t0\t", status, re.MULTILINE), status
    assert installed.run(f"stat --dereference --format=%a /var/lib/portald {DATABASE}").split() == ["700", "600"]
    environment = installed.run(f"tr '\\0' '\\n' </proc/{process}/environ")
    assert JWT_SECRET not in environment


def test_a_crash_is_mended_and_refuses_nobody(installed):
    user = User()
    start(installed)
    subscribe(installed, user)
    installed.run("systemctl kill --kill-whom=main --signal=KILL portald")
    assert portal_status(installed, user) == "200"
    assert installed.run("systemctl show --property=NRestarts --value portald") == "1"


def test_a_reload_brings_new_secrets(installed):
    start(installed)
    user = User()
    subscribe(installed, user)
    assert portal_status(installed, user) == "200"
    process = installed.run("systemctl show --property=MainPID --value portald")
    # A faulty secret is refused by the command itself, and the old one stays.
    installed.write(f"{CREDENTIALS}/PORTALD_JWT_SECRET", "short\n")
    assert installed.run("systemctl reload portald 2>/dev/null || echo failed") == "failed"
    assert portal_status(installed, user) == "200"
    assert "PORTALD_JWT_SECRET cannot be used" in installed.run("journalctl --unit=portald --no-pager")

    installed.write(f"{CREDENTIALS}/PORTALD_JWT_SECRET", "another-secret-of-the-token-issuer-0123456789\n")
    installed.run("systemctl reload portald")
    # The old secret signs no token any more.
    assert portal_status(installed, user) == "401"
    assert installed.run("systemctl show --property=MainPID --value portald") == process
    folder = f"/proc/{process}/root/run/portald/credentials"
    assert installed.run(f"stat --format=%a {folder} {folder}/PORTALD_JWT_SECRET").split() == ["700", "600"]

    # A restart takes the secrets from systemd again, and leaves no copy.
    installed.run("systemctl restart portald")
    assert not installed.exists("/run/portald/credentials")
    assert portal_status(installed, user) == "401"


def test_nginx_passes_on_what_is_public_and_nothing_else(installed):
    installed.run(
        "mkdir -p /etc/letsencrypt/live/billing.example.com && cd /etc/letsencrypt/live/billing.example.com &&"
        " openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=billing.example.com"
        " -addext subjectAltName=DNS:billing.example.com -keyout privkey.pem -out fullchain.pem 2>/dev/null"
    )
    installed.run("cp /usr/share/doc/portald/examples/nginx.conf /etc/nginx/sites-enabled/portald")
    assert "warn" not in installed.run("nginx -t")
    installed.run("systemctl restart nginx")
    user = User()
    start(installed)
    subscribe(installed, user)

    base = "https://billing.example.com"
    options = (
        "--resolve billing.example.com:443:127.0.0.1 --resolve billing.example.com:80:127.0.0.1"
        " --cacert /etc/letsencrypt/live/billing.example.com/fullchain.pem"
    )

    def status(path, *arguments, base=base):
        arguments = " ".join(shlex.quote(argument) for argument in arguments)
        return installed.run(
            f"curl --silent {options} --output /tmp/body --write-out '%{{http_code}}' {arguments} {base}{path}"
        )

    assert portal_status(installed, user, base, options) == "200"
    assert status("/healthz") == status("/portald.js") == status("/openapi.json") == "200"
    for path in ["/", "/readyz", "/metrics", "/webhooks/stripe/", "/api/other"]:
        assert status(path) == "404", path
        assert "nginx" in installed.run("cat /tmp/body"), path
    assert status("/healthz", base="http://billing.example.com") == "301"

    # A delivery goes to portald as it came, or its signature would not match.
    body = json.dumps(events.event("customer.created", events.customer("cus_through_nginx", name="Zoë \u2028 \\u00e9")), ensure_ascii=False)
    installed.write("/tmp/delivery", body)
    signature = ["--header", f"Stripe-Signature: {sign(body, WEBHOOK_SECRET)}"]
    assert status("/webhooks/stripe", *signature, "--data-binary", "@/tmp/delivery") == "200"
    assert json.loads(installed.run("cat /tmp/body")) == {"received": True, "outcome": "applied"}
    name = installed.run(f"sqlite3 -readonly {DATABASE} \"SELECT name FROM customers WHERE id = 'cus_through_nginx'\"")
    assert name == "Zoë \u2028 \\u00e9"
    # What is wrong about one is said by portald.
    assert status("/webhooks/stripe", "--data", "{}") == "400"
    assert "signature_header_missing" in installed.run("cat /tmp/body")
    installed.run("head --bytes=1200000 /dev/zero >/tmp/large")
    assert status("/webhooks/stripe", "--data-binary", "@/tmp/large") == "413"
    # A token of the greatest size that portald takes goes through.
    assert status("/api/subscriptions/user/", "--header", f"Authorization: Bearer {'a' * 8000}") == "401"
