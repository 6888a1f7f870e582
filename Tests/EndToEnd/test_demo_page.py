"""The demo's page in a real browser: every state that it shows, by mouse and by keyboard, in light and in dark."""
import json
import signal

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import Select

from conftest import REPOSITORY
from support.addresses import free_address

SCREENSHOTS = REPOSITORY / ".build/screenshots"

# By user: the plan's name and badge, what is said of it by name, the notice, and the buttons.
STATES = {
    "alice": ("Team", "Active", ["Renews on", "Seats", "Subscription"], "", ["Manage billing", "Cancel plan"]),
    "bob": ("Basic", "Canceled", ["Subscription"], "This plan has ended.", ["Subscribe again"]),
    "carol": ("No plan yet", "", [], "can be canceled at any time", ["Subscribe to Team"]),
    "dave": (
        "Team",
        "Past due",
        ["Current period ends on", "Seats", "Subscription"],
        "Your last payment failed.",
        ["Update payment method", "Manage billing"],
    ),
    "erin": ("Basic", "Cancels soon", ["Cancels on", "Seats", "Subscription"], "until", ["Resume plan"]),
    "frank": ("Team", "Trial", ["First payment on", "Seats", "Subscription"], "", ["Manage billing", "Cancel plan"]),
    "grace": ("Your plan cannot be shown", "", [], "linked to more than one user", ["Try again"]),
}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390), ("light", 320), ("dark", 320)]


class Demo:
    """`portald demo`, with a folder of its own for what it leaves behind."""

    def __init__(self, launch):
        # Not port 0: the demo puts its own address into links.
        address = free_address()
        self.url = f"http://{address}/demo"
        self.temporary = launch.directory()
        self.program = launch.program("demo", "--listen", address, TMPDIR=str(self.temporary))
        self.program.wait_for_log("Ctrl-C ends it all")

    def databases(self):
        return list(self.temporary.glob("portald-demo-*/portald.db"))

    def freeze(self):
        """Has nothing answer any more until it is thawed."""
        self.program.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.program.process.send_signal(signal.SIGCONT)


class Page:
    """What the demo's page shows."""

    def __init__(self, browser):
        self.browser = browser

    def sign_in(self, name):
        Select(self.browser.driver.find_element(By.ID, "user")).select_by_value(name)

    def plan(self):
        """Name, badge, facts and buttons, read at once, since the page may be showing them anew."""
        script = """
            const texts = (css) => Array.from(document.querySelectorAll(`#view ${css}`), (e) => e.innerText.trim());
            const facts = texts("dt").map((name, index) => [name, texts("dd")[index]]);
            const [name = "", badge = ""] = [texts(".name")[0], texts(".badge")[0]];
            const buttons = texts(".actions > *"), words = document.querySelector("#view").innerText;
            const busy = document.querySelector("#subscription").ariaBusy === "true";
            return JSON.stringify({ name, badge, facts: Object.fromEntries(facts), buttons, words, busy });
        """
        return json.loads(self.browser.run(script))

    def wait_for_plan(self, name, badge, facts=None, words="", buttons=None):
        def shown(_):
            plan = self.plan()
            matches = (
                not plan["busy"]
                and (plan["name"], plan["badge"]) == (name, badge)
                and (facts is None or list(plan["facts"]) == facts)
                and (buttons is None or plan["buttons"] == buttons)
                and words in plan["words"]
            )
            return matches and plan

        return self.browser.wait_for(shown)

    def problem(self):
        return self.browser.driver.find_element(By.ID, "problem").text

    def announcement(self):
        return self.browser.run("return document.getElementById('announcement').textContent")


@pytest.fixture
def demo(launch):
    return Demo(launch)


@pytest.fixture(scope="module")
def quiet_demo(launch_once):
    """A demo in which nothing happens."""
    return Demo(launch_once)


@pytest.fixture
def browser(chromium):
    """A browser that remembers nothing of the tests before."""
    chromium.forget()
    chromium.emulate()
    return chromium


