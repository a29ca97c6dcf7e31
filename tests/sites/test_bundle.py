"""A bundle: everything visitors are told, frozen, and since when it means what it means."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.bundle import TextsMissing, build_bundle
from consent_server.sites.document import load_document
from tests.sites.documents import (
    BUILD,
    ROOT,
    SHIPPED,
    a_document,
    a_service,
    a_value,
    values,
)


def _bundle(previous=None, immaterial=False, build=BUILD, **changes):
    return build_bundle(a_document(**changes), SHIPPED, build, previous, immaterial)


def _since(bundle):
    return {item["id"]: item["since"] for item in [*bundle["categories"], *bundle["services"]]}


FIRST = _bundle(services=[a_service()])
SAME = {"services": [a_service()]}
CATEGORIES = a_value()["categories"]
OWN_TEXTS = {"category.analytics.text": "Counts."}


def test_the_bundle_of_the_demo_document_is_complete():
    document = load_document((ROOT / "examples/demo.yaml").read_text(encoding="utf-8"))

    bundle = build_bundle(document, SHIPPED, BUILD, None)

    assert set(bundle) == {
        "v", "site", "revision", "name", "controller", "authority", "storage_region",
        "record_retention", "policy", "profile", "reprompt_after", "languages", "categories",
        "services", "signals", "theme", "texts", "build",
    }  # fmt: skip
    assert (bundle["v"], bundle["revision"], bundle["site"]) == (1, 1, "demo")
    assert set(bundle["texts"]) == {"fr", "en"}
    assert bundle["categories"][1] == {"id": "functional", "required": False, "since": 1}
    assert len(digest(canonical(bundle))) == 43


def test_origins_are_never_published():
    assert "shop.example" not in json.dumps({**FIRST, "policy": None, "controller": None})
    assert "origins" not in json.dumps(FIRST)


def test_what_is_not_so_does_not_travel():
    stores = [
        {"name": "stats_a", "kind": "cookie", "lifetime": "P1M", "http_only": True},
        {"name": "stats_b", "kind": "cookie", "lifetime": "P1M"},
    ]

    bundle = _bundle(services=[a_service(stores=stores)], cookie_domain="shop.example")

    assert [category.get("gpc") for category in bundle["categories"]] == [None, None, True]
    assert [store.get("http_only") for store in bundle["services"][0]["stores"]] == [True, None]
    assert bundle["cookie_domain"] == "shop.example"
    assert "directed_to_children" not in bundle


def test_the_bundle_holds_the_shipped_texts_of_what_it_asks_and_the_sites_own():
    texts = {"fr": OWN_TEXTS, "en": {**OWN_TEXTS, "title": "Hello"}}

    english = _bundle(texts=texts)["texts"]["en"]

    assert english["reject"] == SHIPPED["en"]["reject"]
    assert english["category.analytics.text"] == "Counts."
    assert english["title"] == "Hello"
    assert "category.functional.title" not in english
    assert [slot for slot in english if slot.startswith("necessary_reason")] == [
        "necessary_reason.consent_choice"
    ]


def test_a_language_without_texts_stops_the_publication():
    with pytest.raises(TextsMissing) as refusal:
        build_bundle(a_document(), {"fr": SHIPPED["fr"]}, BUILD, None)

    assert (refusal.value.reason, refusal.value.missing) == ("texts_missing", ["en"])


def test_a_language_that_lacks_a_text_stops_the_publication():
    french = {slot: text for slot, text in SHIPPED["fr"].items() if slot != "if_reject"}

    with pytest.raises(TextsMissing) as refusal:
        build_bundle(a_document(), {**SHIPPED, "fr": french}, BUILD, None)

    assert refusal.value.missing == ["fr.if_reject"]


def test_plural_forms_may_differ_between_languages():
    french = {**SHIPPED["fr"], "services.few": "{count} tiers."}

    assert build_bundle(a_document(), {**SHIPPED, "fr": french}, BUILD, None)["revision"] == 1


def test_what_a_document_counts_measures_and_places_is_written_out_in_each_language():
    texts = FIRST["texts"]["fr"]

    assert texts["lifetime.P12M"] == "12\xa0mois"
    assert texts["country.FR"] == "France"
    for count in ("services", f"services.{FIRST['services'][0]['category']}"):
        assert texts[count].startswith(str(len(FIRST["services"])))
    assert not any(slot.rpartition(".")[2] in ("one", "many", "other") for slot in texts)


def test_what_a_service_sees_is_listed_in_each_language_with_its_comma():
    data = {"fr": ["pages vues", "clics"], "ar": ["الصفحات", "النقرات"]}
    languages = {"default": "fr", "available": ["fr", "ar"]}
    texts = {"ar": {}}

    bundle = _bundle(services=[a_service(data=data)], languages=languages, texts=texts)

    assert bundle["services"][0]["data"] == data["fr"]
    told = {tag: texts["data.stats"] for tag, texts in bundle["texts"].items()}
    assert told == {"fr": "pages vues, clics", "ar": "الصفحات، النقرات"}


def test_what_privacy_control_leaves_off_is_named_in_the_text():
    texts = FIRST["texts"]

    for tag in texts:
        assert texts[tag]["category.marketing.title"] in texts[tag]["gpc_honoured"]
        assert "{categories}" not in texts[tag]["gpc_honoured"]


def test_the_same_document_gives_the_same_bundle_but_for_the_revision():
    second = _bundle(FIRST, **SAME)

    assert second == {**FIRST, "revision": 2}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        pytest.param({"name": "Other"}, set(), id="name"),
        pytest.param({"policy": {"url": "https://a.example", "version": "2"}}, set(), id="policy"),
        pytest.param({"profile": "fr-cnil"}, set(), id="profile"),
        pytest.param({"theme": {"layout": "box"}}, set(), id="theme"),
        pytest.param({"signals": {"matomo": "on"}}, set(), id="signals"),
        pytest.param({"storage_region": "DE"}, set(), id="storage region"),
        pytest.param({"texts": {"fr": {"title": "Autre"}}}, set(), id="title of the banner"),
        pytest.param({"texts": {"fr": OWN_TEXTS}}, {"analytics"}, id="text of a category"),
        pytest.param({"categories": CATEGORIES[:2]}, set(), id="category removed"),
        pytest.param(
            {"categories": [*CATEGORIES, {"id": "functional"}]}, {"functional"}, id="category added"
        ),
        pytest.param(
            {"categories": [CATEGORIES[0], {"id": "analytics", "gpc": True}, *CATEGORIES[2:]]},
            set(),
            id="privacy control for a category",
        ),
        pytest.param({"cookie_domain": "shop.example"}, set(), id="cookie domain"),
        pytest.param(
            {"services": [a_service(stores=[{**a_service()["stores"][0], "http_only": True}])]},
            set(),
            id="who can delete a cookie",
        ),
        pytest.param({"categories": CATEGORIES[::-1]}, set(), id="order of categories"),
        pytest.param({"services": []}, set(), id="service removed"),
        pytest.param(
            {"services": [a_service(), a_service(id="ads", category="marketing")]},
            {"ads", "marketing"},
            id="service added",
        ),
        pytest.param(
            {"services": [a_service(), a_service(id="cart", category="necessary")]},
            {"cart"},
            id="service added to a required category",
        ),
        pytest.param(
            {"services": [a_service(country="US")]}, {"stats", "analytics"}, id="service changed"
        ),
        pytest.param(
            {"services": [a_service(category="marketing")]},
            {"stats", "marketing"},
            id="service moved",
        ),
        pytest.param(
            {"services": [a_service(stores=[])]}, {"stats", "analytics"}, id="store removed"
        ),
        pytest.param(
            {"services": [a_service(data={"fr": ["pages visited"], "en": ["names"]})]},
            {"stats", "analytics"},
            id="what a service sees, in one language",
        ),
        pytest.param(
            {"services": [a_service(data={"fr": ["pages visited"], "en": ["pages visited"]})]},
            set(),
            id="what a service sees, the same in each language",
        ),
        pytest.param(
            {"controller": {**a_value()["controller"], "name": "Other SAS"}},
            {"analytics", "marketing"},
            id="controller",
        ),
        pytest.param(
            {"languages": {"default": "fr", "available": ["fr"]}}, set(), id="language removed"
        ),
    ],
)
def test_a_change_touches_only_what_visitors_consented_to(change, touched):
    second = _bundle(FIRST, **{**SAME, **change})

    assert {name for name, since in _since(second).items() if since == 2} == touched


def test_a_new_widget_build_touches_nothing():
    assert set(_since(_bundle(FIRST, build="c" * 43, **SAME)).values()) == {1}


def test_a_new_language_touches_nothing():
    french = _bundle(languages={"default": "fr", "available": ["fr"]}, **SAME)

    assert set(_since(_bundle(french, **SAME)).values()) == {1}


def test_a_list_in_another_order_says_the_same():
    two = [a_service(data=["a", "b"], hosts=["a.example", "b.example"])]
    turned = [a_service(data=["b", "a"], hosts=["b.example", "a.example"])]

    assert set(_since(_bundle(_bundle(services=two), services=turned)).values()) == {1}


def test_an_immaterial_change_touches_nothing_that_was_there():
    controller = {**a_value()["controller"], "address": "Lyon"}

    second = _bundle(
        FIRST, True, services=[a_service(country="US")], controller=controller,
        texts={"fr": OWN_TEXTS},
    )  # fmt: skip

    assert set(_since(second).values()) == {1}
    assert second["services"][0]["country"] == "US"


def test_nothing_new_is_ever_covered_by_earlier_consent_not_even_by_an_immaterial_change():
    categories = [*CATEGORIES, {"id": "functional"}]
    services = [a_service(), a_service(id="more")]

    since = _since(_bundle(FIRST, True, services=services, categories=categories))

    assert since == {
        "necessary": 1, "functional": 2, "analytics": 2, "marketing": 1, "stats": 1, "more": 2,
    }  # fmt: skip


def test_moving_a_service_is_no_correction_because_another_category_gets_a_recipient():
    since = _since(_bundle(FIRST, True, services=[a_service(category="marketing")]))

    assert since == {"necessary": 1, "analytics": 1, "marketing": 2, "stats": 2}


def test_an_answer_from_before_a_category_was_required_does_not_come_back():
    texts = {f"category.maps.{part}": "Maps" for part in ("title", "text")}
    both = {"fr": texts, "en": texts}
    maps = {"id": "maps", "required": True, "reason": "security"}
    first = _bundle(categories=[*CATEGORIES, {"id": "maps"}], texts=both)
    second = _bundle(first, categories=[*CATEGORIES, maps], texts=both)

    third = _bundle(second, True, categories=[*CATEGORIES, {"id": "maps"}], texts=both)

    assert _since(third)["maps"] == 3


def test_what_was_removed_is_new_when_it_comes_back():
    without = _bundle(FIRST, categories=[CATEGORIES[0], CATEGORIES[2]])
    again = _bundle(without, **SAME)

    assert _since(again) == {"necessary": 1, "analytics": 3, "marketing": 1, "stats": 3}


def test_what_was_required_is_asked_for_when_it_becomes_optional():
    texts = {f"category.maps.{part}": "Maps" for part in ("title", "text")}
    both = {"fr": texts, "en": texts}
    needed = {"id": "maps", "required": True, "reason": "security"}
    first = _bundle(categories=[*CATEGORIES, needed], texts=both)

    second = _bundle(first, categories=[*CATEGORIES, {"id": "maps"}], texts=both)

    assert {name for name, since in _since(second).items() if since == 2} == {"maps"}


@settings(max_examples=100)
@given(values(), values(), some.booleans())
def test_a_bundle_depends_on_its_arguments_alone(one, other, immaterial):
    first = build_bundle(a_document(**one), SHIPPED, BUILD, None)
    before = canonical(first)

    second = build_bundle(a_document(**other), SHIPPED, BUILD, first, immaterial)

    assert canonical(first) == before
    assert second == build_bundle(a_document(**other), SHIPPED, BUILD, first, immaterial)
    assert second["revision"] == 2
    assert set(_since(second).values()) <= {1, 2}
