"""`portald doctor` finds each fault that is planted, at Stripe or on this machine, and says what to do."""
import json
import os
import subprocess

import pytest

from support.settings import STRIPE_SECRET_KEY, WEBHOOK_SECRET, daemon_settings
from support.waiting import DEADLINE

from test_lifecycle import FAILURE, WARNINGS, WRONG_SETTINGS

URL = "https://billing.example.com/webhooks/stripe"
VERSION = "2026-03-25.dahlia"
RESTRICTED = "rk_test_51EndToEndRestrictedKeyOfTheAccount"
PERMISSIONS = ["rak_customer_read", "rak_subscription_read", "rak_event_read", "rak_customer_portal_write", "rak_webhook_read"]
TYPES = [
    "checkout.session.completed", "customer.created", "customer.updated", "customer.deleted",
    "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
    "customer.subscription.paused", "customer.subscription.resumed", "customer.subscription.trial_will_end",
    "customer.subscription.pending_update_applied", "customer.subscription.pending_update_expired",
]


class Patient:
    """A mirror, its settings and the account: all well to begin with."""

    def __init__(self, launch):
        self.launch = launch
        self.sandbox = launch.sandbox()
        self.folder = launch.directory()
        self.database = self.folder / "portald.db"
        os.chmod(self.folder, 0o700)
        assert launch.run("migrate", "--database", str(self.database))[0] == 0
        self.settings = daemon_settings(str(self.database), self.sandbox.url)
        self.endpoint = self.call("POST", "/v1/webhook_endpoints", url="http://127.0.0.1:9/webhooks/stripe", api_version=VERSION,
                                  **{f"enabled_events[{number}]": name for number, name in enumerate(TYPES)})["id"]

    def call(self, method, path, **form):
        response = self.sandbox.session.request(method, self.sandbox.url + path, data=form)
        assert response.status_code == 200, response.text
        return response.json()

    def examine(self, *options, **changes):
        code, output, errors = self.launch.run("doctor", "--json", *options, **self.settings | changes)
        assert output, errors
        answer = json.loads(output)
        for secret in [STRIPE_SECRET_KEY, RESTRICTED, WEBHOOK_SECRET]:
            assert secret not in output + errors
        return code, answer

    def complaints(self, *options, **changes):
        """Findings that are not ok, by what was looked at."""
        code, answer = self.examine(*options, **changes)
        worst = {0: "ok", FAILURE: "failure", WARNINGS: "warning", WRONG_SETTINGS: "failure"}[code]
        assert answer["level"] == worst
        bad = [finding for finding in answer["findings"] if finding["level"] != "ok"]
        assert all(finding["remedy"] for finding in bad)
        return {finding["check"]: finding for finding in bad}

    def complaint(self, check, level, *words, options=(), **changes):
        complaints = self.complaints(*options, **changes)
        assert check in complaints, complaints
        found = complaints[check]
        assert found["level"] == level
        for word in words:
            assert word in found["message"] + found["remedy"], found
        return complaints


@pytest.fixture
def patient(launch):
    return Patient(launch)


def test_nothing_is_wrong(patient):
    code, answer = patient.examine()
    assert (code, answer["level"]) == (0, "ok"), answer
    code, output, _ = patient.launch.run("doctor", **patient.settings)
    assert code == 0 and all(line.startswith("ok ") for line in output.splitlines())
    assert {finding["check"] for finding in answer["findings"]} == {
        "settings", "database-mode", "database-owner", "folder-mode", "disk", "database", "key", "clock", "key-customers",
        "key-subscriptions", "key-events", "key-portal-sessions", "key-portal-configurations", "key-webhook-endpoints",
        "portal-configuration", "webhook-endpoint", "webhook-endpoint-events", "webhook-endpoint-version",
    }


# This machine.


def test_settings(patient):
    code, answer = patient.examine(STRIPE_WEBHOOK_SECRET=" ", PORTALD_STRIPE_RATE="much")
    assert code == WRONG_SETTINGS
    messages = [finding["message"] for finding in answer["findings"]]
    assert len(messages) == 2 and any("STRIPE_WEBHOOK_SECRET" in message for message in messages)
    complaints = patient.complaint("settings", "warning", "PORTALD_JWT_AUDIENCES", PORTALD_JWT_AUDIENCES="x")
    assert complaints.keys() == {"settings"}


def test_file_modes(patient):
    os.chmod(patient.database, 0o640)
    os.chmod(patient.folder, 0o770)
    config = patient.folder / "portald.env"
    config.write_text(f"STRIPE_SECRET_KEY={STRIPE_SECRET_KEY}\n")
    os.chmod(config, 0o644)
    complaints = patient.complaints("--config", str(config))
    assert complaints.keys() == {"database-mode", "folder-mode", "config-mode"}
    assert complaints["database-mode"]["remedy"] == f"chmod 600 {patient.database}"
    assert complaints["folder-mode"]["remedy"] == f"chmod go-w {patient.folder}"
    assert complaints["config-mode"]["remedy"] == f"chmod 600 {config}"
    config.write_text("PORTALD_STRIPE_RATE=20\n")
    assert "config-mode" not in patient.complaints("--config", str(config))


