"""/portald.js in a page of another origin, as the operator's frontend has it."""
import http.server
import json
import shutil
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from selenium.webdriver.common.keys import Keys

from support.programs import Sandbox
from support.users import User
from support.waiting import DEADLINE, eventually

SIZE_LIMIT = 3 * 1024


class Site:
    """A web server on a port of its own: `/` is the application's page, `/portal` where the stand-in API leads."""

    def __init__(self):
        site = self
        self.requests = []
        self.reply = None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/api/"):
                    return self._api()
                self._send(200, {"Content-Type": "text/html"}, b"<!doctype html><html lang=en><title>Site</title>")

            def do_POST(self):
                self._api()

            def _api(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                site.requests.append((self.command, self.path, dict(self.headers), body))
                self._send(*site.reply())

            def _send(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, status, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply = lambda: (status, {"Content-Type": "application/json"} | headers, body)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def site():
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="module")
def pair(launch_once, site):
    sandbox = launch_once.sandbox()
    daemon = launch_once.daemon(sandbox, PORTALD_ALLOWED_ORIGINS=site.url)
    daemon.wait_until_filled()
    sandbox.forward_to(daemon)
    return sandbox, daemon


@pytest.fixture(scope="module")
def alice(pair):
    """A user with a subscription that the mirror has."""
    sandbox, daemon = pair
    user = User()
    customer = sandbox.session.post(
        f"{sandbox.url}/v1/customers", data={"metadata[user_id]": user.id}, timeout=DEADLINE
    ).json()["id"]
    sandbox.session.post(
        f"{sandbox.url}/v1/subscriptions",
        data={"customer": customer, "items[0][price]": Sandbox.BASIC},
        timeout=DEADLINE,
    ).raise_for_status()
    sandbox.wait_until_settled()
    return user


@pytest.fixture(scope="module")
def module(pair):
    response = requests.get(f"{pair[1].url}/portald.js", timeout=DEADLINE)
    assert response.status_code == 200
    return response


@pytest.fixture
def browser(chromium, site):
    chromium.forget()
    chromium.emulate()
    chromium.open(site.url)
    site.requests.clear()
    return chromium


def importing(source):
    """JavaScript that imports a module from its text."""
    blob = f"new Blob([{json.dumps(source)}], {{ type: 'text/javascript' }})"
    return f"const portald = await import(URL.createObjectURL({blob}));"


@pytest.fixture
def own(module, site, browser):
    """JavaScript that imports the module as if the site were portald, so that every request can be looked at."""
    source = module.text.replace("import.meta.url", json.dumps(f"{site.url}/portald.js"))
    return importing(source)


def test_it_is_small_and_kept(pair, module):
    url = f"{pair[1].url}/portald.js"
    assert len(module.content) < SIZE_LIMIT
    assert module.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert module.headers["Cache-Control"].startswith("public, max-age=3600")
    assert module.headers["X-Content-Type-Options"] == "nosniff"
    again = requests.get(url, headers={"If-None-Match": module.headers["ETag"]}, timeout=DEADLINE)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", module.headers["ETag"])


def test_another_origin_reads_with_a_token(pair, alice, browser):
    _, daemon = pair
    answer = browser.run_module(f"""
        const {{ subscription }} = await import("{daemon.url}/portald.js");
        return await subscription({{ token: async () => "{alice.token()}" }});
    """)
    assert answer["success"] and answer["active"] and len(answer["subscriptions"]) == 1
    failed = browser.run_module(f"""
        const {{ openBillingPortal }} = await import("{daemon.url}/portald.js");
        await openBillingPortal({{ token: "expired" }});
    """)["error"]
    assert failed["name"] == "PortaldError" and failed["message"]
    assert (failed["code"], failed["status"]) == ("invalid_token", 401)


def test_another_origin_opens_the_portal(pair, alice, browser):
    _, daemon = pair
    browser.run(f"""
        import("{daemon.url}/portald.js").then(
            ({{ openBillingPortal }}) => openBillingPortal({{ token: "{alice.token()}" }}),
        );
    """)
    browser.wait_for(lambda driver: "/p/session/" in driver.current_url)


def test_a_foreign_origin_gets_nothing(pair, alice, browser, site):
    _, daemon = pair
    # The same server, but another origin.
    browser.open(f"http://localhost:{site.port}/")
    refused = browser.run_module(f"""await import("{daemon.url}/portald.js");""")["error"]
    assert refused["name"] == "TypeError"
    refused = browser.run_module(f"""
        const headers = {{ Authorization: "Bearer {alice.token()}" }};
        return (await fetch("{daemon.url}/api/subscriptions/user/", {{ headers }})).status;
    """)["error"]
    assert refused["name"] == "TypeError"


def test_requests_carry_what_is_set(site, own, browser):
    site.answer(200, {"success": True, "portal_url": "#portal", "subscriptions": []})
    browser.run_module(own + """
        await portald.subscription();
        await portald.subscription({ token: () => "t1", after: "cs_test_1" });
        await portald.openBillingPortal({ token: "t2" });
        await portald.openBillingPortal({
            token: null, flow: "subscription_update_confirm", subscription: "sub_1", price: "price_1", quantity: 2,
            returnPath: "/plan", locale: null, after: "evt_1",
        });
    """)
    plain, waiting, empty, full = site.requests
    assert plain[:2] == ("GET", "/api/subscriptions/user/") and "Authorization" not in plain[2]
    assert urlsplit(waiting[1]).path == "/api/subscriptions/user/"
    assert parse_qs(urlsplit(waiting[1]).query) == {"after": ["cs_test_1"]}
    assert waiting[2]["Authorization"] == "Bearer t1"
    assert empty[:2] == ("POST", "/api/subscriptions/user/billing-portal/") and empty[3] == "{}"
    assert empty[2]["Content-Type"] == "application/json"
    assert full[1].endswith("?after=evt_1") and "Authorization" not in full[2]
    assert json.loads(full[3]) == {
        "flow": "subscription_update_confirm",
        "subscription": "sub_1",
        "price": "price_1",
        "quantity": 2,
        "return_path": "/plan",
    }
    assert browser.driver.current_url == f"{site.url}/#portal"


@pytest.mark.parametrize(
    "status, body, headers, expected",
    [
        (
            422,
            {"success": False, "code": "invalid_parameter", "message": "No.", "parameter": "flow"},
            {"Portald-Request-Id": "req_1"},
            {"code": "invalid_parameter", "message": "No.", "parameter": "flow", "requestId": "req_1", "status": 422},
        ),
        (
            429,
            {"success": False, "code": "rate_limited", "message": "Later."},
            {"Retry-After": "7"},
            {"code": "rate_limited", "message": "Later.", "retryAfter": 7, "status": 429},
        ),
        (502, b"<html>Bad Gateway", {}, {"code": "unexpected_response", "status": 502}),
        (200, b"null", {}, {"code": "unexpected_response", "status": 200}),
        (200, b"", {}, {"code": "unexpected_response", "status": 200}),
    ],
)
def test_errors_say_what_there_is(site, own, browser, status, body, headers, expected):
    site.answer(status, body, **headers)
    failed = browser.run_module(own + "await portald.openBillingPortal();")["error"]
    assert expected.items() <= failed.items(), failed
    assert failed["name"] == "PortaldError" and failed["message"]


def test_no_connection_and_no_token(module, browser):
    load = importing(module.text.replace("import.meta.url", '"http://127.0.0.1:9/portald.js"'))
    failed = browser.run_module(load + "await portald.subscription();")["error"]
    assert failed["code"] == "network_error" and failed.get("status") is None and failed["message"]
    failed = browser.run_module(
        load + "await portald.subscription({ token() { throw new RangeError('signed out'); } });"
    )["error"]
    assert (failed["name"], failed["message"]) == ("RangeError", "signed out")


def test_an_element_that_is_older_than_its_definition(site, own, browser):
    site.answer(200, {"success": True, "portal_url": "#portal"})
    browser.run_module("""
        document.body.innerHTML = `<form onsubmit="window.submitted = true; return false">
            <billing-portal-button flow="subscription_cancel" subscription="sub_1" quantity="3" return-path="/plan"
            id="own" class="main" after="evt_2">Cancel <b>plan</b></billing-portal-button></form>`;
        document.querySelector("billing-portal-button").token = async () => "late";
    """ + own)
    browser.press(Keys.TAB)
    assert browser.focused() == "Cancel plan"
    browser.press(Keys.SPACE)
    (request,) = eventually(lambda: list(site.requests))
    assert request[1].endswith("?after=evt_2") and request[2]["Authorization"] == "Bearer late"
    assert json.loads(request[3]) == {
        "flow": "subscription_cancel",
        "subscription": "sub_1",
        "quantity": 3,
        "return_path": "/plan",
    }
    browser.wait_for(lambda driver: driver.current_url.endswith("#portal"))
    # It is part of no form.
    assert browser.run("return window.submitted") is None
    assert browser.run_module(own + "return customElements.get('billing-portal-button') !== undefined") is True


def test_an_element_that_is_busy(site, own, browser):
    released = threading.Event()
    site.reply = lambda: released.wait(DEADLINE) and (409, {}, b'{"success":false,"code":"x","message":"Conflict."}')
    states = browser.run_module(own + """
        const element = document.createElement("billing-portal-button");
        document.body.append(element);
        const button = element.shadowRoot.querySelector("button");
        window.state = () => [element.shadowRoot.activeElement === button, button.ariaBusy, button.ariaDisabled,
            button.part.value];
        window.errors = [];
        addEventListener("portald-error", (event) => window.errors.push([event.target === element, event.detail.code]));
        element.focus();
        const before = window.state();
        button.click();
        button.click();
        return [before, window.state(), element.innerText, button.innerText];
    """)
    assert states[:2] == [[True, "false", "false", "button"], [True, "true", "true", "button busy"]]
    assert states[3] == "Manage billing"
    assert len(eventually(lambda: list(site.requests))) == 1
    # As after the way back from the portal.
    browser.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert browser.run("return window.state()")[1:] == ["false", "false", "button"]
    released.set()
    assert browser.wait_for(lambda driver: driver.execute_script("return window.errors")) == [[True, "x"]]
    assert browser.run("return window.state()")[1:] == ["false", "false", "button"]
    assert len(site.requests) == 1


@pytest.fixture
def node():
    path = shutil.which("node")
    assert path, "there is no node: apt-get install node-typescript"
    return path


def test_a_server_can_import_it(module, node, tmp_path):
    (tmp_path / "portald.mjs").write_bytes(module.content)
    script = "import('./portald.mjs').then((module) => console.log(Object.keys(module).join()))"
    done = subprocess.run([node, "-e", script], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE)
    assert (done.stdout, done.stderr) == ("openBillingPortal,subscription\n", "")


USE = """
import { openBillingPortal, subscription, type PortaldError, type PortalFlow } from "./portald.js";

const flow: PortalFlow = "subscription_cancel";
await openBillingPortal();
await openBillingPortal({ token: async () => "token", flow, subscription: "sub_1", quantity: 2, returnPath: "/plan" });
const { active, subscriptions } = await subscription({ token: () => null, after: "cs_test_1" });
const ends: (number | null)[] = subscriptions.map((each) => each.cancel_at);
const button = document.querySelector("billing-portal-button")!;
button.token = "token";
document.addEventListener("portald-error", ({ detail }) => {
  const failed: PortaldError = detail;
  console.log(active, ends, failed.code.length, failed.retryAfter?.toFixed());
});
"""

MISUSES = [
    'await openBillingPortal({ flow: "refund" });',
    "await openBillingPortal({ quantity: '2' });",
    "await openBillingPortal({ return_path: '/plan' });",
    "const n: number = (await subscription()).subscriptions[0].cancel_at;",
    'document.createElement("billing-portal-button").token = 5;',
]


def test_its_types(pair, tmp_path):
    """What the types allow and refuse, as the TypeScript compiler sees it."""
    compiler = shutil.which("tsc")
    assert compiler, "there is no tsc: apt-get install node-typescript"
    types = requests.get(f"{pair[1].url}/portald.d.ts", timeout=DEADLINE)
    assert types.headers["Content-Type"] == "text/plain; charset=utf-8"
    (tmp_path / "portald.d.ts").write_bytes(types.content)
    (tmp_path / "use.ts").write_text(USE)
    for number, misuse in enumerate(MISUSES):
        text = 'import { openBillingPortal, subscription } from "./portald.js";\n'
        (tmp_path / f"misuse{number}.ts").write_text(f"{text}void openBillingPortal; void subscription;\n{misuse}\n")
    done = subprocess.run(
        [compiler, "--strict", "--noEmit", "--target", "es2022", "--module", "es2022", "--moduleResolution", "node"]
        + sorted(path.name for path in tmp_path.glob("*.ts")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    refused = [line.split("(")[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert refused == [f"misuse{number}.ts" for number in range(len(MISUSES))], done.stdout
