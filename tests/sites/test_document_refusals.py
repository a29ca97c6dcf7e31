"""What a document cannot say: each refusal names the place, and all of them come at once."""

import pytest

from consent_server.sites.document import DocumentInvalid, validate_document
from consent_server.sites.document.findings import path_to
from tests.sites.documents import MINIMAL, a_service, a_value, with_value

COMPLETE = {
    **MINIMAL,
    "services": [a_service(), a_service(id="video", category="marketing", stores=[])],
    "theme": {},
    "signals": {},
    "texts": {"fr": {}},
}
REQUIRED_SERVICE = {**COMPLETE, "services": [a_service(category="necessary")]}


def _errors(value: object, **options: object) -> dict[str, str]:
    with pytest.raises(DocumentInvalid) as refusal:
        validate_document(value, **options)
    assert (refusal.value.status, refusal.value.reason) == (422, "document_invalid")
    return {error["path"]: error["message"] for error in refusal.value.errors}


# place, value, path of the refusal (the place itself where empty), a part of the message
CORPUS = [
    (("site",), "Shop", "", "lower-case"),
    (("site",), "ab", "", "3 to 40"),
    (("site",), "x" * 41, "", "3 to 40"),
    (("site",), "shop\n2", "", "one line"),
    (("site",), 12345, "", '"12345"'),
    (("name",), "", "", "must not be empty"),
    (("name",), " \u200b ", "", "must not be empty"),
    (("name",), None, "", "is empty"),
    (("name",), True, "", '"true"'),
    (("name",), ["Shop"], "", "must be text"),
    (("name",), "x" * 201, "", "at most 200"),
    (("name",), "Shop\u202egnp.exe", "", "text-direction"),
    (("name",), "Shop\x00", "", "control"),
    (("name",), "Shop\ud800", "", "control"),
    (("origins",), [], "", "at least one"),
    (("origins",), "https://shop.example", "", "must be a list"),
    (("origins",), {"a": 1}, "", "must be a list"),
    (("origins",), [f"https://s{n}.example" for n in range(101)], "", "at most 100"),
    (("origins",), ["https://a.example", "https://a.example"], "origins[1]", "before, as number 1"),
    (("origins",), ["*"], "origins[0]", "never every site"),
    (("origins",), ["https://a.example", 5], "origins[1]", "must be text"),
    (("controller",), "Shop", "", "object of keys"),
    (("controller", "contact"), "mailto:a@shop.example?body=x", "", "address"),
    (("controller", "contact"), "javascript:alert(1)", "", "address"),
    (("controller", "dpo"), "data:text/html,x", "", "address"),
    (("controller", "address"), "1 rue\n75002 Paris", "", "one line"),
    (("authority",), {}, "authority.name", "is required"),
    (("authority", "name"), " ", "", "must not be empty"),
    (("authority", "url"), "", "", "must not be empty"),
    (("storage_region",), "", "", "must not be empty"),
    (("authority", "url"), "http://cnil.example", "", "https://"),
    (("policy", "url"), "/privacy", "", "address"),
    (("policy", "url"), "javascript://shop.example/%0aalert(1)", "", "address"),
    (("policy", "url"), "https://user@shop.example/", "", "user name"),
    (("policy", "url"), "https://shop.example\\@evil.example/", "", "address"),
    (("policy", "url"), "https://shop.example/a b", "", "address"),
    (("policy", "url"), "https://[::1/", "", "is not an address"),
    (("policy", "url"), "https://Shop_.example/", "", "not a host name"),
    (("policy", "version"), 2026, "", '"2026"'),
    (("policy", "version"), "x" * 65, "", "at most 64"),
    (("storage_region",), "Paris", "", "ISO 3166-1"),
    (("storage_region",), "fr", "", "did you mean FR"),
    (("languages", "default"), "de", "", "one of languages.available: fr, en"),
    (("languages", "available"), [], "", "at least one"),
    (("languages", "available"), ["fr", "tlh"], "languages.available[1]", "must be one of"),
    (("languages", "available"), ["fr", "fr"], "languages.available[1]", "listed before"),
    (("categories",), [], "", "at least one"),
    (("categories",), [{"id": "analytics"}], "", "at least one category must be required"),
    (("categories", 0, "reason"), "convenience", "", "must be one of consent_choice"),
    (("categories", 0), {"id": "necessary", "required": True}, "categories[0].reason", "required"),
    (("categories", 0), {"id": "necessary"}, "categories[0].required", "required: true"),
    (("categories", 0, "required"), "yes", "", "true or false"),
    (("categories", 0, "required"), 1, "", "true or false"),
    (("categories", 1, "required"), True, "", "always needs consent"),
    (("categories", 1, "reason"), "security", "", "only a category with required: true"),
    (("categories", 2, "id"), "analytics", "", "listed before"),
    (("categories", 2, "id"), "Ads", "", "lower-case"),
    (("categories", 2, "id"), "maps", 'texts.fr["category.maps.title"]', "no text ships"),
    (("categories",), [{"id": f"c{n}"} for n in range(33)], "", "at most 32"),
    (("categories", 2), None, "categories[2]", "is empty"),
    (("services",), None, "", "leave the key out"),
    (("services", 0, "category"), "analytic", "", "did you mean analytics"),
    (("services", 1, "id"), "stats", "", "listed before"),
    (("services", 0, "country"), "France", "", "ISO 3166-1"),
    (("services", 0, "hosts"), ["https://stats.example"], "services[0].hosts[0]", "no scheme"),
    (("services", 0, "hosts"), ["stats.example:0"], "services[0].hosts[0]", "host"),
    (("services", 0, "hosts"), ["*.stats.example"], "services[0].hosts[0]", "no wildcard"),
    (("services", 0, "data"), "pages", "", "must be a list"),
    (("services", 0, "data"), {"fr": ["pages"]}, "services[0].data.en", "is required"),
    (("services", 0, "data"), {"fr": [], "en": ["a"]}, "services[0].data.fr", "at least one"),
    (
        ("services", 0, "data"),
        {"fr": ["a"], "en": ["a"], "de": ["a"]},
        "services[0].data.de",
        "not one of languages.available",
    ),
    (("services", 0, "stores", 0, "kind"), "flash", "", "must be one of cookie"),
    (("services", 0, "stores", 0, "lifetime"), "13 months", "", "ISO 8601"),
    (("services", 0, "stores", 0, "lifetime"), "P26M", "", "at most P25M"),
    (("services", 0, "stores", 0, "lifetime"), "P3Y", "", "at most P25M"),
    (("services", 0, "stores", 0, "name"), "*", "", "names nothing"),
    (("services", 0, "stores", 0, "name"), "consent_*", "", "keeps itself"),
    (("services", 0, "stores", 0), {"name": "x"}, "services[0].stores[0].kind", "is required"),
    (("services", 0, "stores", 0, "http_only"), "yes", "", "true or false"),
    (
        ("services", 0, "stores", 0),
        {"name": "a", "kind": "cache", "lifetime": "P1D", "http_only": True},
        "services[0].stores[0].http_only",
        "only a cookie",
    ),
    (("categories", 0, "gpc"), False, "", "no signal can refuse it"),
    (("categories", 1, "gpc"), "on", "", "true or false"),
    (("cookie_domain",), "https://shop.example", "", "without scheme"),
    (("cookie_domain",), "*.shop.example", "", "without scheme"),
    (("cookie_domain",), ".shop.example", "", "without scheme"),
    (("cookie_domain",), "127.0.0.1", "", "without scheme"),
    (("cookie_domain",), "[::1]", "", "without scheme"),
    (("cookie_domain",), "example", "", "strangers own names"),
    (("cookie_domain",), "co.uk", "", "strangers own names"),
    (("cookie_domain",), "com.hk", "", "strangers own names"),
    (("cookie_domain",), "github.io", "", "strangers own names"),
    (("cookie_domain",), "www.shop.example", "", "must be the host of https://shop.example"),
    (("cookie_domain",), "hop.example", "", "must be the host of https://shop.example"),
    (("directed_to_children",), True, "categories[1]", "a child cannot consent alone"),
    (("directed_to_children",), "yes", "", "true or false"),
    (("profile",), "us-ccpa", "", "must be one of gdpr"),
    (("reprompt_after",), "P13M", "", "at most P12M (profile gdpr"),
    (("reprompt_after",), "P5M", "", "at least P6M"),
    (("reprompt_after",), "P180D", "", "whole months"),
    (("record_retention",), "P25M", "", "at most P24M"),
    (("record_retention",), "P11M", "", "at least P12M"),
    (("signals", "google_consent_mode"), "on", "", "must be one of basic, advanced, off"),
    (("signals", "google_consent_mode"), "advanced", "", "before anybody has consented"),
    (("signals", "google_consent_mode"), None, "", "is empty"),
    (("signals", "linkedin"), "on", "", "takes no consent call"),
    (("signals", "meta"), "yes", "", "must be one of on, off"),
    (("signals", "matomo"), "cookie", "", "did you mean cookies"),
    (("theme", "layout"), "modal", "", "must be one of bar, box, centre"),
    (("theme", "radius"), 25, "", "0 to 24"),
    (("theme", "radius"), True, "", "0 to 24"),
    (("theme", "radius"), 8.0, "", "0 to 24"),
    (("theme", "accent"), "blue", "", "#2563eb"),
    (("theme", "accent"), "#ffffff", "", "background #ffffff"),
    (("theme", "accent_dark"), "#000000", "", "background #1b1e23"),
    (("theme", "position"), "middle", "", "must be one of bottom"),
    (("theme", "position"), "top-end", "", "the layout bar has one of bottom, top"),
    (("texts", "tlh"), {"title": "x"}, "", "no texts ship"),
    (("texts", "de"), {"title": "x"}, "", "not one of languages.available"),
    (("texts", "fr", "titel"), "x", "", "did you mean title"),
    (("texts", "fr", "intro"), "x" * 4_001, "", "at most 4,000"),
    (("texts", "fr", "intro"), "Hello {site}", "", "plain text"),
    (("texts", "fr", "category.analytics.text"), "x" * 201, "", "at most 200"),
    (("texts", "fr", "category.maps.title"), "x", "", "no category"),
    (("services", 0, "naem"), "x", "", "did you mean name"),
    (("zzz",), 1, "", "known here: authority"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "new", "path", "message"), CORPUS)
