"""A site that has its service at an address which can be broken, and the forms of its tag."""

import base64
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from consent_server.embed.shipped import artifacts
from consent_server.ledger.canonical import digest
from tests.browser.service import Site
from tests.fault.outage.answers import Answer
from tests.fault.outage.brave_page import STAGES, body
from tests.fault.outage.outage import Outage

DOCS = Path(__file__).parents[3] / "docs" / "embed.md"
EXAMPLE = "https://consent.example/s/demo.js"


class Shop(Site):
    """One site, and all the ways in which its pages can ask for the widget."""

    def __init__(self, outage: Outage, *args: Any, **changes: Any):
        self.outage = outage
        super().__init__(*args, **changes)

    @property
    def script(self) -> str:
        """Return the address of the one script, as its pages know it."""
        return f"{self.outage.origin}/s/{self.id}.js"

    def published(self) -> dict[str, Any]:
        """Return what the service answers to a pinned widget."""
        address = f"{self.service.origin}/v1/sites/{self.id}/bundle"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return dict(json.load(answer))

    @property
    def second_part(self) -> str:
        """Return the digest by which the first part names the second."""
        return digest(artifacts().widget.second)

    @staticmethod
    def for_pages(script: Answer) -> dict[str, Any]:
        """Return what is published, as the script of a site holds it."""
        _, _, data = script.body.rpartition(b"\n}({")
        return dict(json.loads(b"{" + data.rpartition(b");")[0]))

    def tag_in(self, form: str, origin: str | None = None) -> str:
        """Return the tag in one of its forms.

        :param origin: where the service is; the one that can be broken if left out
        """
        where = origin or self.outage.origin
        address = f"{where}/s/{self.id}.js"
        if form == "pinned":
            build = self.published()["build"]
            digest = base64.b64encode(base64.urlsafe_b64decode(f"{build}=")).decode()
            return (
                f'<script async src="{where}/widget/{build}.js" data-site="{self.id}" '
                f'integrity="sha256-{digest}" crossorigin="anonymous"></script>'
            )
        if form in ("async", "defer", "blocking"):
            attribute = "" if form == "blocking" else form
            return f'<script {attribute} src="{address}"></script>'
        return snippets()[form].replace(EXAMPLE, address).replace("…", "abc")

    def page_with(self, tag: str, extra: str = "", **headers: str) -> str:
        """Put a page on the web that has something to hold back; return its address."""
        return self.page(body(self.web) + extra, head=STAGES + tag, **headers)


def snippets() -> dict[str, str]:
    """Return what docs/embed.md gives to paste for a `load` that waits for nothing."""
    text = DOCS.read_text(encoding="utf-8")
    part = text.partition("\n## How long the page waits\n")[2].partition("\n## ")[0]
    found = re.findall(r"```html\n(.*?)```", part, re.DOTALL)
    return dict(zip(("preloaded", "preloaded by a script"), found, strict=True))


def waiting() -> dict[str, list[str]]:
    """Return what each form holds up, by the table in docs/embed.md."""
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\w[\w ]*) \| (goes on|waits) \| (goes on|waits) \| (goes on|waits) \|",
        text,
        re.MULTILINE,
    )
    return {form: list(cells) for form, *cells in rows}
