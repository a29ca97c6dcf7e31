"""R009, R036: what the log holds and the device cannot prove does not stay granted in the log."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL, gated
from tests.browser.web import VENDOR


def _spoil(visitor, token):
    """Let the first answer carry another token, as a proxy or a wrong key would."""

    def answer(route):
        fetched = route.fetch()
        route.fulfill(response=fetched, body=json.dumps({**fetched.json(), "token": token}))

    visitor.page.route("**/consents", answer, times=1)


@pytest.mark.parametrize("token", ["", "garbage", "e30.e30.AAAA", None])
def test_a_grant_that_cannot_be_proven_is_withdrawn_under_its_own_number(token, visitor, site, web):
    _spoil(visitor, token)
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    with visitor.page.expect_response(
        lambda answer: (answer.request.post_data_json or {}).get("action") == "withdraw"
    ):
        visitor.answer("accept").click()

    visitor.expect_said("unproven")
    visitor.expect_not_asked()
    assert (visitor.granted(), web.requests_to(VENDOR)) == (set(), [])
    given, withdrawn = site.records()
    assert (given["event"], withdrawn["event"]) == ("given", "withdrawn")
    assert given["subject"] == withdrawn["subject"]
    assert (withdrawn["previous"], withdrawn["n"]) == (given["record_id"], 2)


def test_the_next_acceptance_belongs_to_the_same_visitor(visitor, site):
    _spoil(visitor, "garbage")
    visitor.open(site.page())
    visitor.answer("accept").click()
    visitor.expect_said("unproven")
    visitor.wait_until_delivered()
    visitor.way_back.click()

    visitor.button(visitor.preferences, "accept").click()

    visitor.expect_said("saved_status")
    records = site.records()
    assert [record["n"] for record in records] == [1, 2, 3]
    assert len({record["subject"] for record in records}) == 1
    assert site.check(visitor.token(), "analytics")["granted"] is True


@pytest.mark.parametrize("hours", [2, 30])
def test_a_device_whose_clock_is_slow_by_hours_can_accept_and_withdraw(hours, visitor, site, web):
    visitor.page.clock.install(time=datetime.now(UTC) - timedelta(hours=hours))
    visitor.open(site.page(gated("analytics", "/a.js", web)))

    visitor.accept_all()
    visitor.wait_until_ran()
    visitor.reload()

    visitor.wait_until_ran()
    visitor.expect_not_asked()
    assert visitor.granted() == set(OPTIONAL)
    assert [record["event"] for record in site.records()] == ["given"]
    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()
    assert visitor.granted() == set()
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]


def test_a_device_whose_clock_is_years_ahead_leaves_no_live_grant_behind(visitor, site):
    visitor.page.clock.install(time=datetime.now(UTC) + timedelta(days=800))
    visitor.open(site.page())

    visitor.answer("accept").click()

    visitor.expect_said("unproven")
    visitor.wait_until_delivered()
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]
    assert visitor.granted() == set()
    expect(visitor.banner).to_have_count(0)