@pytest.fixture
def page(browser):
    return Page(browser)


@pytest.fixture(scope="module", autouse=True)
def kept_screenshots():
    yield
    print(f"\nscreenshots: {SCREENSHOTS}")


def test_cancelling_in_the_portal_shows_on_the_page(demo, browser, page):
    browser.open(demo.url)
    before = page.wait_for_plan(*STATES["alice"])

    browser.click("Manage billing")
    browser.wait_for(expected.url_contains("/p/session/"))
    assert demo.url not in browser.driver.current_url
    browser.wait_for(expected.title_contains("Billing portal"))
    portal = browser.driver.current_url
    browser.screenshot(SCREENSHOTS / "portal.png")
    browser.click("Cancel at period end")
    browser.wait_for_text("article", "Cancels on")

    browser.click("Return to the application")
    browser.wait_for(expected.url_to_be(demo.url))
    after = page.wait_for_plan("Team", "Cancels soon", buttons=["Resume plan"])
    assert after["facts"]["Cancels on"] == before["facts"]["Renews on"]
    browser.screenshot(SCREENSHOTS / "alice-canceled.png")
    assert browser.errors() == []
    assert portal not in demo.program.log


def test_a_page_from_the_browsers_cache_works(quiet_demo, browser, page):
    browser.open(quiet_demo.url)
    page.sign_in("frank")
    for _ in range(2):
        page.wait_for_plan(*STATES["frank"])
        browser.click("Manage billing")
        browser.wait_for(expected.title_contains("Billing portal"))
        browser.driver.back()
    assert page.wait_for_plan(*STATES["frank"])
    assert browser.errors() == []


def test_the_keyboard_alone_is_enough(demo, browser, page):
    browser.open(demo.url)
    page.wait_for_plan(*STATES["alice"])

    stops = []
    for _ in range(3):
        browser.press(Keys.TAB)
        stops.append(browser.focused())
        assert browser.run(
            "let e = document.activeElement; e = e.shadowRoot?.activeElement ?? e;"
            "return getComputedStyle(e).outlineStyle !== 'none' && getComputedStyle(e).outlineWidth"
        ) == "3px"
    assert stops == ["Signed in as", "Manage billing", "Cancel plan"]
    browser.press(Keys.TAB, shift=True)
    assert browser.focused() == "Manage billing"
    browser.press(Keys.ENTER)
    browser.wait_for(expected.title_contains("Billing portal"))

    browser.driver.find_element(By.XPATH, "//button[contains(., 'Cancel at period end')]").send_keys(Keys.ENTER)
    browser.wait_for_text("article", "Cancels on")
    browser.driver.find_element(By.PARTIAL_LINK_TEXT, "Return to the application").send_keys(Keys.ENTER)
    page.wait_for_plan("Team", "Cancels soon")
    assert "Cancels soon." in page.announcement()
    assert browser.errors() == []


def test_what_had_the_focus_is_not_lost(demo, browser, page):
    """The page shows a plan anew while its button has the focus."""
    browser.open(demo.url)
    page.wait_for_plan(*STATES["alice"])
    portal = browser.run_module("""
        const { token } = await (await fetch("/demo/token/alice")).json();
        const headers = { Authorization: `Bearer ${token}` };
        const path = "/api/subscriptions/user/billing-portal/";
        return (await (await fetch(path, { method: "POST", headers })).json()).portal_url;
    """)
    browser.tab_to("Manage billing")
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(portal)
    browser.click("Cancel at period end")
    browser.wait_for_text("article", "Cancels on")
    browser.driver.close()
    browser.driver.switch_to.window(first)
    page.wait_for_plan("Team", "Cancels soon")
    assert browser.focused() == "Your plan"


