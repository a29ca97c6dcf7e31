"""F-40: the second part does not come, or is not what it should be, when it is needed."""

import pytest

from tests.fault.outage.answers import MODES, SILENT

#: Everything that the first part may ask for.
LATER = ("/widget/", "/v1/")
MAY_KEEP = ("consent_state", "consent_press", "consent_queue")
#: What answers all are sent with, and forgotten.
FORGETS = """
    const start = window.setTimeout;
    window.setTimeout = (act, pause, ...rest) => pause < 500 ? start(act, pause, ...rest) : 0;
"""


@pytest.mark.parametrize("mode", SILENT)
def test_no_page_of_a_returning_visitor_waits_for_a_silent_second_part(
    mode, returning, shop, outage, web
):
    outage.breaks(mode, *LATER)

    returning.start(shop.page_with(shop.tag_in("async")))

    outage.wait_until_held()
    returning.wait_for_stage("load")
    assert outage.held == 1
    returning.expect_unharmed(web, keeps=("consent_state", "consent_token"))


@pytest.mark.parametrize("mode", MODES)
def test_a_grant_from_before_proves_nothing_while_the_service_is_broken(
    mode, returning, shop, outage, web
):
    outage.breaks(mode, *LATER)

    returning.start(shop.page_with(shop.tag_in("async")))

    returning.wait_for_stage("load")
    returning.wait_for_answers()
    returning.expect_unharmed(web, keeps=("consent_state", "consent_token"))
    outage.recovers()
    returning.reload()
    returning.expect_not_asked()
    returning.wait_until_ran()


@pytest.mark.parametrize("mode", MODES)
def test_a_grant_from_before_does_nothing_without_the_script(mode, returning, shop, outage, web):
    outage.breaks(mode)

    returning.start(shop.page_with(shop.tag_in("preloaded")))

    returning.wait_for_stage("load")
    returning.settle()
    returning.expect_unharmed(web, keeps=("consent_state", "consent_token"))
    assert set(returning.cookies()) == {"consent_state", "consent_token"}


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_of_an_outage_is_kept_and_delivered_within_a_minute_of_its_end(
    mode, visitor, shop, outage, web
):
    visitor.page.clock.install()
    visitor.open(shop.page_with(shop.tag_in("async")))
    outage.breaks(mode, *LATER)

    visitor.reject_all()
    visitor.let_pass(90)

    visitor.expect_said("offline_denied")
    visitor.expect_unharmed(web, keeps=MAY_KEEP)
    assert shop.records() == []
    outage.recovers()
    visitor.let_pass(60, until=shop.records)
    assert [record["event"] for record in shop.records()] == ["refused"]
    assert visitor.storage()["local"] == []


def test_what_is_sent_once_and_forgotten_is_not_delivered(victim, shop, outage):
    """Control: the minute after the recovery brings nothing by itself."""
    victim.page.clock.install()
    victim.page.add_init_script(FORGETS)
    victim.open(shop.page_with(shop.tag_in("async")))
    outage.breaks("500", *LATER)
    victim.reject_all()
    victim.let_pass(1)  # what is sent is sent after the frame that shows the answer
    victim.wait_for_answers()
    outage.recovers()

    victim.let_pass(60, until=shop.records)

    assert shop.records() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_pinned_widget_without_its_second_part_denies_everything(
    mode, visitor, shop, outage, web
):
    second = f"/widget/{shop.second_part}.js"
    outage.breaks(mode, second)

    visitor.start(shop.page_with(shop.tag_in("pinned")))

    visitor.wait_for_stage("load")
    visitor.wait_for_answers()
    visitor.expect_unharmed(web)
    assert outage.asked_for(second) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_pinned_widget_without_anything_published_denies_everything(
    mode, visitor, shop, outage, web
):
    outage.breaks(mode, "/v1/")

    visitor.start(shop.page_with(shop.tag_in("pinned")))

    visitor.wait_for_stage("load")
    visitor.wait_for_answers()
    visitor.expect_unharmed(web)
    assert outage.asked_for("/bundle") == 1
