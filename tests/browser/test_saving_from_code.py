"""R079: a choice ends when it was to end; what a page's code saves moves only what it names."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.service import OPTIONAL, TRACKER

NEXT_YEAR = datetime(datetime.now(UTC).year + 1, 3, 10, 12, tzinfo=UTC)
SERVICES = [{**TRACKER, "id": id_, "name": id_.title(), "stores": []} for id_ in ("one", "two")]


@pytest.fixture
def at(visitor, service):
    """Let the visitor and the service be at an instant."""

    def travel(instant: datetime) -> None:
        service.set_clock(instant)
        visitor.page.clock.set_fixed_time(instant)

    return travel


def _save(visitor, wish):
    return visitor.page.evaluate("wish => ConsentServer.save(wish)", wish)


def _decided(record):
    return {id_: record["categories"][id_]["decided_at"] for id_ in OPTIONAL}


def test_saving_one_category_renews_no_other(at, visitor, site):
    at(NEXT_YEAR)
    visitor.open(site.page())
    visitor.accept_all()
    before = visitor.state()["expires"]
    at(NEXT_YEAR + timedelta(days=100))
    visitor.reload()

    assert _save(visitor, {"functional": False}) is True

    given, changed = site.records()
    moved = {id_ for id_ in OPTIONAL if _decided(given)[id_] != _decided(changed)[id_]}
    assert (changed["event"], moved) == ("changed", {"functional"})
    after = visitor.state()["expires"]
    assert {id_ for id_ in OPTIONAL if before[id_] != after[id_]} == {"functional"}
    assert visitor.granted() == {"analytics", "marketing"}
    at(NEXT_YEAR + timedelta(days=370))
    visitor.reload()
    visitor.expect_asked()


def test_saving_keeps_the_revision_at_which_the_rest_was_decided(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    site.publish(reason="a spelling mistake", texts={"en": {"intro": "We ask first."}})
    visitor.reload()

    assert _save(visitor, {"functional": False}) is True

    state = visitor.state()
    assert (state["revision"], state["revisions"]) == (2, {"analytics": 1, "marketing": 1})
    site.publish(services=[TRACKER, {**TRACKER, "id": "another", "name": "Another"}])
    visitor.reload()
    assert visitor.granted() == {"marketing"}


def test_saving_one_service_renews_not_even_its_category(at, visitor, a_site):
    site = a_site(services=SERVICES)
    at(NEXT_YEAR)
    visitor.open(site.page())
    visitor.accept_all()
    at(NEXT_YEAR + timedelta(days=100))
    visitor.reload()

    assert _save(visitor, {"services": {"two": False}}) is True

    given, changed = site.records()
    assert _decided(given) == _decided(changed)
    assert {id_: choice["granted"] for id_, choice in changed["services"].items()} == {"two": False}
    ask = "id => ConsentServer.has('analytics', id)"
    assert [visitor.page.evaluate(ask, id_) for id_ in ("one", "two")] == [True, False]


def test_a_first_save_refuses_what_it_does_not_name(visitor, site):
    visitor.open(site.page())

    assert _save(visitor, {"analytics": True}) is True

    (record,) = site.records()
    assert {id_: record["categories"][id_]["granted"] for id_ in OPTIONAL} == {
        "functional": False,
        "analytics": True,
        "marketing": False,
    }


@pytest.mark.parametrize("wish", [{}, None, 7, {"ghost": True}, {"analytics": "yes"}])
def test_saving_nothing_does_nothing(wish, visitor, site):
    visitor.open(site.page())

    assert _save(visitor, wish) is False

    visitor.expect_asked()
    assert (visitor.cookies(), site.records()) == ({}, [])


def test_a_save_after_an_undelivered_withdrawal_brings_nothing_back(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    visitor.page.route("**/consents", lambda route: route.abort())
    visitor.withdraw()
    visitor.expect_said("offline_denied")
    visitor.page.unroute("**/consents")

    assert _save(visitor, {"analytics": True}) is True

    assert visitor.granted() == {"analytics"}
    assert site.check(visitor.token(), "marketing")["granted"] is False
