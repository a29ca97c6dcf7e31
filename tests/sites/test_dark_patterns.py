"""No document that is accepted can make refusing harder than accepting.

Each check below is one pattern that a document could try to express; the numbers are those of the
list in docs/site-document.md, "What cannot be written".
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import DocumentInvalid, Theme, validate_document
from consent_server.sites.document.closed_lists import (
    CATEGORY_SLOT,
    FREE_SLOTS,
    NEVER_REQUIRED,
    REASONS,
    REFUSED_KEYS,
)
from consent_server.sites.document.json_schema import key_paths
from consent_server.sites.document.signals import SIGNALS
from consent_server.sites.durations import months
from consent_server.sites.known_trackers import tracker_host, tracker_named
from consent_server.sites.profiles import PROFILES
from consent_server.sites.theme import palettes
from tests.sites.documents import BUILD, SHIPPED, a_service, a_value, values, with_value

#: Every key of a bundle but the texts' slots: nothing else can reach the widget.
KEYS = {
    "v", "site", "revision", "name", "address", "contact", "dpo", "url", "version", "controller",
    "authority", "storage_region", "record_retention", "policy", "profile", "reprompt_after",
    "languages", "default", "available", "categories", "id", "required", "reason", "since",
    "services", "category", "policy_url", "country", "data", "hosts", "stores", "kind", "lifetime",
    "signals", *(signal.id for signal in SIGNALS), "mode", "regions", "wait_for_update",
    "ads_data_redaction", "url_passthrough", "functional", "analytics", "marketing", "theme",
    "layout", "position", "scheme", "accent", "accent_dark", "background", "background_dark",
    "radius", "font", "text_size", "shared", "texts", "build", "gpc", "http_only",
    "cookie_domain", "scope", "directed_to_children", "on_withdrawal",
}  # fmt: skip

Bundle = dict[str, Any]


def _only_known_keys_reach_the_widget(bundle: Bundle) -> None:
    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    assert keys({name: value for name, value in bundle.items() if name != "texts"}) <= KEYS


def _nothing_optional_starts_switched_on(bundle: Bundle) -> None:
    for category in bundle["categories"]:
        if not category["required"]:
            assert category.keys() - {"gpc"} == {"id", "required", "since"}


def _nothing_tracking_is_called_necessary(bundle: Bundle) -> None:
    required = {item["id"]: item for item in bundle["categories"] if item["required"]}
    assert required
    assert not required.keys() & NEVER_REQUIRED
    assert {item["reason"] for item in required.values()} <= set(REASONS)
    for service in bundle["services"]:
        if service["category"] in required:
            assert not any(tracker_named(store["name"]) for store in service["stores"])
            assert not any(tracker_host(host) for host in service["hosts"])


#: Numbers, periods, countries and lists, which the service writes out itself.
WRITTEN_OUT = re.compile(r"services(\..+)?|lifetime\.P.+|country\..+|data\..+")
#: What stands for names in a shipped text.
NAMES = re.compile(r"\{(categories|scope)\}")


def _the_words_of_the_answers_are_the_reviewed_ones(bundle: Bundle) -> None:
    for tag, slots in bundle["texts"].items():
        for slot, text in slots.items():
            if slot in FREE_SLOTS or CATEGORY_SLOT.fullmatch(slot):
                continue
            if WRITTEN_OUT.fullmatch(slot) is None:
                around = map(re.escape, NAMES.split(SHIPPED[tag][slot])[::2])
                assert re.fullmatch(".+".join(around), text)
        assert slots["accept"] and slots["reject"] and slots["withdraw"] and slots["reopen"]


def _a_refusal_is_remembered_as_long_as_an_acceptance_and_half_a_year(bundle: Bundle) -> None:
    assert [key for key in bundle if "ttl" in key or "reprompt" in key] == ["reprompt_after"]
    assert 6 <= months(bundle["reprompt_after"]) <= PROFILES[bundle["profile"]].longest_reprompt
    assert months(bundle["reprompt_after"]) <= months(bundle["record_retention"]) <= 24


def _purposes_are_named_shortly_in_every_language(bundle: Bundle) -> None:
    assert bundle["texts"].keys() == set(bundle["languages"]["available"])
    for slots in bundle["texts"].values():
        for category in bundle["categories"]:
            assert slots[f"category.{category['id']}.title"].strip()
            assert 0 < len(slots[f"category.{category['id']}.text"]) <= 200


def _both_answers_share_one_look_that_can_be_seen(bundle: Bundle) -> None:
    for palette in palettes(Theme(**bundle["theme"])).values():
        assert all(ratio >= least for _, ratio, least in palette.contrasts())


def _every_service_can_be_refused_with_its_category(bundle: Bundle) -> None:
    categories = {category["id"] for category in bundle["categories"]}
    assert {service["category"] for service in bundle["services"]} <= categories
    assert bundle["controller"]["name"] and bundle["authority"]["url"] and bundle["policy"]["url"]


CHECKS = [
    _only_known_keys_reach_the_widget,
    _nothing_optional_starts_switched_on,
    _nothing_tracking_is_called_necessary,
    _the_words_of_the_answers_are_the_reviewed_ones,
    _a_refusal_is_remembered_as_long_as_an_acceptance_and_half_a_year,
    _purposes_are_named_shortly_in_every_language,
    _both_answers_share_one_look_that_can_be_seen,
    _every_service_can_be_refused_with_its_category,
]

HOSTILE_VALUES = some.sampled_from([True, False, 0, 30, "accept", "P1D", [], {}, "none", "hidden"])
PLACES: list[tuple[str | int, ...]] = [
    (), ("controller",), ("policy",), ("languages",), ("categories", 0), ("categories", 1),
    ("services", 0), ("services", 0, "stores", 0), ("signals",), ("theme",), ("texts", "fr"),
    ("texts",),
]  # fmt: skip
#: What a document may hold, by name wherever it stands.
EVERY_KEY = {step.removesuffix("[]") for path in key_paths() for step in path.split(".")}
#: Texts are named by language and slot, and say so in words of their own.
_OF_TEXTS = {"invalid_value", "text_locked"}
COMPLETE = a_value(services=[a_service()], signals={}, theme={}, texts={"fr": {}})


@settings(max_examples=150)
@given(values())
def test_no_accepted_document_publishes_a_dark_pattern(value):
    bundle = build_bundle(validate_document(value), SHIPPED, BUILD, None)

    for check in CHECKS:
        check(bundle)
    assert "origins" not in json.dumps(bundle)


@settings(max_examples=150)
@given(some.sampled_from(PLACES), some.sampled_from(sorted(REFUSED_KEYS)), HOSTILE_VALUES)
def test_no_key_of_another_consent_tool_gets_a_dark_pattern_in(place, key, value):
    if (place, key) == (("languages",), "default"):
        return

    with pytest.raises(DocumentInvalid):
        validate_document(with_value(COMPLETE, (*place, key), value))


@settings(max_examples=150)
@given(
    some.sampled_from(PLACES),
    some.from_regex(r"[a-z][a-z_]{0,30}", fullmatch=True).filter(lambda key: key not in EVERY_KEY),
    HOSTILE_VALUES,
)
def test_no_key_that_is_not_written_down_is_ever_accepted(place, key, value):
    with pytest.raises(DocumentInvalid) as refusal:
        validate_document(with_value(COMPLETE, (*place, key), value))

    named = [error["reason"] for error in refusal.value.errors if key in error["path"]]
    assert named and set(named) <= {"unknown_key", "never_configurable", *_OF_TEXTS}


@settings(max_examples=150)
@given(values(), some.data())
def test_a_document_changed_at_random_is_refused_or_publishes_no_dark_pattern(value, data):
    path = data.draw(some.sampled_from(list(_places(value))))
    changed = with_value(value, path, data.draw(HOSTILE_VALUES))

    try:
        document = validate_document(changed)
    except DocumentInvalid as refusal:
        assert refusal.errors
    else:
        bundle = build_bundle(document, SHIPPED, BUILD, None)
        for check in CHECKS:
            check(bundle)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in items:
        yield (*path, step)
        if isinstance(inner, (dict, list)):
            yield from _places(inner, (*path, step))
