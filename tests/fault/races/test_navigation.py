"""Pages that change without being loaded, and pages that were loaded before they were visited."""

from tests.browser.service import gated
from tests.browser.web import VENDOR
from tests.fault.races.tabs import granted, wait_until_ready

ADD = """([view, html]) => {
    history.pushState(null, '', view);
    const held = document.createRange().createContextualFragment(html);
    document.body.replaceChildren(held);
}"""
RAN = "(window.ran ?? []).join()"


def go_to_view(tab, view, html):
    """Change the page as an application of one page does: all of its content is new."""
    tab.evaluate(ADD, [view, html])


def test_each_view_of_one_page_asks_what_holds_now(a_visitor, web, site):
    site.publish(on_withdrawal="continue")
    address = site.page()
    visitor = a_visitor()
    tab, other = visitor.open(address, 2)
    go_to_view(tab, "/before", gated("analytics", "/before.js", web))
    tab.evaluate("ConsentServer.acceptAll()")
    tab.wait_for_function(f"{RAN} === 'before'")
    go_to_view(tab, "/during", gated("analytics", "/during.js", web))
    tab.wait_for_function(f"{RAN} === 'before,during'")

    other.evaluate("ConsentServer.withdraw()")
    tab.wait_for_function("!ConsentServer.has('analytics')")
    go_to_view(
        tab, "/after", gated("analytics", "/after.js", web) + gated("!analytics", "/no.js", web)
    )
    tab.wait_for_function(f"{RAN} === 'before,during,no'")

    assert granted(tab) == set()
    assert "/after.js" not in web.requests_to(VENDOR)


#: A browser under a driver renders nothing ahead, so the page is told that it is.
AHEAD = """
    let isAhead = location.pathname === '/two';
    Object.defineProperty(document, 'prerendering', {get: () => isAhead});
    window.activate = () => {
        isAhead = false;
        document.dispatchEvent(new Event('prerenderingchange'));
    };
"""


def test_a_page_rendered_ahead_of_a_withdrawal_runs_nothing(a_visitor, web, site):
    held = gated("analytics", "/a.js", web) + gated("!analytics", "/no.js", web)
    visitor = a_visitor()
    visitor.context.add_init_script(AHEAD)
    [tab] = visitor.open(site.page(path="/one"))
    tab.evaluate("ConsentServer.acceptAll()")
    ahead = visitor.context.new_page()
    ahead.goto(site.page(held, path="/two"))
    ahead.wait_for_function("window.ConsentServer && !Array.isArray(ConsentServer)")

    tab.evaluate("ConsentServer.withdraw()")
    before = web.requests_to(VENDOR)
    ahead.evaluate("activate()")
    wait_until_ready(ahead)
    ahead.wait_for_function(f"{RAN} === 'no'")

    assert before == []
    assert granted(ahead) == set()
    assert web.requests_to(VENDOR) == ["/no.js"]


def test_a_page_rendered_ahead_of_a_grant_runs_what_is_granted(a_visitor, web, site):
    visitor = a_visitor()
    visitor.context.add_init_script(AHEAD)
    [tab] = visitor.open(site.page(path="/one"))
    ahead = visitor.context.new_page()
    ahead.goto(site.page(gated("analytics", "/a.js", web), path="/two"))

    tab.evaluate("ConsentServer.acceptAll()")
    before = web.requests_to(VENDOR)
    ahead.evaluate("activate()")

    ahead.wait_for_function(f"{RAN} === 'a'")
    assert before == []
