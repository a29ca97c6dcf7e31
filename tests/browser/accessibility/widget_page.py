"""The widget on a page, measured: what measure.js finds, by the names of its functions."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator

from tests.browser.consent_page import TEXTS, ConsentPage
from tests.browser.service import TRACKER, Site, gated
from tests.browser.web import VENDOR

MEASURE = Path(__file__).with_name("measure.js").read_text(encoding="utf-8")
#: Every language that ships; a new one is tested by being there.
LANGUAGES = sorted(TEXTS)
#: Width and height in CSS pixels. 320 × 256 is what 1280 × 1024 is at a zoom of 400 %.
SIZES = [(320, 256), (360, 640), (768, 1024), (1920, 1080)]
#: Two services in one purpose, so that they have switches of their own; one with a frame.
SERVICES = [
    TRACKER,
    {**TRACKER, "id": "counter", "name": "Counter", "stores": []},
    {**TRACKER, "id": "films", "name": "Films", "category": "marketing"},
]


class WidgetPage(ConsentPage):
    """A page in one language, and what is wrong with the widget on it."""

    def see(self, site: Site, language: str = "en", body: str = "", **headers: str) -> None:
        """Open a page of the site that is written in a language."""
        self.speaks(language)
        address = site.page(body or a_body(site), language=language, **headers)
        self.open(address)
        self.expect_asked()

    @property
    def banner(self) -> Locator:
        """The question, by its role and its heading."""
        return self.page.get_by_role("region", name=self.texts["title"], exact=True)

    def measure(self, what: str, *values: Any) -> Any:
        """Call one of the functions of measure.js."""
        call = f"values => ({MEASURE}).{what}(...values)"
        return self.page.evaluate(call, list(values))

    def wrong(self, *kinds: str) -> list[str]:
        """Return what several functions of measure.js find."""
        return [found for kind in kinds for found in self.measure(kind)]

    def wrong_answers(self) -> list[str]:
        """Return what is wrong with the two answers on the screen now."""
        return list(self.measure("answers", [self.texts["accept"], self.texts["reject"]]))

    def resize(self, size: tuple[int, int]) -> None:
        """Give the window another size."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def focus(self) -> tuple[str, str]:
        """Return the name of what has the focus, and its part: banner, dialog, rest, page, none."""
        found = self.measure("focus")
        return found["name"], found["part"]

    def open_lists(self) -> None:
        """Unfold every list of services."""
        unfold = "nodes => nodes.forEach((node) => { node.open = true })"
        self.preferences.locator("details").evaluate_all(unfold)


def a_body(site: Site) -> str:
    """Return a page with links, its own way to the choices, and a held-back frame."""
    film = f'data-src="{site.web.origin(VENDOR)}/film" data-service="films" title="A film"'
    return (
        '<main><p><a href="#one">One</a> <a href="#two">Two</a></p>'
        '<button data-consent="open">Privacy of this page</button>'
        f'<iframe data-category="marketing" {film} width="480" height="270"></iframe></main>'
        + gated("analytics", "/count.js", site.web)
    )
