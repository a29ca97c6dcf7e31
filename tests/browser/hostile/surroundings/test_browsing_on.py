"""R020: scrolling, swiping, following links, waiting and prerendering never are consent.

:source: EDPB Guidelines 05/2020, 86; CJEU C-673/17 (Planet49): consent is an active act
"""

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from tests.browser.service import gated
from tests.browser.web import SHOP, VENDOR
from tests.machine import chromium

LONG = '<p style="height: 4000px">Long</p><button id="more">More</button>'
#: Upwards, by a finger.
SWIPE = [
    ("touchStart", [{"x": 500, "y": 300}]),
    ("touchMove", [{"x": 500, "y": 200}]),
    ("touchMove", [{"x": 500, "y": 100}]),
    ("touchEnd", []),
]
#: A banner that takes every sign of life for consent.
NAIVE = """<script>
for (const sign of ['scroll', 'wheel', 'touchmove', 'click', 'keydown']) {
    addEventListener(sign, () => fetch(`VENDOR/${sign}`), {once: true});
}
setTimeout(() => fetch('VENDOR/waiting'), 30_000);
</script>"""


def _three_pages(site, web, head=None):
    held_back = gated("analytics", "/a.js", web) + gated("marketing", "/m.js", web)
    paths = ["/one", "/two", "/three"]
    for path, following in zip(paths, [*paths[1:], "/one"], strict=True):
        body = f'{held_back}<a href="{following}">On</a>{LONG}'
        first = site.page(body, path=path, head=head)
    return first.replace("/three", "/one")


def _live(visitor):
    """Everything that a person does without choosing anything, for a minute on each page."""
    page = visitor.page
    page.mouse.move(500, 200)
    page.mouse.wheel(0, 1200)
    page.keyboard.press("PageDown")
    page.keyboard.press("Escape")
    page.mouse.click(500, 100)
    browser = page.context.new_cdp_session(page)
    for kind, points in SWIPE:
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    browser.detach()
    page.evaluate("document.querySelector('#more').click()")
    page.clock.run_for(61_000)
    page.evaluate("scrollTo(0, 0)")


def test_a_visitor_who_only_browses_has_consented_to_nothing(visitor, site, web):
    visitor.page.clock.install()
    visitor.open(_three_pages(site, web))

    for following in ("two", "three", "one"):
        visitor.expect_asked()
        _live(visitor)
        visitor.page.get_by_role("link", name="On").click()
        visitor.page.wait_for_url(f"**/{following}")
        visitor.wait_until_ready()

    visitor.expect_asked()
    assert (visitor.granted(), visitor.cookies()) == (set(), {})
    assert all(names == [] for names in visitor.storage().values())
    assert (web.requests_to(VENDOR), site.records()) == ([], [])


def test_a_banner_that_takes_browsing_for_consent_would_be_noticed(visitor, site, web):
    visitor.page.clock.install()
    naive = NAIVE.replace("VENDOR", web.origin(VENDOR))
    visitor.page.goto(_three_pages(site, web, head=naive))

    _live(visitor)

    signs = {"/scroll", "/wheel", "/touchmove", "/click", "/keydown", "/waiting"}
    for _ in range(100):
        if signs <= set(web.requests_to(VENDOR)):
            break
        visitor.page.wait_for_timeout(20)
    assert set(web.requests_to(VENDOR)) == signs


@contextlib.contextmanager
def _browser_without_a_driver(address, folder):
    """Open a page in a Chromium of its own: one that is driven never prerenders."""
    command = [str(chromium.find()), *chromium.flags(), "--headless=new", "--no-first-run"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # In a group of its own: what was started may be a script that starts the browser.
    process = subprocess.Popen(
        [*command, f"--user-data-dir={folder}", address], start_new_session=True, **quiet
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.mark.parametrize("is_ours", [True, False], ids=["ours", "naive"])
def test_a_page_that_is_only_prerendered_loads_nothing(is_ours, site, web, tmp_path):
    tell = f"<script>fetch('{web.origin(SHOP)}/told/' + document.prerendering)</script>"
    naive = f"<script>fetch('{web.origin(VENDOR)}/a.js')</script>"
    site.page(
        tell + gated("analytics", "/a.js", web), path="/ahead", head=None if is_ours else naive
    )
    ahead = [{"source": "list", "urls": ["/ahead"], "eagerness": "immediate"}]
    rules = json.dumps({"prerender": ahead})
    first = site.page(f'<script type="speculationrules">{rules}</script>', head="")
    awaited = {"/told/true"} if is_ours else {"/told/true", "/a.js"}

    with _browser_without_a_driver(first, tmp_path):
        end = time.monotonic() + 30
        while not awaited <= {seen.path for seen in web.seen()}:
            assert time.monotonic() < end, web.seen()
            time.sleep(0.05)
        time.sleep(0.3)

    assert "/told/false" not in web.requests_to(SHOP)
    assert (web.requests_to(VENDOR) == []) is is_ours
    assert site.records() == []
