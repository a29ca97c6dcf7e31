"""F-46: a visitor's blocker takes away a piece of the widget. The page works, and nothing loops."""

import pytest

from tests.browser.web import SHOP
from tests.fault.outage.outage import OWN_PATH

#: What is aborted on its way, as by a filter list.
BLOCKED = {"script": "**/s/*.js", "second part": "**/widget/*.js", "API": "**/v1/**"}
NO_STYLE_SHEETS = "delete window.CSSStyleSheet"
#: What a list hides with a style of the browser's own: the widget cannot undo it.
HIDDEN = """
    new MutationObserver(() => {
        for (const host of document.querySelectorAll('consent-server')) {
            if (host.parentNode.localName !== 'aside') {
                const cover = document.createElement('aside');
                cover.style.setProperty('display', 'none', 'important');
                host.replaceWith(cover);
                cover.append(host);
            }
        }
    }).observe(document, {childList: true, subtree: true});
"""
REMOVED = """
    window.removed = 0;
    new MutationObserver(() => {
        for (const host of document.querySelectorAll('consent-server')) {
            host.remove();
            window.removed += 1;
        }
    }).observe(document, {childList: true, subtree: true});
"""
NO_COOKIES = """
    Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set() {}});
"""
CHANGED = {
    "style sheets": NO_STYLE_SHEETS,
    "hidden": HIDDEN,
    "removed": REMOVED,
    "cookies": NO_COOKIES,
}
#: What is left on the device when the visitor has refused, and what is in the log.
LEFT = {
    "script": (set(), []),
    "second part": ({"consent_state", "consent_press"}, []),
    "API": ({"consent_state", "consent_queue"}, []),
    "style sheets": (set(), []),
    "hidden": ({"consent_state"}, ["refused"]),
    "removed": ({"consent_state"}, ["refused"]),
    "cookies": (set(), ["refused"]),
}
#: In an hour of trying again in vain: more than three tries a minute would be a loop.
MOST_REQUESTS = 180
#: What a refusal that gets through needs: the second part and its delivery; at its own host the
#: same once more, so that the answer may set the cookie.
#: And some more: the injected hour may give up a request that is on its way on a busy machine.
OF_A_REFUSAL = 12
#: At one fixed short pause it would be tens of thousands.
MOST_RETURNS = 1000
REFUSE = "() => { window.ConsentServer?.push?.((api) => void api.rejectAll()) }"
PRIVACY = '<button data-consent="open">Privacy choices</button>'


def _block(visitor, what):
    visitor.page.clock.install()
    if what in BLOCKED:
        visitor.page.route(BLOCKED[what], lambda route: route.abort("blockedbyclient"))
    else:
        visitor.page.add_init_script(CHANGED[what])


def _count_requests(visitor):
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    return asked


def _an_hour_later(visitor):
    for _ in range(120):
        visitor.page.clock.run_for(30_000)
        visitor.wait_for_answers()


@pytest.fixture(params=["another host", "its own host"])
def address(request, a_shop, outage):
    """The page of a shop that has its service there."""
    if request.param == "another host":
        shop = a_shop()
        return shop, shop.page_with(shop.tag_in("async"), PRIVACY)
    own = outage.own_host(SHOP)
    shop = a_shop(origins=[own])
    page = shop.page_with(f'<script async src="{OWN_PATH}/s/{shop.id}.js"></script>', PRIVACY)
    return shop, own + page.removeprefix(shop.web.origin(SHOP))


@pytest.mark.parametrize("what", LEFT)
def test_a_blocker_costs_the_visitor_nothing_but_the_question(what, visitor, address, web):
    shop, page = address
    _block(visitor, what)
    visitor.start(page)
    visitor.wait_for_stage("load")
    visitor.wait_for_answers()
    visitor.expect_unharmed(web)

    visitor.page.get_by_role("button", name="Privacy choices").click()
    visitor.page.keyboard.press("Escape")
    visitor.page.evaluate(REFUSE)
    visitor.wait_for_answers()
    asked = _count_requests(visitor)
    _an_hour_later(visitor)

    left, events = LEFT[what]
    if what == "cookies" and not page.startswith(shop.web.origin(SHOP)):
        # What scripts may not write, the site's own host still sets.
        left = {"consent_state"}
    visitor.expect_unharmed(web, keeps=tuple(left))
    assert visitor.stored() == left
    assert [record["event"] for record in shop.records()] == events
    assert len(asked) <= (MOST_REQUESTS if events == [] else OF_A_REFUSAL), asked[:5]
    assert visitor.page.evaluate("window.removed ?? 0") <= MOST_RETURNS


@pytest.mark.parametrize("what", ["API", "second part"])
def test_what_was_refused_behind_a_blocker_is_delivered_when_it_is_gone(what, visitor, shop, web):
    _block(visitor, what)
    visitor.open(shop.page_with(shop.tag_in("async")))
    visitor.reject_all()
    visitor.let_pass(60)

    visitor.page.unroute(BLOCKED[what])

    visitor.let_pass(60, until=shop.records)
    assert [record["event"] for record in shop.records()] == ["refused"]


NAIVE_LOOPS = {
    "API": """<script>
        (function ask() { fetch('{origin}/v1/naive').catch(() => setTimeout(ask, 1000)) })()
        </script>""",
    "removed": """<script>(function show() {
            document.querySelector('consent-server')
                || document.documentElement.append(document.createElement('consent-server'));
            setTimeout(show, 100);
        })()</script>""",
}


@pytest.mark.parametrize("what", NAIVE_LOOPS)
def test_a_naive_banner_does_not_pass_for_a_quiet_one(what, victim, shop, outage):
    """Control: what tries again at a fixed short pause is counted as the loop it is."""
    _block(victim, what)
    victim.start(shop.page_with(NAIVE_LOOPS[what].replace("{origin}", outage.origin)))
    victim.wait_for_stage("load")
    asked = _count_requests(victim)

    for _ in range(200):
        victim.page.clock.run_for(5_000 if what == "removed" else 1_000)
        victim.wait_for_answers()
        if len(asked) > MOST_REQUESTS or victim.page.evaluate(f"window.removed > {MOST_RETURNS}"):
            return
    raise AssertionError("the loop was not counted")
