"""One hostile page: what it does, and what may come of it."""

import enum
import json
import urllib.request
from dataclasses import dataclass

from tests.browser.service import OPTIONAL, Site
from tests.browser.web import SHOP, VENDOR, Web

EVERYTHING = frozenset(OPTIONAL)
#: Category → address of its held-back script at the vendor; the third has its text in the page.
SCRIPTS = {"functional": "/functional.js", "analytics": "/analytics.js"}
IMAGE = "/marketing.gif"

#: An attribute, because a page may have spoilt everything else by which a script could speak.
_RAN = "document.documentElement.setAttribute('data-ran-{0}', '')"
_HELD_BACK = (
    '<script type="text/plain" data-category="functional" data-src="VENDOR/functional.js"></script>'
    '<script type="text/plain" data-category="analytics" data-src="VENDOR/analytics.js"></script>'
    f'<script type="text/plain" data-category="marketing">{_RAN.format("marketing")}</script>'
    '<img data-category="marketing" data-src="VENDOR/marketing.gif" alt=""/>'
)
_DOCUMENT = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>A page</title>'
    "HEAD<script>SCRIPT</script>TAG</head><body><h1>A page</h1>BODY</body></html>"
)


class Outcome(enum.Enum):
    """What a page lets come of a person's press on "accept"."""

    #: It is recorded, proved, and what was held back runs.
    WORKS = "works"
    #: The question is there, but an acceptance does not come about.
    DENIED = "denied"
    #: There is no place for the question, so nothing is asked and nothing is granted.
    UNASKED = "unasked"
    #: What may run here is what the page says, as it would be without us; nobody else believes it.
    FOOLS_ITSELF = "fools itself"


@dataclass(frozen=True)
class HostilePage:
    """A page of the table; `script` runs before ours."""

    name: str
    script: str = ""
    outcome: Outcome = Outcome.WORKS
    #: Why it does not simply work.
    because: str = ""
    #: The reason of the `consent:error`; empty where there is none, or the page is deaf to it.
    says: str = ""
    #: The categories whose held-back script runs after a grant.
    runs: frozenset[str] = EVERYTHING
    #: The page's own code is given no answers, because the global is not ours.
    is_mute: bool = False
    #: It does something over time, and sets `data-done` at the end.
    takes_its_time: bool = False
    head: str = ""
    body: str = ""
    document: str = _DOCUMENT
    kind: str = "text/html"
    is_pinned: bool = False
    #: Instead of our tag: a banner to show that the tests would notice.
    instead: str = ""

    def __post_init__(self) -> None:
        assert bool(self.because) == (self.outcome is not Outcome.WORKS or self.runs != EVERYTHING)

    def put(self, site: Site, web: Web) -> str:
        """Put it on the web, with its vendor; return its address."""
        for category, path in SCRIPTS.items():
            web.put(VENDOR, path, _RAN.format(category), "text/javascript")
        web.put(VENDOR, IMAGE, "", "image/gif")
        html = self.document.replace("HEAD", self.head).replace("TAG", self._tag(site))
        html = html.replace("BODY", self.body + _HELD_BACK).replace("SCRIPT", self.script)
        html = html.replace("VENDOR", web.origin(VENDOR)).replace("SITE", site.id)
        return web.put(SHOP, "/hostile", html.replace("BUNDLE", site.bundle_address), self.kind)

    def _tag(self, site: Site) -> str:
        if self.instead:
            return f"<script>{self.instead}</script>"
        if not self.is_pinned:
            return f'<script async="" src="{site.script}"></script>'
        with urllib.request.urlopen(site.bundle_address, timeout=5) as answer:
            build = json.load(answer)["bundle"]["build"]
        address = f"{site.service.origin}/widget/{build}.js"
        return f'<script async="" data-site="SITE" crossorigin="" src="{address}"></script>'
