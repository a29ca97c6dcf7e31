"""What must hold between the parts of a document. Each rule yields a finding for every breach.

The rules also run when parts are missing or malformed, so that one reading names everything; they
look only at what could be read.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from consent_server.sites import durations, known_trackers, origins
from consent_server.sites.document import closed_lists
from consent_server.sites.document.cookie import broken_cookie_rules
from consent_server.sites.document.fields import did_you_mean
from consent_server.sites.document.findings import Finding, path_to
from consent_server.sites.document.restricted import broken_restricted_rules
from consent_server.sites.document.signals import broken_signal_rules
from consent_server.sites.document.texts import slots_of
from consent_server.sites.document.theme import broken_theme_rules
from consent_server.sites.profiles import (
    DEFAULT_PROFILE,
    LONGEST_RETENTION,
    PROFILES,
    SHORTEST_REPROMPT,
)

Data = Mapping[str, Any]
Rule = Callable[[Data], Iterator[Finding]]

#: What the service itself keeps on the device; a site cannot have it deleted or call it its own.
OWN_STORES = ("consent_state", "consent_token")


def broken_rules(data: Data, available_texts: Collection[str]) -> list[Finding]:
    """Return every breach of a rule between keys.

    :param data: what the schema could read, keys may be missing
    :param available_texts: languages whose texts are there
    """
    findings = [finding for rule in _RULES for finding in rule(data)]
    findings.extend(_languages_are_there(data, available_texts))
    return findings


def _required_categories_say_why(data: Data) -> Iterator[Finding]:
    for at, category in enumerate(_objects(data, "categories")):
        path = f"categories[{at}]"
        name, required = category.get("id"), category.get("required")
        if required is False and name == "necessary":
            yield Finding(
                f"{path}.required",
                "the category necessary must be required: true; give optional things another id",
                "necessary_demoted",
            )
        if required is True and name in closed_lists.NEVER_REQUIRED:
            yield Finding(
                f"{path}.required",
                f"{name} always needs consent (EDPB cookie banner taskforce, practice I)",
                "tracking_required",
            )
        if required is True and "reason" not in category:
            reasons = ", ".join(closed_lists.REASONS)
            message = f"is required when required is true: one of {reasons}"
            yield Finding(f"{path}.reason", message, "missing_key")
        if required is False and "reason" in category:
            message = "only a category with required: true has a reason; this one asks for consent"
            yield Finding(f"{path}.reason", message, "reason_without_need")
        if required is True and "gpc" in category:
            message = "a required category is not asked for, so no signal can refuse it"
            yield Finding(f"{path}.gpc", message, "gpc_without_question")


def _children_are_asked_nothing(data: Data) -> Iterator[Finding]:
    if data.get("directed_to_children") is not True:
        return
    for at, category in enumerate(_objects(data, "categories")):
        if category.get("required") is False:
            message = (
                "cannot be asked for with directed_to_children: true; a child cannot consent alone "
                "(GDPR Art. 8 and recital 38)"
            )
            yield Finding(f"categories[{at}]", message, "children_asked")


def _one_category_is_required(data: Data) -> Iterator[Finding]:
    categories = _objects(data, "categories")
    if categories and not any(category.get("required", True) for category in categories):
        message = (
            "at least one category must be required: the choice itself is stored on the device; "
            "{id: necessary, required: true, reason: consent_choice} is enough"
        )
        yield Finding("categories", message, "none_required")


def _services_have_a_category(data: Data) -> Iterator[Finding]:
    ids = [category["id"] for category in _objects(data, "categories") if "id" in category]
    for at, service in enumerate(_objects(data, "services")):
        named = service.get("category")
        if named is not None and ids and named not in ids:
            message = f"no category has the id {named}{did_you_mean(named, ids)}"
            yield Finding(f"services[{at}].category", message, "category_unknown")


def _required_services_track_nobody(data: Data) -> Iterator[Finding]:
    required = {
        category.get("id")
        for category in _objects(data, "categories")
        if category.get("required") is True
    }
    for at, service in enumerate(_objects(data, "services")):
        if service.get("category") in required:
            yield from _trackers_in(service, f"services[{at}]")


def _trackers_in(service: Data, path: str) -> Iterator[Finding]:
    why = "so it needs consent (EDPB cookie banner taskforce, practice I; CNIL SAN-2025-010)"
    for key in ("id", "name"):
        if known_trackers.is_tracking_tool(service.get(key, "")):
            yield Finding(f"{path}.{key}", f"is a known tracking tool, {why}", "known_tracker")
    for at, host in enumerate(_texts(service, "hosts")):
        if domain := known_trackers.tracker_host(host):
            message = f"{domain} is a known host of trackers, {why}"
            yield Finding(f"{path}.hosts[{at}]", message, "known_tracker")
    for at, store in enumerate(_objects(service, "stores")):
        if tool := known_trackers.tracker_named(store.get("name", "")):
            message = f"is or can be a tracker of {tool}, {why}"
            yield Finding(f"{path}.stores[{at}].name", message, "known_tracker")


def _services_of_others_have_a_policy(data: Data) -> Iterator[Finding]:
    domain = data.get("cookie_domain", "")
    own = [*filter(None, [domain, *map(origins.host_of, _texts(data, "origins"))])]
    for at, service in enumerate(_objects(data, "services")):
        hosts = [re.sub(r":\d+$", "", host) for host in _texts(service, "hosts")]
        is_own = hosts and all(any(origins.is_below(host, of) for of in own) for host in hosts)
        if "id" in service and "policy_url" not in service and not is_own:
            message = (
                "is required: visitors are told before they decide who gets their data (GDPR Art. "
                "13(1)(e)). Write the policy of the company behind it; if you run it yourself, "
                "name your own hosts in hosts, then your own policy stands for it"
            )
            yield Finding(f"services[{at}].policy_url", message, "missing_key")


def _stores_are_named(data: Data) -> Iterator[Finding]:
    for at, service in enumerate(_objects(data, "services")):
        for position, store in enumerate(_objects(service, "stores")):
            path, name = f"services[{at}].stores[{position}].name", store.get("name")
            if name is not None and not name.strip("*?"):
                message = "names nothing; write at least a part of the name"
                yield Finding(path, message, "name_too_wide")
            elif name and any(known_trackers.can_match_the_same(name, own) for own in OWN_STORES):
                message = f"would name what this service keeps itself ({', '.join(OWN_STORES)})"
                yield Finding(path, message, "name_too_wide")


def _only_cookies_are_http_only(data: Data) -> Iterator[Finding]:
    for at, service in enumerate(_objects(data, "services")):
        for position, store in enumerate(_objects(service, "stores")):
            if store.get("http_only") is True and store.get("kind", "cookie") != "cookie":
                path = f"services[{at}].stores[{position}].http_only"
                yield Finding(path, "only a cookie can be hidden from scripts", "not_a_cookie")


def _cookie_domain_is_the_parent_of_all(data: Data) -> Iterator[Finding]:
    domain = data.get("cookie_domain", "")
    for origin in _texts(data, "origins"):
        host = origins.host_of(origin)
        if domain and host and not origins.is_below(host, domain):
            message = f"must be the host of {origin}, or a parent of it: no other can keep it"
            yield Finding("cookie_domain", message, "cookie_domain_foreign")


def _asked_again_in_time(data: Data) -> Iterator[Finding]:
    profile = PROFILES.get(data.get("profile", DEFAULT_PROFILE))
    if profile is None or "reprompt_after" not in data:
        return
    after = durations.months(data["reprompt_after"])
    if after > profile.longest_reprompt:
        message = (
            f"may be at most P{profile.longest_reprompt}M (profile {profile.id}: {profile.source})"
        )
        yield Finding("reprompt_after", message, "reprompt_too_late")
    if after < SHORTEST_REPROMPT:
        message = (
            f"must be at least P{SHORTEST_REPROMPT}M: after a refusal nobody is asked again "
            "sooner (Garante, guidelines of 10 June 2021)"
        )
        yield Finding("reprompt_after", message, "reprompt_too_soon")


def _records_outlive_consent(data: Data) -> Iterator[Finding]:
    if "record_retention" not in data:
        return
    kept = durations.months(data["record_retention"])
    if kept > LONGEST_RETENTION:
        message = f"may be at most P{LONGEST_RETENTION}M (GDPR Art. 5(1)(e), storage limitation)"
        yield Finding("record_retention", message, "retention_too_long")
    profile = PROFILES.get(data.get("profile", DEFAULT_PROFILE))
    if profile is None:
        return
    after = durations.months(data.get("reprompt_after", f"P{profile.longest_reprompt}M"))
    if kept < after:
        message = (
            f"must be at least P{after}M, as long as a consent lives: it has to be proved "
            "while it is relied on (GDPR Art. 7(1))"
        )
        yield Finding("record_retention", message, "retention_too_short")


def _default_language_is_available(data: Data) -> Iterator[Finding]:
    languages = data.get("languages", {})
    default = languages.get("default")
    available = [tag for tag in _texts(languages, "available") if tag]
    if default and available and default not in available:
        message = f"must be one of languages.available: {', '.join(available)}"
        yield Finding("languages.default", message, "not_available")


def _languages_are_there(data: Data, available_texts: Collection[str]) -> Iterator[Finding]:
    for at, tag in enumerate(_texts(data.get("languages", {}), "available")):
        if tag and tag not in available_texts:
            message = f"texts are there in {', '.join(sorted(available_texts))}"
            yield Finding(f"languages.available[{at}]", message, "not_available")


def _texts_belong_to_something(data: Data) -> Iterator[Finding]:
    available = _texts(data.get("languages", {}), "available")
    ids = [category["id"] for category in _objects(data, "categories") if "id" in category]
    for language, slots in data.get("texts", {}).items():
        if available and language not in available:
            message = "this language is not one of languages.available"
            yield Finding(path_to(("texts", language)), message, "not_available")
        for slot in slots:
            part = closed_lists.CATEGORY_SLOT.fullmatch(slot)
            if part and ids and part[1] not in ids:
                message = f"no category has the id {part[1]}{did_you_mean(part[1], ids)}"
                yield Finding(path_to(("texts", language, slot)), message, "category_unknown")


def _data_is_there_in_each_language(data: Data) -> Iterator[Finding]:
    available = [tag for tag in _texts(data.get("languages", {}), "available") if tag]
    for at, service in enumerate(_objects(data, "services")):
        written = service.get("data")
        if not isinstance(written, dict) or not available:
            continue
        for language in available:
            if language not in written:
                message = "is required: it is written in other languages"
                yield Finding(path_to(("services", at, "data", language)), message, "missing_key")
        for language in written:
            if language not in available:
                message = "this language is not one of languages.available"
                yield Finding(path_to(("services", at, "data", language)), message, "not_available")


def _own_categories_have_texts(data: Data) -> Iterator[Finding]:
    for category in _objects(data, "categories"):
        name = category.get("id")
        if name is None or name in closed_lists.SHIPPED_CATEGORIES:
            continue
        for language in filter(None, _texts(data.get("languages", {}), "available")):
            for slot in slots_of(name):
                if slot not in data.get("texts", {}).get(language, {}):
                    message = f"is required: no text ships for the category {name}"
                    yield Finding(path_to(("texts", language, slot)), message, "missing_key")


_RULES: tuple[Rule, ...] = (
    _required_categories_say_why,
    _children_are_asked_nothing,
    _one_category_is_required,
    _services_have_a_category,
    _required_services_track_nobody,
    _services_of_others_have_a_policy,
    _stores_are_named,
    _only_cookies_are_http_only,
    _cookie_domain_is_the_parent_of_all,
    _asked_again_in_time,
    _records_outlive_consent,
    _default_language_is_available,
    _texts_belong_to_something,
    _data_is_there_in_each_language,
    _own_categories_have_texts,
    broken_cookie_rules,
    broken_restricted_rules,
    broken_signal_rules,
    broken_theme_rules,
)


def _objects(data: Data, key: str) -> list[Data]:
    """Return a list's entries, an empty object where one could not be read."""
    return [item if isinstance(item, dict) else {} for item in data.get(key) or []]


def _texts(data: Data, key: str) -> list[str]:
    """Return a list's entries, an empty text where one could not be read."""
    return [item if isinstance(item, str) else "" for item in data.get(key) or []]
