"""The wire form of decisions and checks: translates to values and back, nothing else."""

import re
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from werkzeug.datastructures import Headers, MultiDict

from consent_server.consents.check import REASONS, CheckQuestion
from consent_server.consents.choices import Decision
from consent_server.consents.models import ACTIONS, EVENTS, METHODS
from consent_server.web.fields import Base64url, Instant, StrictBoolean, StrictInteger

#: Ids of categories and services.
_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,39}\Z")
_SITE = re.compile(r"^[a-z0-9-]{3,40}\Z")
_KEY = re.compile(r"^[A-Za-z0-9_-]{22,64}\Z")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
NAME = ma.validate.Regexp(_NAME, error="Must be an id: a-z, 0-9, - and _.")
SITE = ma.validate.Regexp(_SITE, error="Must be a site id.")
KEY = ma.validate.Regexp(_KEY, error="Must be 22 to 64 characters of base64url.")
LANGUAGE = ma.validate.Regexp(_LANGUAGE, error="Must be a BCP 47 tag.")


def _choices(most: int) -> ma.fields.Dict:
    return ma.fields.Dict(
        keys=ma.fields.String(validate=NAME),
        values=StrictBoolean(),
        validate=ma.validate.Length(max=most),
        load_default=dict,
    )


_FLAGS = frozenset({"gpc", "trusted"})
#: Texts of a decision and their forms; those that may be left out are null then.
_FORMS = {
    "consent_id": re.compile(r"[A-Za-z0-9_-]{22}\Z"),
    "idempotency_key": _KEY,
    "bundle": re.compile(r"[A-Za-z0-9_-]{43}\Z"),
    "build": re.compile(r"[A-Za-z0-9_-]{43}\Z"),
    "language": _LANGUAGE,
}
_NEEDED = frozenset({"action", "method", "bundle", "build", "language"})
_NAMES = frozenset({*_FORMS, *_NEEDED, *_FLAGS, "categories", "services", "n"})


def _are_choices(value: Any, most: int) -> bool:
    return (
        type(value) is dict
        and len(value) <= most
        and all(answer is True or answer is False for answer in value.values())
        and all(_NAME.match(id_) for id_ in value)
    )


def quick_decision(body: dict[str, Any]) -> tuple[Decision, str | None] | None:
    """Return what :class:`DecisionSchema` loads from a well-formed body; None is for it to say."""
    names = body.keys()
    if not _NEEDED <= names <= _NAMES or ("n" in names) != ("consent_id" in names):
        return None
    for name, form in _FORMS.items():
        if name in names and (type(body[name]) is not str or not form.match(body[name])):
            return None
    if any(type(body[name]) is not bool for name in _FLAGS & names):
        return None
    n = body.get("n")
    if "n" in names and (type(n) is not int or not 1 <= n <= 2**53 - 1):
        return None
    categories, services = body.get("categories", {}), body.get("services", {})
    if not _are_choices(categories, 32) or not _are_choices(services, 500):
        return None
    if body["action"] not in ACTIONS or body["method"] not in METHODS:
        return None
    decision = Decision(
        action=body["action"],
        method=body["method"],
        categories=dict(categories),
        services=dict(services),
        consent_id=body.get("consent_id"),
        n=n,
        bundle=body["bundle"],
        build=body["build"],
        language=body["language"],
        gpc=body.get("gpc", False),
        trusted=body.get("trusted", False),
    )
    return decision, body.get("idempotency_key")


def quick_query(given: MultiDict[str, str]) -> tuple[str, CheckQuestion] | None:
    """Return what :class:`CheckQuerySchema` loads from a question about now; None is for it."""
    if not given.keys() <= {"site", "token", "category"}:
        return None
    if any(len(values) != 1 for values in given.listvalues()):
        return None
    site, category = given.get("site", ""), given.get("category")
    if not _SITE.match(site) or (category is not None and not _NAME.match(category)):
        return None
    return site, CheckQuestion(given.get("token"), category)


def quick_key(given: Mapping[str, str] | Headers) -> dict[str, Any] | None:
    """Return what :class:`RecordHeadersSchema` loads where there is no key, or a good one."""
    key = given.get("Idempotency-Key")
    return {"idempotency_key": key} if key is None or _KEY.match(key) else None


