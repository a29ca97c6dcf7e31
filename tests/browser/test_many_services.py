"""T-02: a no to one of more services than a cookie holds is a no on the next pages too."""

import pytest

from tests.browser.service import TRACKER

SERVICES = [
    {**TRACKER, "id": f"vendor-of-advertising-{at:03}", "name": f"Vendor {at}", "stores": []}
    for at in range(150)
]
REFUSED, ANOTHER = SERVICES[3]["id"], SERVICES[4]["id"]
#: What is said no to after everything was granted.
NOES = {
    "one": {"services": {REFUSED: False}},
    "and yes to others": {
        "categories": {"analytics": True},
        "services": {service["id"]: service["id"] != REFUSED for service in SERVICES},
    },
}


@pytest.mark.parametrize("said", NOES)
def test_a_no_to_one_of_many_services_holds_on_the_next_page(visitor, a_site, said):
    site = a_site(services=SERVICES)
    visitor.open(site.page())
    visitor.accept_all()
    consent_id = visitor.state()["id"]

    assert visitor.page.evaluate("wish => ConsentServer.save(wish)", NOES[said]) is True

    def runs(id_):
        return visitor.page.evaluate("id => ConsentServer.has('analytics', id)", id_)

    assert (runs(REFUSED), runs(ANOTHER)) == (False, True)
    visitor.reload()
    visitor.wait_until_ready()
    assert runs(REFUSED) is False
    assert visitor.granted() == {"functional", "marketing"}
    visitor.expect_not_asked()
    assert (visitor.state()["id"], visitor.state()["services"]) == (consent_id, {})
    last = site.records()[-1]
    assert last["services"][REFUSED]["granted"] is False
    assert last["categories"]["analytics"]["granted"] is True


def test_what_is_asked_alone_on_the_next_page_is_granted(visitor, a_site):
    """The log holds more of the category than the device: then it is told what the device holds."""
    site = a_site(services=SERVICES)
    visitor.open(site.page())
    visitor.accept_all()
    visitor.page.evaluate("wish => ConsentServer.save(wish)", NOES["one"])
    visitor.reload()

    assert visitor.page.evaluate("ConsentServer.save({functional: false})") is True
    assert visitor.page.evaluate("ConsentServer.save({functional: true})") is True

    assert visitor.granted() == {"functional", "marketing"}
    last = site.records()[-1]
    granted = {id_ for id_, choice in last["categories"].items() if choice["granted"]}
    assert granted == {"necessary", "functional", "marketing"}
