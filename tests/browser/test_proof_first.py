"""R009, R044: a grant waits for its proof, a refusal and a withdrawal wait for nothing."""

import re

from tests.browser.service import gated
from tests.browser.web import VENDOR

CONSENTS = re.compile(r"/consents$")


def test_a_grant_without_proof_runs_nothing_until_the_proof_is_there(visitor, site, web):
    visitor.page.clock.install()
    visitor.page.route(CONSENTS, lambda route: route.abort())
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.answer("accept").click()
    visitor.expect_said("offline_retry")
    while_blocked = visitor.granted(), web.requests_to(VENDOR), "consent_token" in visitor.cookies()

    visitor.page.unroute(CONSENTS)
    visitor.page.clock.run_for(5_000)

    visitor.wait_until_ran()
    visitor.expect_said("saved_status")
    visitor.page.clock.run_for(60_000)
    assert while_blocked == (set(), [], False)
    assert visitor.ran() == ["a"]
    assert [record["event"] for record in site.records()] == ["given"]


def test_a_grant_that_was_recorded_but_not_answered_is_recorded_once(visitor, site, web):
    def lose_the_answer(route):
        route.fetch()
        route.abort()

    visitor.page.clock.install()
    visitor.page.route(CONSENTS, lose_the_answer)
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.answer("accept").click()
    visitor.expect_said("offline_retry")

    visitor.page.unroute(CONSENTS)
    visitor.page.clock.run_for(5_000)

    visitor.wait_until_ran()
    assert len(site.records()) == 1


def test_a_grant_is_delivered_on_the_next_page_when_this_one_was_left(visitor, site, web):
    visitor.page.route(CONSENTS, lambda route: route.abort())
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.answer("accept").click()
    visitor.expect_said("offline_retry")

    visitor.page.unroute(CONSENTS)
    visitor.reload()

    visitor.wait_until_ran()
    visitor.expect_not_asked()


def test_a_refusal_without_connection_holds_at_once_and_arrives_later(visitor, site):
    visitor.page.clock.install()
    visitor.page.route(CONSENTS, lambda route: route.abort())
    visitor.open(site.page())
    visitor.reject_all()
    while_blocked = visitor.state()["categories"], site.records()
    visitor.expect_not_asked()

    visitor.page.unroute(CONSENTS)
    with visitor.page.expect_response(CONSENTS):
        visitor.page.clock.run_for(5_000)

    assert set(while_blocked[0].values()) == {False}
    assert while_blocked[1] == []
    assert [record["event"] for record in site.records()] == ["refused"]


def test_a_withdrawal_without_connection_holds_at_once_and_arrives_later(visitor, site, web):
    visitor.page.clock.install()
    address = site.page(gated("analytics", "/a.js", web))
    visitor.open(address)
    visitor.accept_all()
    token = visitor.token()
    visitor.page.route(CONSENTS, lambda route: route.abort())
    visitor.withdraw()
    visitor.expect_said("offline_denied")
    while_blocked = visitor.granted(), "consent_token" in visitor.cookies()
    still_granted = site.check(token, "analytics")["granted"]
    visitor.reload()
    after_reload = visitor.granted(), visitor.ran()

    visitor.page.unroute(CONSENTS)
    with visitor.page.expect_response(CONSENTS):
        visitor.page.clock.run_for(10_000)

    assert (while_blocked, still_granted, after_reload) == ((set(), False), True, (set(), []))
    verdict = site.check(token, "analytics")
    assert (verdict["granted"], verdict["categories"]["analytics"]["reason"]) == (
        False,
        "withdrawn",
    )
    assert site.records()[-1]["event"] == "withdrawn"


def test_a_late_retry_of_a_grant_cannot_undo_the_refusal_after_it(visitor, site, web):
    visitor.page.clock.install()
    visitor.page.route(CONSENTS, lambda route: route.abort())
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.answer("accept").click()
    visitor.expect_said("offline_retry")
    visitor.way_back.click()
    visitor.button(visitor.preferences, "reject").click()

    visitor.page.unroute(CONSENTS)
    with visitor.page.expect_response(CONSENTS):
        visitor.page.clock.run_for(10_000)
    visitor.reload()

    assert visitor.granted() == set()
    assert visitor.ran() == []
    assert all(record["event"] != "given" for record in site.records())