def test_a_document_that_breaks_a_rule_is_refused_with_the_place(place, new, path, message):
    errors = _errors(with_value(COMPLETE, place, new))

    assert message in errors[path or path_to(place)]


@pytest.mark.parametrize("key", list(MINIMAL))
def test_a_required_key_is_named_when_it_is_missing(key):
    errors = _errors({name: value for name, value in a_value().items() if name != key})

    assert errors[key] == "is required"


@pytest.mark.parametrize(
    "key",
    [
        "accept", "reject", "choose", "save", "withdraw", "reopen", "if_reject", "close",
        "services.one", "store.cookie", "necessary_reason.security", "rejected_status",
        "always_active",
    ],
)  # fmt: skip
def test_the_words_of_the_answers_cannot_be_replaced(key):
    value = with_value(COMPLETE, ("texts", "fr", key), "No thanks, I hate savings")

    with pytest.raises(DocumentInvalid) as refusal:
        validate_document(value)

    (error,) = refusal.value.errors
    assert error["reason"] == "text_locked"
    assert "reviewed in every language" in error["message"]


@pytest.mark.parametrize(
    ("place", "key", "law"),
    [
        (("categories", 1), "default", "Planet49"),
        (("categories", 1), "checked", "Planet49"),
        (("categories", 1), "pre_ticked", "Planet49"),
        (("categories", 1), "legitimate_interest", "ePrivacy"),
        (("services", 0), "basis", "ePrivacy"),
        ((), "cookie_wall", "EDPB guidelines 05/2020, 39"),
        ((), "accept_on_scroll", "EDPB guidelines 05/2020, 86"),
        ((), "auto_accept", "EDPB guidelines 05/2020, 86"),
        ((), "refuse_ttl", "as long as an acceptance"),
        ((), "hide_reject", "equal"),
        (("theme",), "reject_button", "equal"),
        (("theme",), "css", "disguised"),
        (("theme",), "delay", "at once"),
        ((), "hide_reopen", "Art. 7(3)"),
        ((), "geo", "profile holds"),
        ((), "ab_test", "Art. 25"),
    ],
)
def test_a_key_that_would_be_a_dark_pattern_is_refused_with_the_law(place, key, law):
    with pytest.raises(DocumentInvalid) as refusal:
        validate_document(with_value(COMPLETE, (*place, key), True))

    (error,) = refusal.value.errors
    assert error["reason"] == "never_configurable"
    assert law in error["message"]


