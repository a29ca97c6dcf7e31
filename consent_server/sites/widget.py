"""The code that a site's pages run: the widget with the styles and signals of this site alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from consent_server.ledger.canonical import digest
from consent_server.sites import theme
from consent_server.sites.profiles import PROFILES

if TYPE_CHECKING:
    from consent_server.sites.document import SiteDocument

#: The first layer's cross, at the end of a line above its title: only where the profile has one.
#: What it does is written on it; the sign itself is not read out.
CROSS = (
    ".cross{justify-self:end;min-height:1.5em;padding:0;border:0;background:none;font-weight:400}"
    '.cross::after{content:" \u00d7";content:" \u00d7"/""}'
)

#: The first line of a script of which all runs at once. Chromium then compiles all of it while it
#: arrives; function by function, half of the start went into that. A comment to everyone else.
#: Source: https://v8.dev/blog/explicit-compile-hints
AT_ONCE = b"//# allFunctionsCalledOnLoad\n"


@dataclass(frozen=True)
class WidgetParts:
    """What this installation ships, as ``widget/build.mjs`` builds it."""

    #: Asks, holds back and remembers: all that runs before there is something to prove.
    first: bytes
    #: Delivers decisions and checks tokens; the first part names it by its digest.
    second: bytes
    #: Layout → style sheet.
    styles: Mapping[str, bytes]
    #: Setting → JavaScript expression.
    signals: Mapping[str, bytes]

    def build_of(self, document: "SiteDocument") -> bytes:
        """Assemble the one file that runs on a site's pages before a choice.

        Only what the site uses travels: one layout's styles, and the signals it switched on. The
        same document and parts always give the same bytes; their digest is the build that records
        name.
        """
        rules = self.styles[document.theme.layout].decode() + theme.style(document.theme)
        if PROFILES[document.profile].has_cross:
            rules += CROSS
        style = orjson.dumps(rules)
        settings = document.as_dict()["signals"]
        used = [name for name, value in settings.items() if value != "off" and name in self.signals]
        # Whoever waits for the event on the data layer is to find what it is about said before.
        used.sort(key=lambda name: (name == "data_layer", name))
        signals = b",".join(b"%b:%b" % (name.encode(), self.signals[name]) for name in used)
        return b"%b!function(CONSENT_STYLE,CONSENT_SIGNALS){%b}(%b,{%b});" % (
            AT_ONCE,
            self.first.rstrip(),
            style,
            signals,
        )

    def digest_for(self, document: "SiteDocument") -> str:
        """Return the name of a site's build, 43 characters."""
        return digest(self.build_of(document))