class DecisionSchema(ma.Schema):
    """A visitor's decision, as the widget sends it."""

    quick = staticmethod(quick_decision)

    #: Bytes: an answer to each of 500 services and 32 categories has some 27,000.
    max_bytes = 32 * 1024
    accepts_plain_text = True

    idempotency_key = ma.fields.String(
        validate=KEY,
        load_default=None,
        metadata={"description": "Only where the header Idempotency-Key cannot be sent."},
    )
    action = ma.fields.String(required=True, validate=ma.validate.OneOf(ACTIONS))
    method = ma.fields.String(required=True, validate=ma.validate.OneOf(METHODS))
    categories = _choices(32)
    services = _choices(500)
    consent_id = Base64url(22, load_default=None)
    n = StrictInteger(load_default=None, validate=ma.validate.Range(1, 2**53 - 1))
    bundle = Base64url(43, required=True)
    build = Base64url(43, required=True)
    language = ma.fields.String(required=True, validate=LANGUAGE)
    gpc = StrictBoolean(
        load_default=False,
        metadata={"description": "Global Privacy Control; the header Sec-GPC: 1 counts as well."},
    )
    trusted = StrictBoolean(load_default=False)

    @ma.validates_schema
    def _check_pair(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("consent_id") is None) != (data.get("n") is None):
            raise ma.ValidationError("consent_id and n go together.", "n")

    @ma.post_load
    def to_decision(self, data: dict[str, Any], **_: Any) -> tuple[Decision, str | None]:
        """Return the decision and the idempotency key of the body, if it has one."""
        key = data.pop("idempotency_key")
        return Decision(**data), key


class RecordHeadersSchema(ma.Schema):
    """Headers of a request to record."""

    quick = staticmethod(quick_key)

    idempotency_key = ma.fields.String(data_key="Idempotency-Key", validate=KEY, load_default=None)


class ChoiceSchema(ma.Schema):
    """What holds for one category or service."""

    granted = ma.fields.Boolean(required=True)
    decided_at = ma.fields.String(required=True, metadata={"format": "date-time"})
    expires_at = ma.fields.String(required=True, metadata={"format": "date-time"})


class RecordedSchema(ma.Schema):
    """The answer to a recorded decision."""

    record_id = ma.fields.String(required=True)
    event = ma.fields.String(required=True, validate=ma.validate.OneOf(EVENTS))
    recorded_at = ma.fields.String(required=True, metadata={"format": "date-time"})
    expires_at = ma.fields.String(required=True, metadata={"format": "date-time"})
    categories = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Nested(ChoiceSchema), required=True
    )
    services = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Nested(ChoiceSchema), required=True
    )
    token = ma.fields.String(
        metadata={"description": "The consent token; none for a refusal without a consent id."}
    )
    superseded = ma.fields.Boolean(
        metadata={"description": "True when a newer decision was already known."}
    )


class CheckItemSchema(ma.Schema):
    """One question."""

    token = ma.fields.String(load_default=None, allow_none=True)
    category = ma.fields.String(load_default=None, validate=NAME)
    at = Instant(load_default=None, metadata={"type": "string", "format": "date-time"})

    @ma.post_load
    def to_question(self, data: dict[str, Any], **_: Any) -> Any:
        """Return the question as a value."""
        return CheckQuestion(data["token"], data["category"], data["at"])


class CheckQuerySchema(CheckItemSchema):
    """One question in an address."""

    quick = staticmethod(quick_query)

    site = ma.fields.String(required=True, validate=SITE)

    @ma.post_load
    def to_question(self, data: dict[str, Any], **_: Any) -> Any:
        """Return the site and the question."""
        return data["site"], CheckQuestion(data["token"], data["category"], data["at"])


class CheckManySchema(ma.Schema):
    """Many questions about one site."""

    #: Bytes: with four categories a token has some 650 characters.
    max_bytes = 64 * 1024

    site = ma.fields.String(required=True, validate=SITE)
    checks = ma.fields.List(
        ma.fields.Nested(CheckItemSchema), required=True, validate=ma.validate.Length(1, 100)
    )


class VerdictSchema(ma.Schema):
    """What holds for one category or service."""

    granted = ma.fields.Boolean(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(REASONS))
    decided_at = ma.fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    expires_at = ma.fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class CheckAnswerSchema(ma.Schema):
    """The answer to one question."""

    site = ma.fields.String(required=True)
    granted = ma.fields.Boolean(metadata={"description": "Only when a category was asked about."})
    record_id = ma.fields.String(required=True, allow_none=True)
    categories = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Nested(VerdictSchema), required=True
    )
    services = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Nested(VerdictSchema), required=True
    )
    expire_cookies = ma.fields.List(ma.fields.String(), required=True)
    checked_at = ma.fields.String(required=True, metadata={"format": "date-time"})


class CheckAnswersSchema(ma.Schema):
    """The answers to many questions, in their order."""

    site = ma.fields.String(required=True)
    results = ma.fields.List(ma.fields.Nested(CheckAnswerSchema), required=True)
    checked_at = ma.fields.String(required=True, metadata={"format": "date-time"})