def test_subscribing_by_checkout(demo, browser, page):
    browser.open(demo.url)
    page.sign_in("carol")
    page.wait_for_plan(*STATES["carol"])
    browser.click("Subscribe to Team")
    browser.wait_for(expected.url_contains("/c/pay/"))
    browser.screenshot(SCREENSHOTS / "checkout.png")
    browser.click("Subscribe")
    browser.wait_for(expected.url_contains("/demo"))
    page.wait_for_plan("Team", "Active")
    assert browser.driver.current_url == demo.url

    browser.click("Manage billing")
    browser.wait_for(expected.title_contains("Billing portal"))
    assert browser.errors() == []


@pytest.mark.parametrize("user", STATES)
def test_every_state_in_every_look(quiet_demo, browser, page, user):
    browser.open(quiet_demo.url)
    page.sign_in(user)
    for scheme, width in LOOKS:
        browser.emulate(scheme, width)
        page.wait_for_plan(*STATES[user])
        assert not browser.overflows(), (scheme, width)
        assert browser.violations() == [], (scheme, width)
        browser.screenshot(SCREENSHOTS / f"{user}-{scheme}-{width}.png")
    assert page.announcement()
    errors = browser.errors()
    if user == "grace":
        assert errors and all("409" in error for error in errors)
    else:
        assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_loading_and_busy(quiet_demo, browser, page, scheme):
    browser.emulate(scheme, 390, reduced_motion=scheme == "dark")
    browser.open(quiet_demo.url)
    page.wait_for_plan(*STATES["alice"])
    quiet_demo.freeze()
    try:
        page.sign_in("dave")
        assert page.plan()["busy"] and page.announcement() == "Loading your plan."
        animations = browser.run("return document.getAnimations().length")
        assert (animations == 0) == (scheme == "dark")
        assert browser.violations() == []
        browser.screenshot(SCREENSHOTS / f"loading-{scheme}.png")
    finally:
        quiet_demo.thaw()
    page.wait_for_plan(*STATES["dave"])

    quiet_demo.freeze()
    try:
        browser.click("Update payment method")
        browser.click("Update payment method")
        button = browser.driver.find_element(By.TAG_NAME, "billing-portal-button").shadow_root.find_element(
            By.CSS_SELECTOR, "button"
        )
        assert button.get_attribute("aria-busy") == button.get_attribute("aria-disabled") == "true"
        assert browser.focused() == "Update payment method"
        assert browser.violations() == []
        browser.screenshot(SCREENSHOTS / f"busy-{scheme}.png")
    finally:
        quiet_demo.thaw()
    browser.wait_for(expected.title_contains("Billing portal"))
    assert browser.errors() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_that_fails_says_why(quiet_demo, browser, page, scheme):
    browser.emulate(scheme, 390)
    browser.open(quiet_demo.url)
    page.wait_for_plan(*STATES["alice"])
    browser.run("document.querySelector('billing-portal-button').token = 'expired'")
    browser.click("Manage billing")
    browser.wait_for_text("#problem", "invalid_token")
    assert "Sign in again." in page.problem()
    assert browser.violations() == []
    browser.screenshot(SCREENSHOTS / f"problem-{scheme}.png")
    (refusal,) = browser.errors()
    assert "/api/subscriptions/user/billing-portal/" in refusal and "401" in refusal
    assert browser.driver.current_url == quiet_demo.url


def test_an_outage_and_its_end(demo, browser, page):
    browser.open(demo.url)
    page.wait_for_plan(*STATES["alice"])
    browser.driver.execute_cdp_cmd("Network.enable", {})
    offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": True})
    page.sign_in("dave")
    page.wait_for_plan("Your plan cannot be shown", "", buttons=["Try again"])
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": False})
    browser.click("Try again")
    page.wait_for_plan(*STATES["dave"])


def test_ctrl_c_ends_it_while_the_page_is_open(demo, browser, page):
    browser.open(demo.url)
    page.wait_for_plan(*STATES["alice"])
    assert len(demo.databases()) == 1
    demo.program.process.send_signal(signal.SIGINT)
    assert demo.program.wait() == 0
    assert list(demo.temporary.iterdir()) == []
