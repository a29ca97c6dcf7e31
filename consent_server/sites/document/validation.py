"""From a document's text to typed values, or to everything that is wrong with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import marshmallow as ma

from consent_server.sites import durations
from consent_server.sites.document import closed_lists, fields
from consent_server.sites.document.findings import DocumentInvalid, Finding, path_to
from consent_server.sites.document.model import (
    Authority,
    Category,
    Controller,
    Languages,
    Policy,
    RestrictedProof,
    Service,
    SiteDocument,
    Store,
    Theme,
)
from consent_server.sites.document.reading import read_text
from consent_server.sites.document.rules import broken_rules
from consent_server.sites.document.schema import SiteSchema
from consent_server.sites.document.texts import LOCKED
from consent_server.sites.profiles import DEFAULT_PROFILE, LONGEST_RETENTION, PROFILES

_SCHEMA = SiteSchema()


def load_document(
    text: str, available_texts: Collection[str] = closed_lists.LANGUAGES
) -> SiteDocument:
    """Read a site's document.

    :param text: YAML, or JSON when it begins with ``{``; at most 128 KiB
    :param available_texts: language tags whose texts are there
    :raises DocumentInvalid: with every broken rule, not only the first
    """
    return validate_document(read_text(text), available_texts)


def validate_document(
    value: Any, available_texts: Collection[str] = closed_lists.LANGUAGES
) -> SiteDocument:
    """Check a document that was read already, such as one that was stored.

    :param value: dict, list, str, int, bool and None, nested
    :raises DocumentInvalid: with every broken rule
    """
    if not isinstance(value, dict):
        raise DocumentInvalid([Finding("", fields.NOT_AN_OBJECT)])
    findings: list[Finding] = []
    try:
        data = _SCHEMA.load(value)
    except ma.ValidationError as error:
        findings.extend(_flattened(error.messages, _SCHEMA, ()))
        data = error.valid_data or {}
    known = {finding.path for finding in findings}
    findings.extend(
        finding for finding in broken_rules(data, available_texts) if finding.path not in known
    )
    if findings:
        raise DocumentInvalid(findings)
    return _document(data)


def _flattened(messages: Any, place: Any, path: tuple[str | int, ...]) -> Iterator[Finding]:
    """Turn marshmallow's nested messages into findings.

    :param place: the schema or field that the messages belong to, None where there is none
    """
    if isinstance(messages, list):
        yield from (_finding(path, message, None) for message in messages)
        return
    for key, inner in messages.items():
        if key == ma.exceptions.SCHEMA:
            yield from _flattened(inner, place, path)
        elif isinstance(place, ma.Schema) and key not in place.fields:
            yield from (_finding((*path, key), message, place.fields) for message in inner)
        else:
            yield from _flattened(inner, _inside(place, key), (*path, key))


def _inside(place: Any, key: str | int) -> Any:
    """Return the schema or field at a key of a schema, or of a list's entries."""
    field = place.fields[str(key)] if isinstance(place, ma.Schema) else place
    if isinstance(field, ma.fields.List) and isinstance(key, int):
        field = field.inner
    return field.schema if isinstance(field, ma.fields.Nested) else field


def _finding(
    path: tuple[str | int, ...], message: str, siblings: Mapping[str, Any] | None
) -> Finding:
    """Name a message's reason; say of an unknown key which one is close, or why it cannot be."""
    key = str(path[-1]) if path else ""
    if siblings is not None:
        if why := closed_lists.REFUSED_KEYS.get(key.lower()):
            return Finding(path_to(path), f"this cannot be set: {why}", "never_configurable")
        hint = fields.did_you_mean(key, siblings) or f"; known here: {', '.join(sorted(siblings))}"
        return Finding(path_to(path), f"unknown key{hint}", "unknown_key")
    if message.startswith(fields.REQUIRED):
        return Finding(path_to(path), message, "missing_key")
    if message.startswith(LOCKED):
        return Finding(path_to(path), message, "text_locked")
    return Finding(path_to(path), message)


def _document(data: dict[str, Any]) -> SiteDocument:
    """Build the typed document from data that broke no rule."""
    profile = PROFILES[data.get("profile", DEFAULT_PROFILE)]
    return SiteDocument(
        site=data["site"],
        name=data["name"],
        origins=tuple(data["origins"]),
        controller=Controller(**data["controller"]),
        authority=Authority(**data["authority"]),
        storage_region=data["storage_region"],
        policy=Policy(**data["policy"]),
        languages=Languages(data["languages"]["default"], tuple(data["languages"]["available"])),
        categories=tuple(_category(category) for category in data["categories"]),
        services=tuple(_service(service) for service in data["services"]),
        profile=profile.id,
        reprompt_after=_in_months(data.get("reprompt_after", f"P{profile.longest_reprompt}M")),
        record_retention=_in_months(data.get("record_retention", f"P{LONGEST_RETENTION}M")),
        signals=data.get("signals", {}),
        theme=Theme(**data.get("theme", {})),
        cookie_domain=data.get("cookie_domain"),
        on_withdrawal=data["on_withdrawal"],
        directed_to_children=data["directed_to_children"],
        restricted_proof=_restricted_proof(data.get("restricted_proof")),
        texts=data.get("texts", {}),
    )


def _restricted_proof(data: dict[str, Any] | None) -> RestrictedProof | None:
    return None if data is None else RestrictedProof(**data)


def _category(data: dict[str, Any]) -> Category:
    """Say of every optional category whether Global Privacy Control is a no to it."""
    gpc = data.get("gpc", data["id"] in closed_lists.GPC_BY_DEFAULT)
    return Category(**{**data, "gpc": None if data["required"] else gpc})


def _service(data: dict[str, Any]) -> Service:
    service = Service(**data)
    return replace(
        service,
        data=_data(data["data"]),
        hosts=tuple(service.hosts),
        stores=tuple(Store(**store) for store in data["stores"]),
    )


def _data(
    written: list[str] | dict[str, list[str]],
) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    if isinstance(written, dict):
        return {language: tuple(kinds) for language, kinds in written.items()}
    return tuple(written)


def _in_months(duration: str) -> str:
    return f"P{durations.months(duration)}M"
