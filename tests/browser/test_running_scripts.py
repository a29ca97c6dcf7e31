"""Accepting does not freeze the page: it is drawn first, and lives on between the scripts."""

import base64
import hashlib
import threading

import pytest
from werkzeug.wrappers import Response

from tests.browser.web import SHOP, VENDOR

LIVES = """
    <script>
        const note = (what) => (window.ran ||= []).push(what);
        document.addEventListener('consent:changed', () => {
            requestAnimationFrame(() => setTimeout(note, 0, 'drawn'));
        });
    </script>
"""
SCRIPT = """<script type="text/plain" data-category="analytics">
    note('script');
    setTimeout(note, 0, 'page');
</script>"""


def test_the_page_is_drawn_before_the_scripts_and_has_its_turn_between_them(visitor, site):
    visitor.open(site.page(LIVES + 10 * SCRIPT))

    visitor.accept_all()

    visitor.wait_until_ran(21)
    assert visitor.ran() == ["drawn", *(10 * ["script", "page"])]


def test_scripts_run_in_a_page_that_nobody_looks_at(visitor, site):
    """A hidden page is never drawn."""
    visitor.page.add_init_script("window.requestAnimationFrame = () => 0")
    visitor.open(site.page(LIVES + SCRIPT))

    visitor.accept_all()

    visitor.wait_until_ran(2)
    assert visitor.ran() == ["script", "page"]


def test_a_script_that_never_says_that_it_is_done_holds_up_no_other(visitor, site):
    """An old browser's script is not even fetched, and a module without address tells nobody."""
    old = '<script type="text/plain" nomodule data-category="analytics" data-src="/old"></script>'
    module = '<script type="text/plain" data-type="module" data-category="analytics">{}</script>'
    modules = "".join(module.format(f"note('{name}')") for name in ("one", "two"))
    visitor.open(site.page(LIVES + old + modules + SCRIPT))
    took = """new Promise((resolve) => {
        const start = performance.now();
        document.addEventListener('consent:changed', () => {
            const look = () => window.ran?.length > 4 ? resolve(performance.now() - start)
                : setTimeout(look, 10);
            look();
        });
    })"""

    visitor.page.evaluate(f"window.took = {took}; undefined")
    visitor.accept_all()

    assert visitor.page.evaluate("took") < 8_000
    assert sorted(visitor.ran()) == ["drawn", "one", "page", "script", "two"]
    assert visitor.ran().index("one") < visitor.ran().index("two")


@pytest.mark.parametrize("kind", ["classic", "module", "integrity"])
def test_scripts_are_fetched_side_by_side_and_run_one_after_the_other(kind, visitor, site, web):
    """The first is answered when the others were asked for."""
    are_all_there = threading.Barrier(3)
    more = {
        "classic": "",
        "module": 'data-type="module"',
        # Of "note('a')" with a hash that is that of each of them.
        "integrity": 'crossorigin="anonymous" integrity="sha256-{}"',
    }[kind]

    def answer(name):
        def meet():
            try:
                are_all_there.wait(timeout=20)
            except threading.BrokenBarrierError:
                return Response("note('alone')", mimetype="text/javascript")
            return Response(f"note('{name}')", mimetype="text/javascript")

        return meet

    tags = ""
    for name in ("a", "b", "c"):
        at = web.answer(VENDOR, f"/{name}.js", answer(name))
        digest = base64.b64encode(hashlib.sha256(f"note('{name}')".encode()).digest()).decode()
        tags += (
            f'<script type="text/plain" data-category="analytics" data-src="{at}" '
            f"{more.format(digest)}></script>"
        )
    visitor.open(site.page(LIVES + tags))

    visitor.accept_all()

    visitor.wait_until_ran(4)
    assert visitor.ran() == ["drawn", "a", "b", "c"]
    asked = [path for path in web.requests_to(VENDOR) if path.endswith(".js")]
    assert sorted(asked) == ["/a.js", "/b.js", "/c.js"]


def test_a_page_that_trusts_by_hash_sees_no_violation_by_what_is_fetched_ahead(visitor, site, web):
    """Its policy names no host and no nonce: a trusted script may add others."""
    load = (
        "const tag = document.createElement('script');"
        f"tag.src = '{site.script}'; document.head.append(tag)"
    )
    digest = base64.b64encode(hashlib.sha256(load.encode()).digest()).decode()
    listen = """window.violations = [];
        document.addEventListener('securitypolicyviolation', ({blockedURI}) => {
            violations.push(blockedURI);
        });"""
    visitor.page.add_init_script(listen)
    body = f"<script>{load}</script>"
    for name in ("a", "b"):
        web.put(VENDOR, f"/{name}.js", f"(window.ran ||= []).push('{name}')", "text/javascript")
        body += (
            '<script type="text/plain" data-category="analytics" '
            f'data-src="{web.origin(VENDOR)}/{name}.js"></script>'
        )
    policy = f"script-src 'sha256-{digest}' 'strict-dynamic'"
    page = f"<!doctype html><html lang=en><title>Shop</title><h1>A page</h1>{body}</html>"
    visitor.open(web.put(SHOP, "/hashed", page, Content_Security_Policy=policy))

    visitor.accept_all()

    visitor.wait_until_ran(2)
    assert visitor.ran() == ["a", "b"]
    assert visitor.page.evaluate("violations") == []
