"""F-45: however the widget itself comes to the page, marked tags wait for it and run once.

The other half, the ways in which marked tags come, is tests/browser/test_tag_orders.py.
"""

import pytest

from tests.browser.web import SHOP, VENDOR

MARKED = '<script type="text/plain" data-category="analytics" data-src="{at}/{name}.js"></script>'
INSERT = """
    const tag = document.createElement('script');
    tag.src = '{src}';
    document.head.append(tag);
"""
WORKER = """
    addEventListener('install', () => skipWaiting());
    addEventListener('activate', (event) => event.waitUntil(clients.claim()));
    addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
"""
#: How the widget comes → the tag that brings it.
COMES = {
    "written": "<script>document.write(`<script src='{src}'><\\/script>`)</script>",
    "by a tag manager": '<script async src="/manager.js"></script>',
    "by a module": f'<script type="module">{INSERT}</script>',
    "after everything": f"<script>addEventListener('load', () => setTimeout(() => {{{INSERT}}}))"
    "</script>",
    "preloaded": '<link rel="preload" as="script" href="{src}"><script async src="{src}"></script>',
    "twice": '<script async src="{src}"></script><script async src="{src}"></script>',
    "from a fragment": """<script>document.head.append(document.createRange()
        .createContextualFragment(`<script src='{src}'><\\/script>`))</script>""",
    "through a worker": '<script defer src="{src}"></script>',
}
#: Where the marked tags are: before the widget's, after it, or added when all is over.
LATE = """<script>addEventListener('load', () => setTimeout(() => {
    for (const name of ['one', 'two']) {
        const held = document.createElement('script');
        held.type = 'text/plain';
        held.dataset.category = 'analytics';
        held.dataset.src = `{at}/${name}.js`;
        document.body.append(held);
    }
}, 50))</script>"""
TWO = "".join(MARKED.replace("{name}", name) for name in ("one", "two"))
PLACES = {"before": (TWO, ""), "after": ("", TWO), "late": ("", LATE)}
NAIVE = '<script src="{at}/one.js"></script><script src="{at}/two.js"></script>'


def _vendor(web):
    for name in ("one", "two"):
        web.put(VENDOR, f"/{name}.js", f"(window.ran ||= []).push('{name}')", "text/javascript")
    return web.origin(VENDOR)


def _put_a_worker_in_front(visitor, web):
    """Make the visitor one whose pages a service worker has answered for before."""
    web.put(SHOP, "/worker.js", WORKER, "text/javascript")
    visitor.page.goto(web.put(SHOP, "/first", "<title>First</title>"))
    visitor.page.evaluate(
        """async () => {
            await navigator.serviceWorker.register('/worker.js');
            await new Promise((resolve) => navigator.serviceWorker.controller
                ? resolve()
                : navigator.serviceWorker.addEventListener('controllerchange', resolve));
        }"""
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", COMES)
def test_marked_tags_wait_for_the_widget_and_run_once(way, place, visitor, shop, outage, web):
    at = _vendor(web)
    web.put(SHOP, "/manager.js", INSERT.replace("{src}", shop.script), "text/javascript")
    if way == "through a worker":
        _put_a_worker_in_front(visitor, web)
    before, after = (part.replace("{at}", at) for part in PLACES[place])

    tag = COMES[way].replace("{src}", shop.script)

    visitor.open(shop.page("<p>A page</p>", head=before + tag + after))
    visitor.page.wait_for_load_state("networkidle")
    visitor.expect_asked()
    assert (visitor.ran(), web.requests_to(VENDOR)) == ([], [])

    visitor.accept_all()
    visitor.wait_until_ran(2)
    visitor.settle()

    assert visitor.ran() == ["one", "two"]
    # Fetched side by side, run one after the other.
    assert sorted(web.requests_to(VENDOR)) == ["/one.js", "/two.js"]
    assert visitor.page.locator("consent-server").count() == 1
    assert [record["event"] for record in shop.records()] == ["given"]


@pytest.mark.parametrize("place", PLACES)
def test_marked_tags_wait_for_ever_for_a_widget_that_does_not_come(
    place, visitor, shop, outage, web
):
    outage.breaks("refused")
    at = _vendor(web)
    before, after = (part.replace("{at}", at) for part in PLACES[place])

    visitor.start(shop.page_with(before + shop.tag_in("async") + after))
    visitor.wait_for_stage("load")
    visitor.page.wait_for_load_state("networkidle")
    visitor.settle()

    visitor.expect_unharmed(web)


def test_a_widget_as_a_module_denies_everything(visitor, shop, outage, web):
    """A module does not know its own address, so nothing can be proved."""
    module = f'<script type="module" src="{shop.script}"></script>'
    visitor.page.clock.install()
    visitor.open(shop.page_with(module))

    visitor.answer("accept").click()
    visitor.let_pass(30)

    visitor.expect_unharmed(web, keeps=("consent_press",))


def test_tags_that_are_not_marked_do_not_pass(victim, shop, web):
    """Control: a vendor's tag as vendors give it is asked for before any choice."""
    at = _vendor(web)
    victim.open(shop.page("<p>A page</p>", head=NAIVE.replace("{at}", at) + shop.tag_in("async")))

    with pytest.raises(AssertionError):
        assert (victim.ran(), web.requests_to(VENDOR)) == ([], [])
