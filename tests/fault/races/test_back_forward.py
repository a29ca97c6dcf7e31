"""F-44: granted, gone on, withdrawn in another tab, and back to the page that the browser kept."""

import pytest

from tests.browser.service import gated
from tests.fault.races.tabs import granted, wait_until_ready

#: Counts what runs, and how the page came back.
WATCH = """<script>
    window.shows = [];
    addEventListener('pageshow', ({persisted}) => { shows.push(persisted); });
</script>"""
BACK = "void setTimeout(() => history.back())"
REASONS = "performance.getEntriesByType('navigation')[0].notRestoredReasons"
#: Without it no message reaches a page in the browser's memory, as in other browsers.
NO_CHANNEL = "delete window.BroadcastChannel"
#: A page that asks once and keeps the answer.
NAIVE = """<script>
    window.mayCount = false;
    document.addEventListener('consent:changed', ({detail}) => {
        mayCount ||= detail.granted.includes('analytics');
    });
</script>"""


@pytest.fixture
def pages(site, web):
    """Two pages that may be kept, the first with a marked script."""
    kept = {"Cache_Control": "max-age=60"}
    body = WATCH + NAIVE + gated("analytics", "/a.js", web)
    return site.page(body, path="/one", **kept), site.page(path="/two", **kept)


def go_on(tab, address):
    tab.evaluate("window.wasLeft = true")
    tab.evaluate("address => { location.href = address; }", address)
    tab.wait_for_url(address)
    wait_until_ready(tab)


def go_back(tab, address):
    # Not wait_for_url: a page that was kept is not loaded again.
    tab.evaluate(BACK)
    tab.wait_for_function("address => location.href === address && window.shows", arg=address)
    wait_until_ready(tab)
    # Its own mark says whether it is the page that was left: the event may come a moment later.
    is_kept = tab.evaluate("window.wasLeft === true")
    tab.wait_for_function("kept => shows.at(-1) === kept", arg=is_kept, polling=10)
    return is_kept


def a_granted_page_left_behind(visitor, pages):
    one, two = pages
    [tab] = visitor.open(one)
    tab.evaluate("ConsentServer.acceptAll()")
    tab.wait_for_function("(window.ran ?? []).length > 0", polling=10)
    go_on(tab, two)
    return tab


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "not told"])
def test_nothing_runs_on_a_page_that_returns_after_a_withdrawal(is_told, trials, a_visitor, pages):
    name = "F-44 back" if is_told else "F-44 back, without a channel"
    run_of = trials(name, "back to a page from before a withdrawal", 100)
    for number in run_of:
        visitor = a_visitor()
        if not is_told:
            visitor.context.add_init_script(NO_CHANNEL)
        tab = a_granted_page_left_behind(visitor, pages)
        [other] = visitor.open(pages[1])
        if run_of.random.random() < 0.5:
            visitor.context.set_offline(True)
        other.evaluate("void ConsentServer.withdraw()")
        visitor.context.set_offline(False)

        is_kept = go_back(tab, pages[0])

        run_of.counts["restored from memory"] += is_kept
        found = (
            granted(tab),
            tab.evaluate("document.querySelectorAll('script[src$=\"/a.js\"]').length"),
        )
        # A page that the browser kept has run its scripts before; one that is loaded anew has none.
        if found[0] or found[1] > int(is_kept):
            run_of.fail(number, found)
        if not is_told and not is_kept:
            run_of.fail(number, tab.evaluate(REASONS))
        visitor.close()


def test_the_widget_keeps_no_page_out_of_the_browsers_memory(a_visitor, pages):
    """And a page that keeps what it once heard goes on with it: the race can be lost."""
    visitor = a_visitor()
    visitor.context.add_init_script(NO_CHANNEL)
    tab = a_granted_page_left_behind(visitor, pages)
    [other] = visitor.open(pages[1])

    assert go_back(tab, pages[0]) is True
    assert tab.evaluate(REASONS) is None
    assert tab.evaluate("ConsentServer.has('analytics') && mayCount")

    go_on(tab, pages[1])
    other.evaluate("ConsentServer.withdraw()")
    assert go_back(tab, pages[0]) is True
    assert tab.evaluate("[ConsentServer.has('analytics'), mayCount]") == [False, True]


def test_a_page_with_the_channel_is_kept_while_nothing_is_decided(a_visitor, pages):
    tab = a_granted_page_left_behind(a_visitor(), pages)

    assert go_back(tab, pages[0]) is True
    assert granted(tab) == {"functional", "analytics", "marketing"}
