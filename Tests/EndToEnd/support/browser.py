"""Chromium without a window, as a person with a mouse, a keyboard or a screen reader would use it."""
import base64
import shutil
from importlib.util import find_spec
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

from .waiting import DEADLINE

# https://github.com/dequelabs/axe-core; this package carries it, and nothing else of it is used.
AXE = Path(find_spec("axe_playwright_python").submodule_search_locations[0]) / "axe.min.js"


class Browser:
    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = self._installed("chromium")
        options.add_argument("--headless=new")
        # Chromium's own sandbox does not start as root or in a container; the pages are ours.
        options.add_argument("--no-sandbox")
        options.add_argument("--disable-dev-shm-usage")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(self._installed("chromedriver")))
        self.driver.set_script_timeout(DEADLINE)
        self._wait = WebDriverWait(self.driver, DEADLINE)

    @staticmethod
    def _installed(name):
        path = shutil.which(name)
        assert path, f"there is no {name}: apt-get install chromium chromium-driver"
        return path

    def open(self, url):
        self.driver.get(url)

    def wait_for(self, condition):
        return self._wait.until(condition)

    def wait_for_text(self, css, text):
        self.wait_for(expected.text_to_be_present_in_element((By.CSS_SELECTOR, css), text))

    def click(self, text):
        """Clicks the link or button with this label."""
        label = (By.XPATH, f"//*[self::a or self::button or self::billing-portal-button][contains(., '{text}')]")
        self.wait_for(expected.element_to_be_clickable(label)).click()

    def forget(self):
        """Goes on in a new tab, which has nothing of the old one's session."""
        old = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        new = self.driver.current_window_handle
        self.driver.switch_to.window(old)
        self.driver.close()
        self.driver.switch_to.window(new)
        self.errors()

    def press(self, key, shift=False):
        """Presses a key, wherever the focus is."""
        actions = webdriver.ActionChains(self.driver)
        if shift:
            actions.key_down(Keys.SHIFT).send_keys(key).key_up(Keys.SHIFT).perform()
        else:
            actions.send_keys(key).perform()

    def tab_to(self, label):
        """Presses Tab until what has this label has the focus."""
        passed = []
        while self.focused() != label:
            passed.append(self.focused())
            assert len(passed) < 20, passed
            self.press(Keys.TAB)

    def focused(self):
        """The label of what has the focus."""
        return self.run(
            "const e = document.activeElement; return (e.ariaLabel || e.labels?.[0]?.innerText || e.innerText).trim()"
        )

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_module(self, body):
        """The JSON value that an asynchronous function's body returns, or the error's fields as `{"error": …}`."""
        return self.driver.execute_async_script(
            f"""
            const done = arguments[arguments.length - 1];
            (async () => {{ {body} }})().then(
                (value) => done(value === undefined ? null : value),
                (error) => done({{
                    error: {{ ...error, name: error.name, message: error.message, cause: undefined }},
                }}),
            );
            """
        )

    def emulate(self, scheme="light", width=1280, height=900, reduced_motion=False):
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"}
        features = [{"name": "prefers-color-scheme", "value": scheme}, motion]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def overflows(self):
        """Whether the page can be scrolled sideways."""
        return self.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def violations(self):
        """What axe-core finds against WCAG 2.2 AA and its own best practices, as `rule: element`."""
        if not self.run("return Boolean(window.axe)"):
            self.run(AXE.read_text())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        results = self.run_module(f"return await axe.run({{ runOnly: {tags} }})")
        assert results["passes"], results
        return [
            f"{violation['id']}: {node['html']} {node['failureSummary']}"
            for violation in results["violations"]
            for node in violation["nodes"]
        ]

    def screenshot(self, path):
        """The whole page."""
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return document.documentElement.clientWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        parameters = {"captureBeyondViewport": True, "clip": clip}
        image = self.driver.execute_cdp_cmd("Page.captureScreenshot", parameters)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(image))

    def errors(self):
        """The console's errors since the last call; a breach of a page's CSP is one."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def close(self):
        self.driver.quit()
