"""F-40: the service breaks while the page is open: what is decided is kept, and delivered."""

import pytest

from tests.fault.outage.answers import MODES, with_configuration

#: Long enough for the pauses between two tries to have grown as far as they do.
OUTAGE_SECONDS = 600
#: Modes in which the keys can be missing.
KEYLESS = ["refused", "black hole", "500", "HTML", "truncated", "empty", "garbage", "future"]


#: An answer of the API is read whatever it calls itself.
OF_THE_API = [mode for mode in MODES if mode != "wrong MIME"]


@pytest.mark.parametrize("mode", OF_THE_API)
def test_a_withdrawal_of_a_long_outage_is_delivered_within_a_minute_of_its_end(
    mode, visitor, a_shop, outage, web
):
    shop = a_shop(on_withdrawal="continue")
    visitor.page.clock.install()
    visitor.open(shop.page_with(shop.tag_in("async")))
    visitor.accept_all()
    visitor.wait_until_ran(2)
    outage.breaks(mode, "/v1/")

    visitor.withdraw()
    for _ in range(OUTAGE_SECONDS // 30):
        visitor.page.clock.run_for(30_000)
        visitor.wait_for_answers()

    visitor.expect_said("offline_denied")
    assert (visitor.granted(), visitor.has("necessary")) == (set(), True)
    assert "consent_queue" in visitor.stored()
    assert "consent_token" not in visitor.cookies()
    outage.recovers()
    visitor.let_pass(60, until=lambda: len(shop.records()) > 1)
    assert [record["event"] for record in shop.records()] == ["given", "withdrawn"]
    visitor.let_pass(60, until=lambda: "consent_queue" not in visitor.stored())
    assert "consent_queue" not in visitor.stored()


@pytest.mark.parametrize("mode", OF_THE_API)
def test_a_grant_of_an_outage_holds_nothing_until_it_is_delivered(mode, visitor, shop, outage, web):
    visitor.page.clock.install()
    visitor.open(shop.page_with(shop.tag_in("async")))
    outage.breaks(mode, "/v1/")

    visitor.answer("accept").click()
    visitor.let_pass(30)

    visitor.expect_said("offline_retry")
    visitor.expect_unharmed(web, keeps=("consent_queue",))
    outage.recovers()
    visitor.let_pass(60, until=lambda: visitor.has("analytics"))
    visitor.wait_until_ran(2)
    assert [record["event"] for record in shop.records()] == ["given"]


@pytest.mark.parametrize("mode", KEYLESS)
def test_a_grant_whose_key_cannot_be_fetched_is_not_given_up(mode, visitor, shop, outage, web):
    def keyless(asked, true):
        return with_configuration(asked, true, {**shop.for_pages(true), "keys": []})

    visitor.page.clock.install()
    outage.breaks("keyless", "/s/", spoil=keyless)
    visitor.open(shop.page_with(shop.tag_in("async")))
    outage.breaks(mode, f"/v1/sites/{shop.id}/bundle")

    visitor.answer("accept").click()
    visitor.let_pass(30)

    visitor.expect_said("offline_retry")
    visitor.expect_unharmed(web, keeps=("consent_queue",))
    assert outage.asked_for("/bundle") >= 1
    outage.recovers()
    visitor.let_pass(60, until=lambda: visitor.has("analytics"))
    visitor.wait_until_ran(2)
    assert [record["event"] for record in shop.records()] == ["given"]