def test_modes_of_credentials(patient):
    folder = patient.folder / "credentials"
    folder.mkdir(mode=0o755)
    (folder / "STRIPE_WEBHOOK_SECRET").write_text(patient.settings.pop("STRIPE_WEBHOOK_SECRET"))
    secret = folder / "STRIPE_WEBHOOK_SECRET"
    os.chmod(secret, 0o644)
    complaints = patient.complaint(
        "credentials-mode", "failure", "STRIPE_WEBHOOK_SECRET", f"chmod -R go= {folder}", CREDENTIALS_DIRECTORY=str(folder)
    )
    assert complaints.keys() == {"credentials-mode"}
    # Either will do: the file is closed, or the folder.
    os.chmod(secret, 0o600)
    assert patient.complaints(CREDENTIALS_DIRECTORY=str(folder)) == {}
    os.chmod(secret, 0o644)
    os.chmod(folder, 0o700)
    assert patient.complaints(CREDENTIALS_DIRECTORY=str(folder)) == {}


def test_no_mirror_yet(patient):
    patient.database.unlink()
    complaints = patient.complaints()
    assert {check: finding["level"] for check, finding in complaints.items()} == {
        "database": "warning", "database-mode": "warning",
    }


def examine_as_nobody(patient):
    """What doctor finds where it is run by a user to whom the mirror does not belong."""
    # The folders above are the test run's own; only the mirror's is closed, or its file.
    for folder in list(patient.folder.parents)[:2]:
        os.chmod(folder, 0o755)
    done = subprocess.run(
        [patient.launch.binary, "doctor", "--json"], env={"PATH": os.environ["PATH"]} | patient.settings, user=65534,
        group=65534, extra_groups=[], cwd="/", capture_output=True, text=True, timeout=DEADLINE,
    )
    findings = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == FAILURE
    return findings


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_mirror_that_belongs_to_somebody_else(patient):
    os.chmod(patient.folder, 0o755)
    found = examine_as_nobody(patient)["database"]
    assert found["level"] == "failure" and "sudo" in found["remedy"]
    assert found["message"] == f"{patient.database} cannot be read by nobody: it belongs to root (mode 0600)"
    os.chmod(patient.folder, 0o700)
    found = examine_as_nobody(patient)
    for check in ["database", "database-mode"]:
        assert found[check]["level"] == "failure"
        assert found[check]["message"].startswith(f"{patient.database} cannot be looked at by nobody")
    assert found["folder-mode"]["level"] == "ok"


def test_what_is_no_database(patient):
    patient.database.write_bytes(b"no database" * 1000)
    patient.complaint("database", "failure", "is damaged", "portald.socket", "portald backfill --rebuild")


def test_a_folder_in_the_mirrors_place(patient):
    patient.database.unlink()
    patient.database.mkdir()
    patient.complaint("database", "failure", "cannot be used")


def test_the_clock(patient):
    patient.sandbox.control("/clock", advance=60)
    patient.complaint("clock", "warning", "behind", "timedatectl")
    patient.sandbox.control("/clock", advance=240)
    patient.complaint("clock", "failure", "behind", "300")


# The account.


def test_stripe_is_down(patient):
    complaints = patient.complaint("key-customers", "failure", "cannot be reached", STRIPE_API_BASE="http://127.0.0.1:9")
    assert complaints.keys() == {"key-customers"}


def test_an_unknown_key(patient):
    patient.complaint("key-customers", "failure", "STRIPE_SECRET_KEY", STRIPE_SECRET_KEY="sk_test_NotThisAccountsKey")


@pytest.mark.parametrize(
    ("permission", "check", "level", "name"),
    [
        ("rak_customer_read", "key-customers", "failure", "Customers: Read"),
        ("rak_subscription_read", "key-subscriptions", "failure", "Subscriptions: Read"),
        ("rak_event_read", "key-events", "failure", "Events: Read"),
        ("rak_customer_portal_write", "key-portal-sessions", "failure", "Customer portal: Write"),
        ("rak_webhook_read", "key-webhook-endpoints", "warning", "Webhook Endpoints: Read"),
    ],
)
def test_a_restricted_key_without_a_permission(patient, permission, check, level, name):
    patient.restrict = patient.sandbox.control(
        "/keys", key=RESTRICTED,
        **{f"permissions[{number}]": one for number, one in enumerate(set(PERMISSIONS) - {permission})},
    )
    patient.complaint(check, level, name, permission, STRIPE_SECRET_KEY=RESTRICTED)


def test_a_restricted_key_with_all_of_them(patient):
    patient.sandbox.control(
        "/keys", key=RESTRICTED, **{f"permissions[{number}]": one for number, one in enumerate(PERMISSIONS)}
    )
    assert patient.complaints(STRIPE_SECRET_KEY=RESTRICTED) == {}
    # Writing an endpoint is one more.
    code, _, errors = patient.launch.run(
        "doctor", "--fix", **patient.settings | {"STRIPE_SECRET_KEY": RESTRICTED, "PORTALD_WEBHOOK_URL": URL}
    )
    assert code == FAILURE and "Webhook Endpoints: Write" in errors


