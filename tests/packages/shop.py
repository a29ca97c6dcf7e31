"""A shop whose pages carry the vendors' scripts, held back or not."""

from itertools import count
from typing import Any

from tests.browser.service import Service, Site
from tests.browser.web import SHOP, Web
from tests.packages.catalogue import SERVICES, VENDORS

HELD = (
    '<script type="text/plain" data-category="analytics" data-service="{0}" '
    'data-src="/vendors/{0}.js"></script>'
)
LOOSE = '<script src="/vendors/{0}.js"></script>'


class PackageShop:
    """The site, and its pages. Each visit has an address of its own, which all requests name."""

    def __init__(self, service: Service, web: Web, bundles: dict[str, str], **changes: Any):
        self.site = Site(service, web, services=[*SERVICES.values()], **changes)
        self._web = web
        self._visits = count(1)
        self._head = self.site.tag
        self.body = "".join(map(HELD.format, VENDORS))
        for name, script in bundles.items():
            web.put(SHOP, f"/vendors/{name}.js", script, "text/javascript")

    def let_loose(self, vendor: str, before: str = "") -> None:
        """Put one vendor on the pages without holding it back; ``before`` it runs a script."""
        self.body = f"<script>{before}</script>{LOOSE.format(vendor)}"
        # The first call of a signal is to be the first that the vendor hears.
        self._head = self.site.tag.replace(" async", "")

    def page(self, name: str) -> str:
        """Return the address of a page for one visit."""
        address = self.site.page(
            self.body, path=f"/{name}", head=self._head, Referrer_Policy="unsafe-url"
        )
        return f"{address}?visit={next(self._visits)}"
