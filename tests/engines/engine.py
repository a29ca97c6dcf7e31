"""What a test asks of a browser, whatever drives it: Playwright or Selenium.

Little enough that both can: go, look by running JavaScript, press a button, press a key.
"""

from typing import Any, Protocol

from playwright.sync_api import BrowserContext, Page
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.remote.webdriver import WebDriver

#: Keys by the names of the DOM; Selenium has names of its own for them.
KEYS = {"Tab": Keys.TAB, "Enter": Keys.ENTER, "Escape": Keys.ESCAPE, " ": Keys.SPACE}


class Engine(Protocol):
    """One browser with an empty profile and one page."""

    def go(self, address: str) -> None:
        """Open a page and wait for its ``load``."""

    def run(self, function: str, *values: Any) -> Any:
        """Call a JavaScript function in the page and return what it gives, awaited."""

    def click(self, function: str, *values: Any) -> None:
        """Press the mouse on the element that a JavaScript function gives."""

    def press(self, key: str) -> None:
        """Press a key where the focus is, as a person does; its name as in the DOM."""

    def cookies(self) -> dict[str, str]:
        """Return every cookie of the page, those for HTTP only included."""


class PlaywrightEngine:
    """A page of Playwright."""

    def __init__(self, context: BrowserContext):
        self._page: Page = context.new_page()

    def go(self, address: str) -> None:
        """See :class:`Engine`."""
        self._page.goto(address)

    def run(self, function: str, *values: Any) -> Any:
        """See :class:`Engine`."""
        return self._page.evaluate(f"values => ({function})(...values)", list(values))

    def click(self, function: str, *values: Any) -> None:
        """See :class:`Engine`."""
        found = self._page.evaluate_handle(f"values => ({function})(...values)", list(values))
        element = found.as_element()
        assert element, f"nothing to click: {values}"
        element.click()

    def press(self, key: str) -> None:
        """See :class:`Engine`."""
        self._page.keyboard.press(key)

    def cookies(self) -> dict[str, str]:
        """See :class:`Engine`."""
        return {str(one["name"]): str(one["value"]) for one in self._page.context.cookies()}


class SeleniumEngine:
    """A window of a browser with a W3C driver."""

    def __init__(self, driver: WebDriver):
        self._driver = driver
        driver.set_script_timeout(20)

    def go(self, address: str) -> None:
        """See :class:`Engine`."""
        self._driver.get(address)

    def run(self, function: str, *values: Any) -> Any:
        """See :class:`Engine`."""
        return self._driver.execute_script(f"return ({function})(...arguments)", *values)

    def click(self, function: str, *values: Any) -> None:
        """See :class:`Engine`."""
        element = self.run(function, *values)
        assert element, f"nothing to click: {values}"
        element.click()

    def press(self, key: str) -> None:
        """See :class:`Engine`."""
        ActionChains(self._driver).send_keys(KEYS[key]).perform()

    def cookies(self) -> dict[str, str]:
        """See :class:`Engine`."""
        return {str(one["name"]): str(one["value"]) for one in self._driver.get_cookies()}