def test_the_portal_configuration(patient):
    (found,) = patient.call("GET", "/v1/billing_portal/configurations")["data"]
    assert patient.complaints(PORTALD_PORTAL_CONFIGURATION=found["id"]) == {}
    patient.complaint("portal-configuration", "failure", "bpc_other", "test mode", PORTALD_PORTAL_CONFIGURATION="bpc_other")
    patient.call("POST", f"/v1/billing_portal/configurations/{found['id']}", active="false")
    patient.complaint("portal-configuration", "failure", "not active", "settings/billing/portal")
    patient.sandbox.control("/portal_configuration", exists="false")
    patient.complaint("portal-configuration", "failure", "no default", "settings/billing/portal")


# The webhook endpoint.


def test_no_endpoint(patient):
    patient.call("DELETE", f"/v1/webhook_endpoints/{patient.endpoint}")
    patient.complaint("webhook-endpoint", "failure", "PORTALD_WEBHOOK_URL", "--fix")
    patient.complaint("webhook-endpoint", "failure", URL, "portald doctor --fix", PORTALD_WEBHOOK_URL=URL)


def test_fix_creates_the_endpoint(patient):
    url = "http://127.0.0.1:9/hooks/behind/a/proxy"
    code, answer = patient.examine("--fix", PORTALD_WEBHOOK_URL=url)
    assert code == 0, answer
    created = patient.call("GET", "/v1/webhook_endpoints")["data"][0]
    assert (created["url"], created["api_version"], created["enabled_events"]) == (url, VERSION, TYPES)
    assert answer["webhook_secret"].startswith("whsec_") and created["id"] in answer["fixed"]
    # Once only.
    code, answer = patient.examine("--fix", PORTALD_WEBHOOK_URL=url)
    assert code == 0 and "fixed" not in answer and "webhook_secret" not in answer
    assert len(patient.call("GET", "/v1/webhook_endpoints")["data"]) == 2


def test_the_secret_of_a_created_endpoint_signs_its_deliveries(patient):
    daemon = patient.launch.daemon(patient.sandbox)
    code, output, errors = patient.launch.run(
        "doctor", "--fix", **patient.settings | {"PORTALD_WEBHOOK_URL": daemon.webhook_url}
    )
    assert code == 0, output + errors
    (secret,) = [line.strip() for line in output.splitlines() if line.strip().startswith("whsec_")]
    assert "STRIPE_WEBHOOK_SECRET" in output and secret not in errors
    assert daemon.stop() == 0
    daemon = patient.launch.daemon(patient.sandbox, daemon.database, STRIPE_WEBHOOK_SECRET=secret, PORTALD_LISTEN=daemon.address)
    patient.call("POST", "/v1/customers", name="Ada")
    patient.sandbox.wait_until_settled(after=len(patient.sandbox.events()) - 1)


def test_fix_enables_the_endpoint_and_adds_its_types(patient):
    patient.call("POST", f"/v1/webhook_endpoints/{patient.endpoint}", disabled="true",
                 **{"enabled_events[0]": "customer.created", "enabled_events[1]": "invoice.paid"})
    complaints = patient.complaints()
    assert complaints.keys() == {"webhook-endpoint", "webhook-endpoint-events"}
    assert "disabled" in complaints["webhook-endpoint"]["message"]
    assert "customer.subscription.updated" in complaints["webhook-endpoint-events"]["message"]
    assert all(finding["remedy"] == "portald doctor --fix" for finding in complaints.values())
    code, answer = patient.examine("--fix")
    assert code == 0 and patient.endpoint in answer["fixed"] and "webhook_secret" not in answer
    (endpoint,) = patient.call("GET", "/v1/webhook_endpoints")["data"]
    assert endpoint["status"] == "enabled"
    # What somebody else listens to stays.
    assert set(endpoint["enabled_events"]) == set(TYPES) | {"invoice.paid"}


def test_all_events_are_enough(patient):
    patient.call("POST", f"/v1/webhook_endpoints/{patient.endpoint}", **{"enabled_events[0]": "*"})
    assert patient.complaints() == {}


def test_another_api_version(patient):
    patient.call("DELETE", f"/v1/webhook_endpoints/{patient.endpoint}")
    patient.call("POST", "/v1/webhook_endpoints", url=URL.replace("https", "http"), api_version="2019-12-03",
                 **{"enabled_events[0]": "*"})
    complaints = patient.complaint("webhook-endpoint-version", "warning", "2019-12-03", VERSION, "STRIPE_WEBHOOK_SECRET")
    assert complaints.keys() == {"webhook-endpoint-version"}


def test_two_endpoints_that_could_be_meant(patient):
    other = patient.call("POST", "/v1/webhook_endpoints", url="http://127.0.0.1:8/webhooks/stripe", api_version=VERSION,
                         **{"enabled_events[0]": "*"})["id"]
    patient.complaint("webhook-endpoint-count", "warning", other, patient.endpoint, "PORTALD_WEBHOOK_URL")
    assert patient.complaints(PORTALD_WEBHOOK_URL="http://127.0.0.1:8/webhooks/stripe") == {}
