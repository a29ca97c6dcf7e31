"""What a browser was given to keep, in order: written by a script, or set by an answer."""

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import BrowserContext, Page, Response

from tests.first_party.safari import Written

#: Notes every cookie that a script writes, and every answer to a decision once it was applied.
NOTES = """
    window.given = [];
    window.flying = 0;
    const {set, get} = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    Object.defineProperty(Document.prototype, 'cookie', {
        configurable: true,
        get,
        set(text) { window.given.push(text); set.call(this, text); },
    });
    const {fetch} = window;
    window.fetch = async (...asked) => {
        window.flying += 1;
        try {
            const answer = await fetch(...asked);
            window.given.push({keeps: asked[1]?.credentials !== 'omit'});
            return answer;
        } finally {
            window.flying -= 1;
        }
    };
"""


class Device:
    """Watches one page's device."""

    def __init__(self, page: Page):
        self._page = page
        self._answers: list[Response] = []
        page.add_init_script(NOTES)
        page.on("response", self._note)
        page.on("framenavigated", lambda _: self._answers.clear())

    @property
    def context(self) -> BrowserContext:
        """The browser's profile."""
        return self._page.context

    def _note(self, response: Response) -> None:
        if response.request.resource_type == "fetch":
            self._answers.append(response)

    def settle(self) -> None:
        """Wait until every decision was delivered and answered."""
        self._page.wait_for_function(
            "() => !Object.keys(localStorage).some((key) => /^consent_(press|queue)/.test(key))"
            " && window.flying === 0"
        )

    def given(self) -> list[Written]:
        """Return what this page was given since it was opened, in order."""
        at = datetime.now(UTC)
        texts: list[Any] = self._page.evaluate("window.given")
        answers = iter([answer.header_values("set-cookie") for answer in self._answers])
        given: list[Written] = []
        for text in texts:
            if isinstance(text, str):
                given.append(Written(text, True, at))
                continue
            # A browser keeps no cookie of an answer to a request without credentials.
            lines = next(answers)
            given += [Written(line, False, at) for line in lines if text["keeps"]]
        return given

    def cookies(self) -> dict[str, Any]:
        """Return the cookies of the profile, by name; each name is there once."""
        jar = self.context.cookies()
        assert len({cookie["name"] for cookie in jar}) == len(jar)
        return {cookie["name"]: cookie for cookie in jar}
