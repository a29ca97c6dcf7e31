"""F-48: whatever a page does, nobody but a person grants, and what can work works."""

import pytest

from tests.browser.hostile.hostile_page import HostilePage, Outcome
from tests.browser.hostile.pages import PAGES

#: Milliseconds in which something that must not happen would have happened.
MOMENT = 150


def _pages(outcome: Outcome) -> pytest.MarkDecorator:
    pages = [page for page in PAGES if page.outcome is outcome]
    return pytest.mark.parametrize("page_", pages, ids=lambda page: page.name.replace(" ", "-"))


def test_the_table_has_forty_pages_and_each_its_own_name():
    names = [page.name for page in PAGES]

    assert len(set(names)) == len(names) >= 40
    assert sum(page.outcome is Outcome.WORKS for page in PAGES) > len(PAGES) / 2


@_pages(Outcome.WORKS)
@pytest.mark.one_row_in(2)
def test_works_by_a_press_and_by_nothing_else(page_, stranger, oracle, odd_site, web):
    stranger.look_at(page_.put(odd_site, web), takes_its_time=page_.takes_its_time)
    stranger.wait(lambda: stranger.sees("accept"), "the question")
    oracle.expect_nothing_granted()

    stranger.press("accept")

    oracle.expect_a_grant(page_)
    oracle.expect_no_error()


@_pages(Outcome.DENIED)
def test_denies_and_says_why(page_, stranger, oracle, odd_site, web):
    stranger.look_at(page_.put(odd_site, web))
    stranger.wait(lambda: stranger.sees("accept"), "the question")
    oracle.expect_nothing_granted()

    stranger.press("accept")

    if page_.says:
        stranger.wait(lambda: f"error {page_.says}" in stranger.said(), page_.says)
    stranger.page.wait_for_timeout(MOMENT)
    oracle.expect_no_grant()
    oracle.expect_no_error()


@_pages(Outcome.UNASKED)
def test_grants_nothing_where_nothing_can_be_asked(page_, stranger, oracle, odd_site, web):
    stranger.look_at(page_.put(odd_site, web))

    if page_.says:
        stranger.wait(lambda: f"error {page_.says}" in stranger.said(), page_.says)
    stranger.page.wait_for_timeout(MOMENT)
    assert not stranger.sees("accept")
    oracle.expect_nothing_granted()
    oracle.expect_no_error()


@_pages(Outcome.FOOLS_ITSELF)
def test_fools_nobody_but_itself(page_, stranger, oracle, odd_site, web):
    stranger.look_at(page_.put(odd_site, web))
    stranger.page.wait_for_timeout(MOMENT)
    oracle.expect_the_log_not_fooled()

    if stranger.sees("reject"):
        stranger.press("reject")
        stranger.page.wait_for_timeout(MOMENT)

    oracle.expect_the_log_not_fooled()
    oracle.expect_no_error()


#: A banner that believes every event and every word, keeps a cookie at once, and throws.
NAIVE = """
let granted = {};
window.ConsentServer = {has: (id) => granted === true, getToken: () => null,
    acceptAll: () => accept()};
const accept = () => {
    granted = true;
    for (const held of document.querySelectorAll('script[data-category][data-src]')) {
        document.body.append(Object.assign(document.createElement('script'),
            {src: held.dataset.src}));
    }
};
addEventListener('DOMContentLoaded', () => {
    const host = document.body.appendChild(document.createElement('consent-server'));
    const button = document.createElement('button');
    Object.assign(button, {textContent: 'Accept all', onclick: accept});
    host.attachShadow({mode: 'open'}).append(button);
});
"""


@pytest.mark.parametrize(
    "name", ["clicks by script", "events made by hand", "our listeners called with made-up events"]
)
def test_a_naive_banner_would_be_noticed(name, stranger, oracle, odd_site, web):
    (attack,) = [page for page in PAGES if page.name == name]
    naive = HostilePage(name, attack.script, instead=NAIVE)

    stranger.look_at(naive.put(odd_site, web), takes_its_time=True)

    with pytest.raises(AssertionError):
        oracle.expect_nothing_granted()


@pytest.mark.parametrize(
    "wrong",
    [
        "document.cookie = 'visitor=1'",
        "localStorage.setItem('visitor', 1)",
        "new Image().src = 'VENDOR/early.gif'",
    ],
)
def test_what_happens_too_early_would_be_noticed(wrong, stranger, oracle, odd_site, web):
    stranger.look_at(HostilePage("early", wrong).put(odd_site, web))

    with pytest.raises(AssertionError):
        oracle.expect_nothing_granted()


def test_an_error_of_a_banner_would_be_noticed(stranger, oracle, odd_site, web):
    stranger.look_at(
        HostilePage("broken", instead="Promise.reject(new Error())").put(odd_site, web)
    )
    stranger.wait(lambda: stranger.errors, "the error")

    with pytest.raises(AssertionError):
        oracle.expect_no_error()


def test_a_page_that_accepts_by_itself_is_recorded_as_what_it_is(stranger, oracle, odd_site, web):
    page = HostilePage("by itself", "(window.ConsentServer ||= []).push((api) => api.acceptAll());")

    stranger.look_at(page.put(odd_site, web))

    stranger.wait(oracle.records, "the record")
    assert oracle.decisions() == [("given", "api", False)]
    with pytest.raises(AssertionError):
        oracle.expect_the_log_not_fooled()
