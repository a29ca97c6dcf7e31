"""A visitor: opens pages, waits, scrolls, presses what the widget offers."""

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import ElementHandle, Error, Page, Response

from consent_server.audit.device import read_device
from consent_server.audit.errors import AuditImpossible
from consent_server.audit.observed import Sight, Stage
from consent_server.audit.probe import probe
from consent_server.audit.tags import LOADING, Tag, read_tag, tags_of_html

#: Milliseconds for which a page may load, for which the widget may then be awaited, and which one
#: that is there may take to act on what the device remembers: what is seen before is no finding.
LOADING_TIME = 30_000
WIDGET_TIME = 3_000
READY_TIME = 30_000

_READY = """async ([most, atMost]) => {
    for (const end = performance.now() + most; performance.now() < end; ) {
        const api = window.ConsentServer;
        if (api && !Array.isArray(api)) {
            const late = new Promise((resolve) => setTimeout(resolve, atMost, false));
            return Promise.race([api.ready().then(() => true), late]);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
}"""


class Visitor:
    """One person in front of one window."""

    def __init__(self, page: Page, wait: float):
        self.page = page
        #: Seconds to stay on each page.
        self.wait = wait
        self.sights: list[Sight] = []

    def open(self, url: str, stage: Stage) -> Sight:
        """Go to a page, behave like a reader, and look at what it left on the device.

        :raises AuditImpossible: the page does not answer, or not with a page
        """
        answer = self._go(url)
        # What the page before sends while it is left is not this one's.
        began = self.page.evaluate("performance.timing.domLoading / 1000")
        sight = Sight(url, stage, began, self.wait_until_ready())
        self.linger()
        sight.page = self.page.url
        sight.stored = read_device(self.page)
        if stage == "before_choice" and answer is not None:
            sight.tags = self.tags(answer.text())
        self.sights.append(sight)
        return sight

    def begin(self, stage: Stage, began: float, *, looks: bool = True) -> Sight:
        """Stay on the page, which has been seen at another stage since an instant.

        :param looks: False leaves out what the device keeps: not yet settled
        """
        sight = Sight(self.sights[-1].page, stage, began)
        if looks:
            sight.stored = read_device(self.page)
        self.sights.append(sight)
        return sight

    def wait_until_ready(self) -> bool:
        """Wait for the widget; say whether there is one."""
        try:
            return bool(self.page.evaluate(_READY, [WIDGET_TIME, READY_TIME]))
        except Error:
            return False

    def linger(self) -> None:
        """Scroll and move as a reader does: much is loaded only then. Nothing is pressed."""
        half = self.wait * 500
        self.page.wait_for_timeout(half)
        self.page.mouse.move(200, 200)
        self.page.mouse.wheel(0, 2_000)
        self.page.keyboard.press("Shift")
        self.page.wait_for_timeout(half)

    def buttons(self, texts: Sequence[str], *, in_dialog: bool = False) -> list[ElementHandle]:
        """Return the widget's buttons with one of these texts."""
        return self.elements(probe("buttons"), {"texts": list(texts), "inDialog": in_dialog})

    def elements(self, expression: str, argument: Any = None) -> list[ElementHandle]:
        """Return the elements of the list that a function of the page gives."""
        found = self.page.evaluate_handle(expression, argument).get_properties()
        elements = (handle.as_element() for handle in found.values())
        return [element for element in elements if element is not None]

    def tags(self, answer_html: str) -> list[Tag]:
        """Return the tags of the page as it was sent and as it stands now, each once."""
        base = self.page.evaluate("document.baseURI")
        names = ", ".join([*LOADING, "template[data-category]"])
        standing = self.page.evaluate(probe("tags"), names)
        read = [read_tag(entry["name"], entry["attributes"], base) for entry in standing]
        return list(dict.fromkeys([*tags_of_html(answer_html, base), *filter(None, read)]))

    def _go(self, url: str) -> Response | None:
        try:
            answer = self.page.goto(url, wait_until="load", timeout=LOADING_TIME)
        except Error as error:
            reason = str(error).splitlines()[0].removeprefix("Page.goto: ")
            raise AuditImpossible(f"{url} could not be opened: {reason}") from error
        if answer is not None and answer.status >= 400:
            raise AuditImpossible(f"{url} answers {answer.status}, which is no page to audit")
        return answer
