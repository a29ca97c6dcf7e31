"""R006: of the device the widget reads what docs/embed.md lists, and nothing else.

:source: EDPB Guidelines 2/2023, 53: reading what a device holds is access, whatever it is for
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL, gated

ROOT = Path(__file__).parents[4]
RECORDER = (Path(__file__).parent / "recorder.js").read_text(encoding="utf-8")
#: What a fingerprint is made of, and one way to read it.
FINGERPRINTS = {
    "screen.width": "screen.width",
    "navigator.userAgent": "navigator.userAgent",
    "navigator.hardwareConcurrency": "navigator.hardwareConcurrency",
    "devicePixelRatio": "devicePixelRatio",
    "date.getTimezoneOffset": "new Date().getTimezoneOffset()",
    "dateTimeFormat.resolvedOptions": "Intl.DateTimeFormat().resolvedOptions()",
    "hTMLCanvasElement.toDataURL": "document.createElement('canvas').toDataURL()",
    "hTMLCanvasElement.getContext": "document.createElement('canvas').getContext('webgl')",
    "OfflineAudioContext": "new OfflineAudioContext(1, 44100, 44100)",
    "fontFaceSet.check": "document.fonts.check('12px Arial')",
    "matchMedia": "matchMedia('(prefers-color-scheme: dark)')",
    "document.referrer": "document.referrer",
    "performance.now": "performance.now()",
}


def _listed():
    text = (ROOT / "docs" / "embed.md").read_text(encoding="utf-8")
    table = text.partition("## What it reads of the device")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE))


def test_what_is_read_in_a_whole_visit_is_what_the_docs_list(visitor, site, web):
    visitor.page.add_init_script(RECORDER)
    address = site.page(gated("analytics", "/a.js", web) + '<a href="#x" id="x">x</a>')
    read = set()

    visitor.open(address)
    visitor.choose()
    visitor.preferences.get_by_text("1 service").click()
    visitor.page.keyboard.press("Escape")
    visitor.page.locator("#x").focus()
    visitor.accept_all()
    visitor.wait_until_ran()
    assert visitor.granted() == set(OPTIONAL)
    read.update(visitor.page.evaluate("__read"))
    visitor.reload()
    visitor.wait_until_ran()
    read.update(visitor.page.evaluate("__read"))
    visitor.way_back.click()
    with visitor.page.expect_navigation():
        visitor.button(visitor.preferences, "withdraw").click()
    visitor.wait_until_ready()
    expect(visitor.way_back).to_be_visible()
    read.update(visitor.page.evaluate("__read"))

    assert read == _listed()


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_a_fingerprint_would_be_noticed(name, visitor, site):
    visitor.page.add_init_script(RECORDER)
    visitor.open(site.page(f"<script>{FINGERPRINTS[name]}</script>"))

    read = set(visitor.page.evaluate("__read"))

    assert name in read - _listed()
