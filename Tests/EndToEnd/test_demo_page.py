"""The demo's page in a real browser, clicked through as its instructions say."""
import json
import shutil
import signal
import socket

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import Select, WebDriverWait

from support.waiting import DEADLINE

ACTIVE = {"Status": "active", "Price": "1 × price_1SandboxTeamMonthly00002"}


class Demo:
    """`portald demo`, with a folder of its own for what it leaves behind."""

    def __init__(self, launch):
        # Not port 0: the demo puts its own address into links.
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"http://{address}/demo"
        self.temporary = launch.directory()
        self.program = launch.program("demo", "--listen", address, TMPDIR=str(self.temporary))
        self.program.wait_for_log("Ctrl-C ends it all")

    def databases(self):
        return list(self.temporary.glob("portald-demo-*/portald.db"))


class Browser:
    """Chromium without a window, and what it shows of the demo."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = self._installed("chromium")
        options.add_argument("--headless=new")
        # Chromium's own sandbox does not start as root or in a container; the pages are ours.
        options.add_argument("--no-sandbox")
        options.add_argument("--disable-dev-shm-usage")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(self._installed("chromedriver")))
        self._wait = WebDriverWait(self.driver, DEADLINE)

    @staticmethod
    def _installed(name):
        path = shutil.which(name)
        assert path, f"there is no {name}: apt-get install chromium chromium-driver"
        return path

    def wait_for(self, condition):
        return self._wait.until(condition)

    def sign_in(self, name):
        Select(self.driver.find_element(By.ID, "user")).select_by_value(name)

    def click(self, text):
        link_or_button = (By.XPATH, f"//*[self::a or self::button][contains(., '{text}')]")
        self.wait_for(expected.element_to_be_clickable(link_or_button)).click()

    def subscription(self):
        """What the page shows, by name; read at once, since the page may be showing it anew."""
        script = """
            const texts = (name) => Array.from(document.querySelectorAll(`#subscription ${name}`), (e) => e.innerText);
            return JSON.stringify([texts("dt"), texts("dd")]);
        """
        names, values = json.loads(self.driver.execute_script(script))
        return dict(zip(names, values, strict=True))

    def wait_for_subscription(self, *names, **values):
        """Waits until the page shows these names, with these values among them."""

        def shown(_):
            subscription = self.subscription()
            return list(subscription) == list(names) and values.items() <= subscription.items() and subscription

        return self.wait_for(shown)

    def wait_for_problem(self, text):
        self.wait_for(expected.text_to_be_present_in_element((By.ID, "problem"), text))

    def errors(self):
        """The console's errors since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def demo(launch):
    return Demo(launch)


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.driver.quit()


def test_cancelling_in_the_portal_shows_on_the_page(demo, browser):
    browser.driver.get(demo.url)
    before = browser.wait_for_subscription("Status", "Price", "Renews on", **ACTIVE)

    browser.click("Manage billing")
    browser.wait_for(expected.url_contains("/p/session/"))
    assert demo.url not in browser.driver.current_url
    browser.wait_for(expected.title_contains("Billing portal"))
    portal = browser.driver.current_url
    browser.click("Cancel at period end")
    browser.wait_for(expected.text_to_be_present_in_element((By.TAG_NAME, "article"), "Cancels on"))

    browser.click("Return to the application")
    browser.wait_for(expected.url_to_be(demo.url))
    after = browser.wait_for_subscription("Status", "Price", "Cancels on", **ACTIVE)
    assert after["Cancels on"] == before["Renews on"]
    assert browser.errors() == []
    assert portal not in demo.program.log


def test_a_closed_portal_says_why(demo, browser):
    browser.driver.get(demo.url)
    browser.wait_for_subscription("Status", "Price", "Renews on", **ACTIVE)

    browser.sign_in("bob")
    browser.wait_for_subscription("Status", "Price", Status="canceled")
    assert browser.errors() == []
    browser.click("Manage billing")
    browser.wait_for_problem("You have no active subscription to manage.")
    (refusal,) = browser.errors()
    assert "/api/subscriptions/user/billing-portal/" in refusal and "403" in refusal

    browser.sign_in("carol")
    browser.wait_for_subscription("Status", Status="no subscription")
    assert browser.errors() == []
    browser.click("Manage billing")
    browser.wait_for_problem("There is no billing account for this user yet.")
    (refusal,) = browser.errors()
    assert "/api/subscriptions/user/billing-portal/" in refusal and "404" in refusal
    assert browser.driver.current_url == demo.url


def test_ctrl_c_ends_it_while_the_page_is_open(demo, browser):
    browser.driver.get(demo.url)
    browser.wait_for_subscription("Status", "Price", "Renews on", **ACTIVE)
    assert len(demo.databases()) == 1
    demo.program.process.send_signal(signal.SIGINT)
    assert demo.program.wait() == 0
    assert list(demo.temporary.iterdir()) == []
