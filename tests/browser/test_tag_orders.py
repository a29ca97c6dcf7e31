"""F-45: wherever the tags come from, nothing is fetched before the grant, all run once after."""

import pytest

from tests.browser.web import SHOP, VENDOR

#: The widget's tag: last in the head, at the end of the body, or fetched whenever.
TAGS = {
    "blocking": '<script src="{}"></script>',
    "defer": '<script defer src="{}"></script>',
    "async": '<script async src="{}"></script>',
}
MARKED = '<script type="text/plain" data-category="analytics" data-src="{at}/{name}.js"></script>'
ADD = """
    for (const name of ['one', 'two']) {{
        const script = document.createElement('script');
        script.type = 'text/plain';
        script.dataset.category = 'analytics';
        script.dataset.src = `{at}/${{name}}.js`;
        document.head.append(script);
    }}
"""
TWO = "".join(MARKED.replace("{name}", name) for name in ("one", "two"))
WRITE = "".join(MARKED.replace("{name}", name).replace("</", "<\\/") for name in ("one", "two"))
#: Where the marked tags come from → (before the widget's tag, after it).
WAYS = {
    "before": (TWO, ""),
    "after": ("", TWO),
    "later": (
        "",
        f"<script>addEventListener('load', () => setTimeout(() => {{{{{ADD}}}}}))</script>",
    ),
    "tag-manager": ("", '<script async src="/manager.js"></script>'),
    "written": (f"<script>document.write(`{WRITE}`)</script>", ""),
    "module": ("", f'<script type="module">{ADD}</script>'),
    "preload": (
        '<link rel="preload" as="script" data-category="analytics" data-href="{at}/one.js">',
        TWO,
    ),
    "worker": (
        "<script>navigator.serviceWorker.register('/worker.js')</script>",
        TWO,
    ),
}
WORKER = """
    addEventListener('install', () => skipWaiting());
    addEventListener('activate', (event) => event.waitUntil(clients.claim()));
    addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
"""


@pytest.mark.one_row_in(6)
@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("way", WAYS)
def test_marked_tags_wait_and_run_once_in_every_order(way, tag, visitor, a_site, web):
    site = a_site(on_withdrawal="continue")
    at = web.origin(VENDOR)
    for name in ("one", "two"):
        note = f"(window.ran ||= []).push('{name}')"
        web.put(VENDOR, f"/{name}.js", note, "text/javascript")
    web.put(SHOP, "/manager.js", ADD.format(at=at), "text/javascript")
    web.put(SHOP, "/worker.js", WORKER, "text/javascript")
    before, after = (part.format(at=at) for part in WAYS[way])
    head = before + TAGS[tag].format(site.script) + after

    visitor.open(site.page(head=head))
    visitor.page.wait_for_load_state("networkidle")
    assert (visitor.ran(), web.requests_to(VENDOR)) == ([], [])

    visitor.accept_all()
    visitor.wait_until_ran(2)
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    assert visitor.ran() == ["one", "two"]
