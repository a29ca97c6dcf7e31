"""What is measured: a page with nothing, the floor, ours, and peers when they are installed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.widget.site import SITE
from consent_server.embed.shipped import artifacts

PAGES = Path(__file__).with_name("pages")
#: Scripts that are held back on each page: half of them inline, half of them with an address.
GATED = 10


@dataclass(frozen=True)
class Contestant:
    """One banner and how a page uses it."""

    name: str
    #: What the page's head gets; ``{cdn}`` and ``{service}`` are the origins of the others.
    head: str = ""
    #: One script that is held back; ``{attributes}`` and ``{body}`` are its address or its text.
    gated: str = '<script type="text/plain" data-category="analytics"{address}>{body}</script>'
    #: The attribute that holds back the address of such a script.
    address: str = "data-src"
    #: Selectors from the document to the banner, each but the last ending at a shadow root's host.
    banner: tuple[str, ...] = ()
    #: Selector of the button that accepts; pierces open shadow roots.
    accept: str = ""
    #: Path on the CDN → file that is served there.
    files: Mapping[str, Path] = field(default_factory=dict)

    def page(self, cdn: str, service: str) -> str:
        """Return the page of a small shop that uses it."""
        head = self.head.replace("{cdn}", cdn).replace("{service}", service)
        goods = "".join(_good(number) for number in range(24))
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Meadow</title>'
            '<meta name="viewport" content="width=device-width">'
            '<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">'
            f"{head}</head><body>"
            '<header><strong>Meadow &amp; Sons</strong><a href="#goods">Shop</a></header>'
            '<main><h1>Fresh from the meadow</h1><img class="hero" src="/hero.svg" alt="">'
            f'<ul class="goods" id="goods">{goods}</ul>{self._held(cdn)}</main></body></html>'
        )

    def _held(self, cdn: str) -> str:
        body = (PAGES / "gated.js").read_text(encoding="utf-8")
        tags = []
        for number in range(GATED):
            is_inline = number % 2 == 0
            address = "" if is_inline else f' {self.address}="{cdn}/vendor-{number}.js"'
            tag = self.gated.replace("{address}", address)
            tags.append(tag.replace("{body}", body if is_inline else ""))
        return "".join(tags)


def _good(number: int) -> str:
    words = "Picked by hand in the early morning and sent to you the same day, in a box of straw. "
    return f"<li><h2>Basket {number + 1}</h2><p>{words * (1 + number % 3)}</p></li>"


BASELINE = Contestant("baseline")
FLOOR = Contestant(
    "floor",
    head='<script async src="{cdn}/floor.js"></script>',
    banner=(".floor",),
    accept=".floor button >> nth=0",
    files={"/floor.js": PAGES / "floor.js"},
)
OURS = Contestant(
    "ours",
    head=f'<script async src="{{service}}/s/{SITE}.js"></script>',
    banner=("consent-server", "section"),
    accept=f"consent-server section button:text-is('{artifacts().texts['en']['accept']}')",
)
