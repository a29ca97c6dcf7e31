"""A page with the widget, as a visitor uses it."""

import base64
import json
import urllib.parse
from datetime import datetime
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

from consent_server.embed.shipped import artifacts

#: Language → slot → text. Tests name what is on the screen by its slot; the words may be improved.
TEXTS = artifacts().texts

#: What the browser itself says about a request that failed; the tests make requests fail.
OF_THE_NETWORK = (
    "Failed to load resource",
    "Access to fetch",
    "Access to script",
    "Access to XMLHttpRequest",
)


class ConsentPage:
    """What a visitor does and sees."""

    def __init__(self, page: Page):
        self.page = page
        self.speaks("en")
        #: Uncaught errors and console errors; the fixture wants none.
        self.errors: list[str] = []
        page.on("pageerror", self._note_uncaught)
        page.on("console", self._note)

    def _note_uncaught(self, error: Error) -> None:
        self.errors.append(f"uncaught {error.name}: {error.message}")

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(OF_THE_NETWORK):
            self.errors.append(message.text)

    def speaks(self, language: str) -> None:
        """Say in which language the widget is expected to speak."""
        self.texts = TEXTS[language]

    def open(self, address: str) -> None:
        """Go to a page and wait until the widget knows what may run."""
        self.page.goto(address)
        self.wait_until_ready()

    def reload(self) -> None:
        """Look at the same page again."""
        self.page.reload()
        self.wait_until_ready()

    def stay_until(self, instant: datetime) -> None:
        """Leave the page open until an instant; its clock must be installed.

        A timer cannot be set for a year, so the widget looks at least once a minute.
        """
        self.page.clock.set_system_time(instant)
        self.page.clock.run_for(61_000)

    def wait_until_ready(self) -> None:
        """Wait until the widget has read what this device remembers, and acted upon it."""
        self.page.wait_for_function("window.ConsentServer && !Array.isArray(ConsentServer)")
        self.page.evaluate("ConsentServer.ready().then(() => undefined)")

    @property
    def banner(self) -> Locator:
        """The question."""
        return self.page.locator("consent-server").get_by_role("region")

    @property
    def preferences(self) -> Locator:
        """The second layer."""
        return self.page.get_by_role("dialog")

    @property
    def status(self) -> Locator:
        """What the widget announces."""
        return self.page.locator("consent-server").get_by_role("status")

    @property
    def way_back(self) -> Locator:
        """The control that stays on every page after a choice."""
        return self.button(self.page, "reopen")

    def button(self, within: Page | Locator, slot: str) -> Locator:
        """Return the button that carries a text."""
        return within.get_by_role("button", name=self.texts[slot], exact=True)

    def answer(self, slot: str) -> Locator:
        """Return one of the two answers of the banner: ``accept`` or ``reject``."""
        return self.button(self.banner, slot)

    def accept_all(self) -> None:
        """Press the first answer, and wait until it is in the log."""
        self.answer("accept").click()
        self.expect_said("saved_status")

    def reject_all(self) -> None:
        """Press the other answer."""
        self.answer("reject").click()
        expect(self.banner).to_have_count(0)

    def choose(self) -> None:
        """Open the second layer from the banner."""
        self.button(self.banner, "choose").click()
        expect(self.preferences).to_be_visible()

    def switch(self, title: str) -> Locator:
        """Return the switch of a category or a service."""
        return self.preferences.get_by_role("switch", name=title, exact=True)

    def save(self) -> None:
        """Save what the switches say."""
        self.button(self.preferences, "save").click()
        expect(self.preferences).to_have_count(0)

    def allow(self, *titles: str) -> None:
        """Allow exactly these categories, by their switches."""
        self.choose()
        for title in titles:
            self.switch(title).check()
        self.save()
        if titles:
            self.expect_said("saved_status")

    def withdraw(self) -> None:
        """Take everything back: the way back, then withdraw."""
        self.way_back.click()
        self.button(self.preferences, "withdraw").click()

    def has(self, category: str) -> bool:
        """Ask the widget whether a category may run."""
        return bool(self.page.evaluate("id => ConsentServer.has(id)", category))

    def granted(self) -> set[str]:
        """Return the optional categories that may run."""
        ids = ["functional", "analytics", "marketing"]
        return {id_ for id_ in ids if self.has(id_)}

    def wait_until_ran(self, count: int = 1) -> None:
        """Wait until so many gated scripts have noted that they ran."""
        # Not wait_for_function: it evaluates text, which a strict page forbids.
        self.page.evaluate(
            """count => new Promise((resolve, reject) => {
                const hasRun = () => (window.ran ?? []).length >= count;
                let left = 3000;
                const look = () => {
                    if (hasRun()) {
                        resolve();
                    } else if (left-- > 0) {
                        setTimeout(look, 10);
                    } else {
                        reject(new Error(`ran: ${window.ran}`));
                    }
                };
                look();
            })""",
            count,
        )

    def wait_until_delivered(self) -> None:
        """Wait until nothing is on its way to the log."""
        self.page.wait_for_function(
            "!Object.keys(localStorage).some((key) => /^consent_(queue|press)/.test(key))"
        )

    def ran(self) -> list[str]:
        """Return what the gated scripts of the page noted, in the order in which they ran."""
        return list(self.page.evaluate("window.ran ?? []"))

    def cookies(self) -> dict[str, str]:
        """Return every cookie of this browser, by name."""
        jar = self.page.context.cookies()
        return {str(cookie["name"]): str(cookie["value"]) for cookie in jar}

    def storage(self) -> dict[str, list[str]]:
        """Return the names of everything the page's origin stores besides cookies."""
        return dict(
            self.page.evaluate(
                """async () => ({
                    local: Object.keys(localStorage),
                    session: Object.keys(sessionStorage),
                    databases: (await indexedDB.databases()).map(({name}) => name),
                    caches: await caches.keys(),
                    workers: (await navigator.serviceWorker.getRegistrations()).map(String),
                })"""
            )
        )

    def state(self) -> dict[str, Any]:
        """Return the decision that the device remembers."""
        return dict(json.loads(urllib.parse.unquote(self.cookies()["consent_state"])))

    def token(self) -> str:
        """Return the consent token on the device."""
        return self.cookies()["consent_token"]

    def claims(self) -> dict[str, Any]:
        """Return what the token on the device says."""
        part = self.token().split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))

    def expect_asked(self) -> None:
        """Expect the question, with both answers."""
        expect(self.answer("accept")).to_be_visible()
        expect(self.answer("reject")).to_be_visible()

    def expect_said(self, slot: str) -> None:
        """Expect an announcement."""
        expect(self.status).to_have_text(self.texts[slot])

    def expect_not_asked(self) -> None:
        """Expect the way back instead of the question."""
        expect(self.way_back).to_be_visible()
        expect(self.banner).to_have_count(0)
