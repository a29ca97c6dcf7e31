"""R033: one choice for several hosts of a site, and the first layer says which."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL
from tests.browser.web import SHOP, VENDOR

DOMAIN = "shop.localhost"
SHARED = {"cookie_domain": DOMAIN}
#: Two more visitors' languages, one of them written from right to left.
COMMAS = {"ar": "، "}
LANGUAGES = {"default": "en", "available": ["en", "fr", "ar"]}


def _domains(visitor):
    """Return the domain of each cookie; one with a point in front is for all hosts below."""
    jar = visitor.page.context.cookies()
    return sorted((str(cookie["name"]), str(cookie["domain"])) for cookie in jar)


def _plant(visitor, name, value, **more):
    """Keep a cookie on the device as an earlier publication left it."""
    usual = {"domain": SHOP, "path": "/", "secure": True, "sameSite": "Lax"}
    visitor.page.context.add_cookies([{"name": name, "value": value, **usual, **more}])


@pytest.fixture
def shop(a_site):
    return a_site(**SHARED)


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_first_layer_names_every_host_on_which_the_choice_holds(language, visitor, a_site):
    visitor.speaks(language)
    site = a_site(**SHARED, languages=LANGUAGES)

    visitor.open(site.page(language=language))

    hosts = f"{SHOP}{COMMAS.get(language, ', ')}{DOMAIN}"
    hosts = f"\u2068{hosts}\u2069" if language == "ar" else hosts
    expect(visitor.banner).to_contain_text(visitor.texts["scope"].replace("{scope}", hosts))


@pytest.mark.parametrize("case", ["each host asks for itself", "one host"])
def test_a_choice_for_one_host_says_nothing_of_others(case, visitor, a_site, web):
    changes = {**SHARED, "origins": [web.origin(SHOP)]} if case == "one host" else {}

    visitor.open(a_site(**changes).page())

    visitor.expect_asked()
    expect(visitor.banner).not_to_contain_text(visitor.texts["scope"].partition("{")[0])


def test_a_grant_on_one_host_holds_on_the_other_and_is_withdrawn_from_there(visitor, shop):
    first, other = shop.page(), shop.page(host=DOMAIN)
    visitor.open(first)
    visitor.accept_all()
    assert _domains(visitor) == [("consent_state", f".{DOMAIN}"), ("consent_token", f".{DOMAIN}")]

    visitor.open(other)
    visitor.expect_not_asked()
    assert visitor.granted() == set(OPTIONAL)
    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()
    visitor.expect_said("withdrawn_status")

    visitor.open(first)
    visitor.expect_not_asked()
    assert visitor.granted() == set()
    assert _domains(visitor) == [("consent_state", f".{DOMAIN}"), ("consent_token", f".{DOMAIN}")]
    assert shop.check(visitor.token(), "analytics")["granted"] is False
    assert [record["event"] for record in shop.records()] == ["given", "withdrawn"]


def test_a_refusal_on_one_host_is_respected_on_the_other_and_is_the_same_for_all(new_visitor, shop):
    states = []
    for _ in range(2):
        visitor = new_visitor()
        visitor.open(shop.page(host=DOMAIN))
        with visitor.page.expect_response("**/consents"):
            visitor.reject_all()
        visitor.open(shop.page())
        visitor.expect_not_asked()
        assert _domains(visitor) == [("consent_state", f".{DOMAIN}")]
        states.append(visitor.cookies())

    assert states[0] == states[1]


def test_without_a_shared_domain_each_host_asks_for_itself(visitor, site):
    visitor.open(site.page())
    visitor.reject_all()
    assert _domains(visitor) == [("consent_state", SHOP)]

    visitor.open(site.page(host=DOMAIN))

    visitor.expect_asked()


def test_a_page_on_a_host_outside_the_domain_keeps_the_choice_for_itself(visitor, shop):
    address = shop.page(host=VENDOR)
    visitor.open(address)
    visitor.reject_all()

    visitor.reload()

    visitor.expect_not_asked()
    assert _domains(visitor) == [("consent_state", VENDOR)]


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_a_site_that_begins_to_share_asks_again_and_leaves_one_cookie_of_a_name(
    answer, visitor, site
):
    visitor.open(site.page())
    visitor.accept_all()

    site.publish(**SHARED)
    visitor.reload()
    visitor.expect_asked()
    assert visitor.granted() == set()
    with visitor.page.expect_response("**/consents"):
        visitor.answer(answer).click()
    visitor.wait_until_delivered()

    visitor.reload()
    visitor.expect_not_asked()
    assert visitor.granted() == (set(OPTIONAL) if answer == "accept" else set())
    assert {domain for _, domain in _domains(visitor)} == {f".{DOMAIN}"}


def test_a_site_that_ceases_to_share_is_not_stopped_by_what_is_left(visitor, shop):
    visitor.open(shop.page())
    visitor.accept_all()

    shop.publish(cookie_domain=...)
    visitor.reload()
    with visitor.page.expect_response("**/consents"):
        visitor.withdraw()
    visitor.wait_until_delivered()

    visitor.reload()
    visitor.expect_not_asked()
    assert visitor.granted() == set()
    assert _domains(visitor) == [("consent_state", SHOP), ("consent_token", SHOP)]


def test_two_cookies_of_one_name_are_nobodys_until_the_visitor_answers(visitor, shop):
    visitor.open(shop.page())
    visitor.accept_all()
    _plant(visitor, "consent_state", "of%20a%20sibling")

    visitor.reload()
    visitor.expect_asked()
    assert visitor.granted() == set()
    visitor.accept_all()

    visitor.reload()
    visitor.expect_not_asked()
    assert _domains(visitor) == [("consent_state", f".{DOMAIN}"), ("consent_token", f".{DOMAIN}")]
