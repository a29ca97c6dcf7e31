"""A page whose service may do what it likes: what its visitor must not notice."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browser.consent_page import ConsentPage
from tests.browser.service import gated
from tests.browser.web import VENDOR, Web
from tests.fault.outage.outage import Outage

#: What the browser says about an answer that it would not take.
OF_THE_BROWSER = (
    "Refused to execute script",
    "Failed to find a valid digest",
    "Fetch API cannot load",
)
BUTTON = "<button onclick=\"this.textContent = 'works'\">Does the page work?</button>"
#: Notes how far the page has come, and that its own code went on.
STAGES = """<script>
    window.stages = [];
    for (const [target, name] of [[document, 'DOMContentLoaded'], [window, 'load']]) {
        target.addEventListener(name, () => stages.push(name));
    }
</script>"""
#: Resolves when the page has come to its next task; its timers may be held still.
NEXT_TASK = """() => new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(0);
})"""
#: Steps of the injected clock, in seconds.
STEP = 5


def body(web: Web) -> str:
    """Return a page that has something of every kind that waits for a choice."""
    vendor = web.origin(VENDOR)
    return (
        BUTTON
        + gated("analytics", "/a.js", web)
        + f'<img data-category="marketing" data-src="{vendor}/p.gif" alt="">'
        + f'<iframe data-category="functional" data-src="{vendor}/v" title="Video"></iframe>'
        + '<template data-category="marketing"><script>(window.ran ||= []).push("template")'
        + "</script></template>"
    )


#: Entries of choices that wait; the rest of the name is a random number or key.
WAITING = ("consent_queue_", "consent_press_")


class BravePage(ConsentPage):
    """A visitor whose browser lets the test see what is on its way."""

    def __init__(self, page: Page, outage: Outage):
        super().__init__(page)
        self._outage = outage
        on_the_way: set[Request] = set()
        self._on_the_way = on_the_way
        page.on("request", lambda request: on_the_way.add(request))
        page.on("requestfinished", lambda request: on_the_way.discard(request))
        page.on("requestfailed", lambda request: on_the_way.discard(request))

    def _note(self, message: ConsoleMessage) -> None:
        if not any(said in message.text for said in OF_THE_BROWSER):
            super()._note(message)

    def start(self, address: str) -> None:
        """Go to a page and wait for nothing but its first bytes."""
        self.page.goto(address, wait_until="commit")

    def stages(self) -> list[str]:
        """Return how far the page has come."""
        return list(self.page.evaluate("window.stages ?? []"))

    def wait_for_stage(self, name: str) -> None:
        """Wait until the page has come so far."""
        self.page.wait_for_function("name => window.stages?.includes(name)", arg=name)

    def settle(self) -> None:
        """Give the browser all the time it wants for what needs no network."""
        self.page.evaluate(
            """async () => {
                for (let turn = 0; turn < 3; turn++) {
                    await fetch(location.href, {cache: 'no-store'});
                    await new Promise((resolve) => requestAnimationFrame(() => resolve()));
                }
            }"""
        )

    def let_pass(self, seconds: int, until: Callable[[], Any] = lambda: False) -> None:
        """Let the page's own clock go on, but no request out of time because this machine is busy.

        :param until: ends it early
        """
        for _ in range(0, seconds, STEP):
            self.wait_for_answers()
            if until():
                return
            self.page.clock.run_for(STEP * 1000)
        self.wait_for_answers()

    def wait_for_answers(self) -> None:
        """Wait until everything is answered but what is held back for good."""
        self.page.wait_for_timeout(20)
        # What the page is about to ask for, it has asked for when it comes to this.
        for _ in range(2):
            self.page.evaluate(NEXT_TASK)
        deadline = time.monotonic() + 20
        while len(self._on_the_way) > self._outage.held and time.monotonic() < deadline:
            self.page.wait_for_timeout(10)

    def wait_for_errors(self, count: int) -> None:
        """Give the page time to report so many errors; a browser may report fewer."""
        deadline = time.monotonic() + 3
        while len(self.errors) < count and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)

    def stored(self) -> set[str]:
        """Return the names of everything on the device; waiting choices are one name."""
        names = {*self.cookies(), *(name for area in self.storage().values() for name in area)}
        # What comes after the second underscore may hold more of them.
        waiting = {
            name: "_".join(name.split("_")[:2]) for name in names if name.startswith(WAITING)
        }
        return (names - waiting.keys()) | set(waiting.values())

    def expect_unharmed(self, web: Web, *, keeps: tuple[str, ...] = ()) -> None:
        """Expect a page that works, in which nothing ran, nothing was told and nothing was stored.

        :param keeps: names of what may be on the device, cookies and local storage alike
        """
        button = self.page.get_by_role("button", name="Does the page work?")
        button.click(timeout=5_000)
        expect(self.page.get_by_role("button", name="works", exact=True)).to_be_visible()
        self.page.evaluate("document.querySelector('button').textContent = 'Does the page work?'")
        assert self.errors == []
        assert (web.requests_to(VENDOR), self.ran()) == ([], [])
        # That services were allowed something once is kept until it has been deleted.
        assert self.stored() - {"consent_used"} <= set(keeps)
        if self.page.evaluate("'ConsentServer' in window && !Array.isArray(ConsentServer)"):
            assert self.granted() == set()
