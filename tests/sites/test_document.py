"""A valid document becomes typed values; what is left out has a default."""

import unicodedata

import pytest
from hypothesis import given, settings

from consent_server.sites.document import load_document, validate_document
from consent_server.sites.document.closed_lists import COUNTRIES, LANGUAGES
from consent_server.sites.document.lint import warnings
from consent_server.sites.profiles import PROFILES
from tests.sites.documents import MINIMAL, ROOT, SHIPPED, a_document, a_service, a_value, values


def test_the_demo_document_is_valid():
    document = load_document((ROOT / "examples/demo.yaml").read_text(encoding="utf-8"))

    assert document.origins == ("http://127.0.0.1:8001", "http://localhost:8001")
    assert [category.id for category in document.categories if category.required] == ["necessary"]
    assert [service.hosts for service in document.services] == [("127.0.0.1:8002",)] * 2
    assert document.policy.version == "2026-03"
    assert document.signals == {}


def test_what_is_left_out_has_a_default():
    document = a_document()

    assert (document.profile, document.reprompt_after) == ("gdpr", "P12M")
    assert document.record_retention == "P24M"
    assert document.services == () and document.texts == {}
    assert document.signals == {} and document.theme.layout == "bar"
    assert document.controller.dpo is None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_sets_when_visitors_are_asked_again(profile):
    document = a_document(profile=profile.id)

    assert document.reprompt_after == f"P{profile.longest_reprompt}M"


def test_durations_are_kept_in_months():
    document = a_document(reprompt_after="P1Y", record_retention="P2Y")

    assert (document.reprompt_after, document.record_retention) == ("P12M", "P24M")


def test_texts_are_kept_in_one_unicode_form_without_spaces_around():
    decomposed = unicodedata.normalize("NFD", "Réglages")

    document = a_document(name=f"  {decomposed}\n", texts={"fr": {"title": decomposed}})

    assert (document.name, document.texts["fr"]["title"]) == ("Réglages", "Réglages")


def test_norway_is_a_country_and_not_a_no():
    yaml = (ROOT / "examples/demo.yaml").read_text(encoding="utf-8")

    document = load_document(yaml.replace("storage_region: FR", "storage_region: NO"))

    assert document.storage_region == "NO"


def test_a_category_of_its_own_brings_its_texts():
    texts = {"category.maps.title": "Maps", "category.maps.text": "Shows maps."}
    categories = [*a_value()["categories"], {"id": "maps"}]

    document = a_document(categories=categories, texts={"fr": texts, "en": texts})

    assert document.categories[-1].id == "maps"


def test_hosts_may_carry_a_port_and_stores_a_star():
    service = a_service(
        hosts=["stats.example:8443", "127.0.0.1:8002", "[::1]:1"],
        stores=[{"name": "stats_*", "kind": "cookie", "lifetime": "session"}],
    )

    assert a_document(services=[service]).services[0].hosts[1] == "127.0.0.1:8002"


def test_privacy_control_is_a_no_to_marketing_and_to_what_the_document_says():
    named = [{"id": "analytics", "gpc": True}, {"id": "marketing", "gpc": False}]
    required = MINIMAL["categories"][0]

    usual = a_document().categories
    told = a_document(categories=[required, *named]).categories

    assert [category.gpc for category in usual] == [None, False, True]
    assert [category.gpc for category in told] == [None, True, False]


def test_a_site_for_children_asks_for_nothing():
    document = a_document(directed_to_children=True, categories=MINIMAL["categories"][:1])

    assert "nothing_asked" not in {finding.reason for finding in warnings(document)}


def test_a_cookie_domain_may_be_the_parent_of_every_origin():
    origins = ["https://shop.example", "https://*.shop.example", "https://pay.eu.shop.example:8443"]

    assert a_document(origins=origins, cookie_domain="shop.example").cookie_domain == "shop.example"


def test_as_many_categories_and_services_as_allowed_are_read():
    ids = [f"own{number}" for number in range(29)]
    texts = {f"category.{name}.{part}": "x" for name in ids for part in ("title", "text")}
    value = a_value(
        categories=[*a_value()["categories"], *({"id": name} for name in ids)],
        services=[a_service(id=f"s{number}") for number in range(500)],
        texts={"fr": texts, "en": texts},
    )

    document = validate_document(value)

    assert (len(document.categories), len(document.services)) == (32, 500)


def test_the_texts_that_ship_are_in_languages_that_a_document_may_name():
    assert set(SHIPPED) <= set(LANGUAGES)
    assert len(LANGUAGES) == len(set(LANGUAGES)) == 29
    assert len(COUNTRIES) == 249


@settings(max_examples=100)
@given(values())
def test_a_document_written_out_in_full_is_read_back_the_same(value):
    document = validate_document(value)

    assert validate_document(document.as_dict()) == document
