"""The demonstration in full: what ``make run`` shows, step by step, on three real servers."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from demo.looks import LOOKS
from tests.browser.consent_page import ConsentPage
from tests.demo.running_demo import RunningDemo, fetch

BOTH_LANGUAGES = {"en": "Halo table lamp", "fr": "Lampe de table Halo"}


class DemoPage(ConsentPage):
    """The shop's page and its panel."""

    def __init__(self, page: Page, demo: RunningDemo):
        super().__init__(page)
        self.demo = demo
        self.shop = f"{demo.origin('DEMO_SHOP_BIND')}/"
        self._before = self.received()

    def card(self, title: str) -> Locator:
        """Return one part of the panel "What happened"."""
        return self.page.get_by_role("region", name=title, exact=True)

    def press(self, name: str) -> None:
        """Press a button of the panel that moves the clock; the page loads again."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()
        self.wait_until_ready()

    def received(self) -> list[str]:
        """Return what the analytics host received from all visitors, in order."""
        answer = fetch(f"{self.demo.origin('DEMO_ANALYTICS_BIND')}/received")
        return [request["what"] for request in json.loads(answer)]

    def expect_received(self, *what: str) -> None:
        """Expect the analytics host to have received exactly this from this visitor."""
        lines = self.card("The analytics host received").get_by_role("listitem")
        expect(lines).to_have_count(len(self._before) + len(what))
        assert sorted(self.received()[len(self._before) :]) == sorted(what)


@pytest.fixture(scope="module")
def shared_demo(tmp_path_factory) -> Iterator[RunningDemo]:
    """One demonstration for the tests that do not look at what came before them."""
    demo = RunningDemo(tmp_path_factory.mktemp("demo"))
    demo.wait_for_address()
    yield demo
    demo.stop()


@pytest.fixture
def shop(page: Page, shared_demo: RunningDemo) -> Iterator[DemoPage]:
    """A new visitor of a shop that has seen others; the clock shows the real time."""
    fetch(f"{shared_demo.origin('DEMO_SHOP_BIND')}/demo/clock", post={"step": "now"})
    opened = DemoPage(page, shared_demo)
    yield opened
    assert opened.errors == []


@pytest.fixture
def first_visit(page: Page, tmp_path) -> Iterator[DemoPage]:
    """The first visitor of a shop that was just started."""
    demo = RunningDemo(tmp_path / "var")
    demo.wait_for_address()
    opened = DemoPage(page, demo)
    yield opened
    demo.stop()
    assert opened.errors == []


def test_a_first_visitor_is_asked_and_the_analytics_host_hears_nothing(first_visit):
    first_visit.open(first_visit.shop)

    first_visit.expect_asked()
    accept, reject = (first_visit.answer(slot).bounding_box() for slot in ("accept", "reject"))
    assert accept["width"] == pytest.approx(reject["width"], abs=1)
    expect(first_visit.button(first_visit.banner, "choose")).to_be_visible()
    expect(first_visit.card("The analytics host received")).to_contain_text("Nothing so far.")
    expect(first_visit.card("On this device")).to_contain_text("Nothing is stored.")
    expect(first_visit.card("Record")).to_contain_text("No decision yet.")
    assert first_visit.received() == []
    assert first_visit.cookies() == {}


def test_analytics_alone_runs_analytics_alone_now_and_on_the_next_visit(shop):
    shop.open(shop.shop)

    shop.allow("Analytics")

    shop.expect_received("script", "hit")
    expect(shop.page.locator("consent-placeholder")).to_be_visible()
    expect(shop.page.locator("iframe")).to_have_count(0)
    expect(shop.page.locator("#delivery")).to_have_text("Delivered in two to three days.")
    assert {"demo_visitor", "consent_state", "consent_token"} == set(shop.cookies())
    record = shop.card("Record")
    expect(record).to_contain_text("partial")
    expect(record.get_by_role("row", name=re.compile("^analytics granted"))).to_be_visible()
    expect(record.get_by_role("row", name=re.compile("^marketing not granted"))).to_be_visible()
    expect(shop.card("Consent token")).to_contain_text('"alg": "EdDSA"')
    expect(shop.card("Consent token")).to_contain_text('"aud": "demo"')
    check = shop.card("The shop’s server asks the check API")
    expect(check).to_contain_text("granted: true, reason: granted")

    shop.reload()

    shop.expect_not_asked()
    shop.expect_received("script", "hit", "script", "hit")


def test_after_twelve_months_the_question_is_back_and_nothing_runs_meanwhile(shop):
    shop.open(shop.shop)
    shop.allow("Analytics")
    shop.expect_received("script", "hit")

    shop.press("+12 months")

    shop.expect_asked()
    expect(shop.card("Clock")).to_contain_text("ahead of the real time")
    expect(shop.card("Newest records of the log")).to_contain_text("expired")
    check = shop.card("The shop’s server asks the check API")
    expect(check).to_contain_text("granted: false, reason: expired")
    shop.expect_received("script", "hit")
    assert "demo_visitor" not in shop.cookies()


def test_after_a_withdrawal_the_cookies_are_gone_and_an_old_token_is_refused(shop):
    shop.open(shop.shop)
    shop.accept_all()
    shop.page.locator("iframe").wait_for()
    expect(shop.page.locator("#delivery")).to_contain_text("the day after tomorrow")
    old = shop.card("Replay an old token")
    expect(old.get_by_role("listitem").first).to_contain_text(shop.claims()["jti"])
    assert "demo_visitor" in shop.cookies()

    # The page is loaded anew: what ran on it can be stopped in no other way.
    with shop.page.expect_navigation():
        shop.page.get_by_role("link", name="Withdraw consent").click()
        shop.expect_said("withdrawn_status")

    check = shop.card("The shop’s server asks the check API")
    expect(check).to_contain_text("granted: false, reason: withdrawn")
    old.get_by_role("button", name="Check it").first.click()
    expect(old).to_contain_text("granted: false, reason: withdrawn")
    expect(shop.card("Record")).to_contain_text("withdrawn")
    assert set(shop.cookies()) == {"consent_state", "consent_token"}
    assert shop.page.evaluate("Object.keys(localStorage)") == []
    expect(shop.page.locator("iframe")).to_have_count(0)
    shop.reload()
    shop.expect_not_asked()
    shop.expect_received("script", "hit", "video")


def test_a_refusal_shows_a_record_of_nobody_and_no_token(shop):
    shop.open(shop.shop)

    shop.reject_all()

    expect(shop.card("Record")).to_contain_text("A refusal carries no identifier")
    expect(shop.card("Record")).to_contain_text("refused")
    expect(shop.card("Consent token")).to_contain_text("This page holds no token.")
    shop.reload()
    shop.expect_not_asked()
    shop.expect_received()


def test_back_to_now_begins_anew(shop):
    shop.open(shop.shop)
    shop.press("+6 months")
    shop.press("+1 day")
    shop.accept_all()

    shop.press("Back to now")

    shop.expect_asked()
    expect(shop.card("Clock")).to_contain_text("the real time")
    shop.accept_all()
    assert shop.granted() == {"functional", "analytics", "marketing"}


@pytest.mark.parametrize("language", BOTH_LANGUAGES)
def test_page_and_question_speak_the_same_language(language, shop):
    shop.speaks(language)

    shop.open(f"{shop.shop}?lang={language}")

    expect(shop.page.get_by_role("heading", level=1)).to_have_text(BOTH_LANGUAGES[language])
    expect(shop.banner.get_by_role("heading")).to_have_text(shop.texts["title"])
    expect(shop.page.get_by_role("complementary").get_by_role("region")).to_have_count(8)


def test_the_panel_says_so_when_the_service_is_gone(shop):
    """And the shop goes on selling."""
    service = shop.demo.origin("CONSENT_BIND")
    shop.page.route(f"{service}/**", lambda route: route.abort())
    shop.page.route("**/demo/happened", lambda route: route.fulfill(status=502, json={}))

    shop.page.goto(shop.shop)

    expect(shop.page.get_by_text("The consent service does not answer.")).to_be_visible()
    shop.page.get_by_role("button", name="Add to basket").click()
    expect(shop.page.get_by_text("Basket (1)")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_shop_fits_every_screen(width, shop):
    shop.page.set_viewport_size({"width": width, "height": 800})

    shop.open(shop.shop)
    shop.accept_all()
    expect(shop.card("Consent token")).to_contain_text('"aud": "demo"')

    wide = shop.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


@pytest.mark.one_row_in(6)
@pytest.mark.parametrize("look", LOOKS)
def test_every_look_can_be_looked_at_in_two_directions(look, shop):
    for language in ("en", "ar"):
        shop.speaks(language)
        shop.open(f"{shop.shop}looks/{look}?lang={language}")

        shop.expect_asked()
        direction = shop.page.evaluate("document.documentElement.dir")
        assert direction == ("rtl" if language == "ar" else "ltr")
        shop.choose()
        shop.button(shop.preferences, "close").click()