def test_every_refusal_comes_at_once():
    value = with_value(COMPLETE, ("name",), "")
    value = with_value(value, ("services", 0, "stores", 0, "lifetime"), "P3Y")
    value = with_value(value, ("reprompt_after",), "P5M")
    del value["policy"]

    assert set(_errors(value)) == {
        "name", "services[0].stores[0].lifetime", "reprompt_after", "policy",
    }  # fmt: skip


def test_rules_between_keys_count_places_as_they_are_written():
    value = with_value(COMPLETE, ("services",), [None, 5, a_service(category="nope")])

    assert set(_errors(value)) == {"services[0]", "services[1]", "services[2].category"}


@pytest.mark.parametrize("name", ["_ga", "_ga_ABC", "_fbp", "IDE", "ide", "_g*", "*", "_hjSession"])
def test_a_known_tracker_cannot_be_called_necessary(name):
    place = ("services", 0, "stores", 0, "name")

    errors = _errors(with_value(REQUIRED_SERVICE, place, name))

    assert "services[0].stores[0].name" in errors


@pytest.mark.parametrize(
    "host", ["www.google-analytics.com", "connect.facebook.net:443", "clarity.ms"]
)
def test_a_known_host_of_trackers_cannot_be_called_necessary(host):
    errors = _errors(with_value(REQUIRED_SERVICE, ("services", 0, "hosts"), [host]))

    assert "known host of trackers" in errors["services[0].hosts[0]"]


@pytest.mark.parametrize(("key", "name"), [("id", "hotjar"), ("name", "Google Analytics 4")])
def test_a_known_tool_cannot_be_called_necessary(key, name):
    errors = _errors(with_value(REQUIRED_SERVICE, ("services", 0, key), name))

    assert "known tracking tool" in errors[f"services[0].{key}"]


def test_a_profile_bounds_when_visitors_are_asked_again():
    errors = _errors(a_value(profile="fr-cnil", reprompt_after="P12M"))

    assert "at most P6M (profile fr-cnil" in errors["reprompt_after"]


def test_a_language_without_texts_is_refused():
    errors = _errors(a_value(), available_texts={"fr"})

    assert errors == {"languages.available[1]": "texts are there in fr"}


@pytest.mark.parametrize("value", [None, [], "site: shop", 5])
def test_only_an_object_is_a_document(value):
    assert _errors(value) == {"": "must be an object of keys and values"}
