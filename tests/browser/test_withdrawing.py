"""R036, R038 to R041: the way back is always there, and takes effect at once."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.service import gated
from tests.browser.web import SHOP, VENDOR

HOOKS = """
    <a href="#" data-consent="open">My choices</a>
    <a href="#" data-consent="withdraw">Stop</a>
"""


def test_after_a_choice_the_way_back_is_on_every_page_and_reached_by_tab(visitor, site):
    pages = [site.page("<p>Text</p>", path=f"/page-{number}") for number in range(5)]
    visitor.open(pages[0])
    visitor.reject_all()

    for address in pages:
        visitor.open(address)
        expect(visitor.way_back).to_be_in_viewport(ratio=1)
        visitor.page.keyboard.press("Tab")
        expect(visitor.way_back).to_be_focused()
        visitor.page.keyboard.press("Enter")
        expect(visitor.preferences).to_be_visible()


def test_withdrawing_takes_two_presses_and_asks_for_nothing(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()

    visitor.way_back.click()
    fields = visitor.preferences.locator("input:not([role=switch]), textarea, select").count()
    visitor.button(visitor.preferences, "withdraw").click()

    visitor.expect_said("withdrawn_status")
    expect(visitor.preferences).to_have_count(0)
    assert fields == 0
    assert visitor.granted() == set()
    assert set(visitor.state()["categories"].values()) == {False}


def test_withdrawing_takes_one_press_on_an_element_of_the_page(visitor, site):
    visitor.open(site.page(HOOKS))
    visitor.accept_all()

    with visitor.page.expect_response("**/consents"):
        visitor.page.get_by_role("link", name="Stop").click()

    visitor.expect_not_asked()
    assert visitor.granted() == set()
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]


def test_an_element_of_the_page_opens_the_choices(visitor, site):
    visitor.open(site.page(HOOKS))
    visitor.reject_all()

    visitor.page.get_by_role("link", name="My choices").click()

    expect(visitor.preferences).to_be_visible()


def test_a_withdrawal_is_told_to_the_page_and_to_google_at_once(visitor, a_site):
    site = a_site(signals={"google_consent_mode": "basic"})
    visitor.open(site.page(HOOKS))
    visitor.accept_all()
    told = visitor.page.evaluate(
        """() => {
            let categories;
            const told = ({detail}) => { categories = detail.categories; };
            document.addEventListener('consent:withdrawn', told);
            document.querySelector('[data-consent=withdraw]').click();
            const told_google = [...dataLayer].filter(([name]) => name === 'consent');
            return {categories, google: told_google.at(-1)[2]};
        }"""
    )

    assert sorted(told["categories"]) == ["analytics", "functional", "marketing"]
    assert {told["google"][name] for name in ("ad_storage", "analytics_storage")} == {"denied"}


def test_a_withdrawal_removes_the_frames_that_were_loaded(visitor, site, web):
    frame = f'<iframe data-category="marketing" data-src="{web.origin(VENDOR)}/video"></iframe>'
    visitor.open(site.page(frame))
    visitor.accept_all()
    expect(visitor.page.locator("iframe")).to_have_attribute("src", f"{web.origin(VENDOR)}/video")

    visitor.withdraw()

    expect(visitor.page.locator("iframe")).to_have_count(0)
    expect(visitor.page.locator("consent-placeholder")).to_have_count(1)
    assert len(visitor.page.frames) == 1


PLANT = """() => {
    document.cookie = '_ga=1;path=/';
    document.cookie = '_ga_ABC=1;path=/;domain=shop.localhost';
    document.cookie = '_ga=2;path=/deep/';
    document.cookie = 'basket=full;path=/';
    localStorage.setItem('tracker_id', '1');
    localStorage.setItem('basket', 'full');
    sessionStorage.setItem('tracker_visit', '1');
}"""


@pytest.mark.parametrize("way", ["withdraw", "refuse", "expire"])
def test_what_the_vendor_stored_is_deleted_and_nothing_else(way, visitor, service, site):
    visitor.page.clock.install()
    visitor.open(site.page(path="/deep/page"))
    visitor.accept_all()
    visitor.page.evaluate(PLANT)

    if way == "withdraw":
        visitor.withdraw()
    elif way == "refuse":
        visitor.way_back.click()
        visitor.switch("Analytics").uncheck()
        visitor.save()
        visitor.expect_said("saved_status")
    else:
        visitor.stay_until(datetime.now(UTC) + timedelta(days=367))
        visitor.expect_asked()

    names = set(visitor.cookies()) - {"consent_state", "consent_token"}
    assert names == {"basket"}
    stored = visitor.storage()
    assert "tracker_id" not in stored["local"]
    assert "basket" in stored["local"]
    assert stored["session"] == []


def test_after_a_withdrawal_no_later_page_contacts_the_vendor(visitor, site, web):
    body = gated("analytics", "/a.js", web)
    pages = [site.page(body, path=path) for path in ("/", "/one", "/two", "/three")]
    visitor.open(pages[0])
    visitor.accept_all()
    visitor.wait_until_ran()
    for address in pages[1:]:
        visitor.open(address)
        visitor.wait_until_ran()
    visitor.withdraw()
    visitor.expect_said("withdrawn_status")
    before = len(web.requests_to(VENDOR))

    for address in pages:
        visitor.open(address)
        visitor.expect_not_asked()

    assert before == 4
    assert len(web.requests_to(VENDOR)) == before
    assert all(request.cookies == {} for request in web.seen() if request.host != SHOP)


TELLTALE = """<script type="text/plain" data-category="analytics">
    const tell = (when) => navigator.sendBeacon('{0}/' + when);
    (window.ran ||= []).push('telltale');
    document.addEventListener('consent:withdrawn', () => setTimeout(tell, 0, 'withdrawn'));
    document.addEventListener('consent:withdrawn', () => setTimeout(() => {{
        new Image().src = '{0}/pixel';
        document.head.append(Object.assign(document.createElement('script'), {{src: '{0}/js'}}));
        fetch('/own').catch(() => {{}});
    }}));
    addEventListener('pagehide', () => tell('pagehide'));
</script>"""


@pytest.mark.parametrize("way", ["reload", "continue"])
def test_a_script_that_still_runs_reaches_nobody_until_the_page_is_loaded_anew(
    way, visitor, a_site, web
):
    """Where the page goes on by the site's own will, it does: the control."""
    site = a_site(on_withdrawal=way)
    visitor.open(site.page(TELLTALE.format(web.origin(VENDOR))))
    visitor.accept_all()
    visitor.wait_until_ran()

    page = visitor.page
    with page.expect_navigation() if way == "reload" else page.expect_response("**/own"):
        visitor.withdraw()
    if way == "continue":
        visitor.reload()
    visitor.expect_not_asked()

    visitor.errors = [error for error in visitor.errors if "Content Security Policy" not in error]
    told = {"/withdrawn", "/pixel", "/js", "/pagehide"} if way == "continue" else set()
    assert set(web.requests_to(VENDOR)) == told
    assert "/own" in web.requests_to(SHOP)


def test_a_withdrawn_token_is_worth_nothing_on_the_device_either(visitor, site):
    """Somebody puts the old cookies back: the page runs, the check API knows better."""
    visitor.open(site.page())
    visitor.accept_all()
    old = visitor.token()

    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()

    verdict = site.check(old, "analytics")
    assert (verdict["granted"], verdict["categories"]["analytics"]["reason"]) == (
        False,
        "withdrawn",
    )
    assert verdict["expire_cookies"] == ["_ga", "_ga_*"]
