"""A year in Safari: how often the banner is shown, with what a real browser was given to keep.

The browser makes one choice with the script on another host, and one with the service under a path
of the site's own host. Safari's rules (tests/first_party/safari.py) are then applied to a year of
visits; a visit with the choice in the jar writes nothing, as the browser shows.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.web import SHOP
from tests.first_party.safari import ANSWER_DAYS, SCRIPT_DAYS, Jar, banners

VISITORS = {"daily": 1, "weekly": 7, "monthly": 30}


@pytest.fixture
def choose(new_visitor):
    """Make a choice on a page of a site; gives what the browser was given to keep."""

    def choose(site, answer):
        visitor, device = new_visitor()
        visitor.open(site.page())
        getattr(visitor, f"{answer}_all")()
        device.settle()
        given = device.given()
        visitor.reload()
        visitor.expect_not_asked()
        assert device.given() == []
        return given

    return choose


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_the_banner_is_shown_once_a_year_on_the_sites_own_host(
    site, shop, choose, answer, record_property, capsys
):
    by_script, by_answer = choose(site, answer), choose(shop, answer)
    deployments = {
        "script from another host": (by_script, ANSWER_DAYS),
        "host that is a CNAME": (by_answer, SCRIPT_DAYS),
        "host in another network": (by_answer, SCRIPT_DAYS),
        "path of the site's own host": (by_answer, ANSWER_DAYS),
    }

    counted = {
        name: {who: banners(given, every, days) for who, every in VISITORS.items()}
        for name, (given, days) in deployments.items()
    }

    with capsys.disabled():
        print(f"\n  banners in 365 days of Safari after {answer}:")
        for name, counts in counted.items():
            print(f"    {name:<28} {counts}")
    record_property("banners", counted)
    assert counted["script from another host"] == {"daily": 53, "weekly": 53, "monthly": 13}
    assert counted["path of the site's own host"] == dict.fromkeys(VISITORS, 1)
    assert counted["host that is a CNAME"] == counted["script from another host"]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize(
    ("answer", "days", "asks_by_script", "asks_on_own_host"),
    [
        ("reject", 6, False, False),
        ("reject", 8, True, False),
        ("reject", 367, True, True),
        ("accept", 364, True, False),
    ],
)
def test_a_visitor_comes_back_after_some_days(
    request, new_visitor, service, choose, answer, days, asks_by_script, asks_on_own_host
):
    for name, is_asked in {"site": asks_by_script, "shop": asks_on_own_host}.items():
        site = request.getfixturevalue(name)
        given = choose(site, answer)
        jar = Jar()
        jar.take(given, given[0].at)
        later = datetime.now(UTC) + timedelta(days=days)
        visitor, device = new_visitor()
        origin = site.front.origin(SHOP) if name == "shop" else site.web.origin(SHOP)
        device.context.add_cookies(
            [{"name": key, "value": value, "url": origin} for key, value in jar.at(later).items()]
        )
        visitor.page.clock.install(time=later)
        visitor.open(site.page())

        if is_asked:
            visitor.expect_asked()
        else:
            visitor.expect_not_asked()


def test_a_grant_that_is_still_being_kept_does_not_outlive_its_withdrawal(new_visitor, shop):
    visitor, device = new_visitor()
    visitor.open(shop.page())

    visitor.accept_all()
    visitor.page.evaluate("ConsentServer.withdraw()")
    device.settle()

    assert set(visitor.state()["categories"].values()) == {False}
    visitor.reload()
    assert visitor.granted() == set()


def test_no_visit_moves_an_end(new_visitor, shop):
    visitor, device = new_visitor()
    visitor.open(shop.page())
    visitor.accept_all()
    device.settle()
    ends = {name: cookie["expires"] for name, cookie in device.cookies().items()}

    for _ in range(10):
        visitor.reload()
        device.settle()

    assert {name: cookie["expires"] for name, cookie in device.cookies().items()} == ends
