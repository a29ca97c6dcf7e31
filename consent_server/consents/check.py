"""The check: may this be acted upon, now or then? Anything but a live grant is a no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_server.consents.choices import Choice, Question
from consent_server.consents.errors import InstantInFuture
from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import find_record, held_by, record_in_force
from consent_server.db import rfc3339
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of, current_publication, publication_in_force
from consent_server.tokens.consent_token import verify
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.refusals import TokenRefused

REASONS = ("granted", "refused", "withdrawn", "expired", "stale", "unknown", "invalid")
#: After these, what the category stored on the device has to go.
ENDED = ("withdrawn", "expired")


@dataclass(frozen=True)
class CheckQuestion:
    """One question of a site's back end."""

    token: str | None
    category: str | None = None
    #: Aware, UTC; None means now.
    at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What holds for one category or service."""

    reason: str
    choice: Choice | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the wire form; the instants are null where nothing was decided."""
        choice = self.choice
        return {
            "granted": self.reason == "granted",
            "reason": self.reason,
            "decided_at": rfc3339(choice.decided_at) if choice else None,
            "expires_at": rfc3339(choice.expires_at) if choice else None,
        }


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    site_id: str
    category: str | None
    categories: dict[str, Verdict]
    services: dict[str, Verdict]
    record_id: str | None
    #: Cookies of ended categories, which the site's server can expire and a script may not see.
    expire_cookies: list[str]
    checked_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return the wire form; ``granted`` is there exactly when one category was asked about."""
        body: dict[str, Any] = {
            "site": self.site_id,
            "record_id": self.record_id,
            "categories": {id_: verdict.as_json() for id_, verdict in self.categories.items()},
            "services": {id_: verdict.as_json() for id_, verdict in self.services.items()},
            "expire_cookies": self.expire_cookies,
            "checked_at": rfc3339(self.checked_at),
        }
        if self.category is not None:
            body["granted"] = self.categories[self.category].reason == "granted"
        return body


def check(site_id: str, question: CheckQuestion, ring: KeyRing, now: datetime) -> Answer:
    """Answer from the log, which knows withdrawals that a token in somebody's hand does not.

    A missing, malformed, forged or foreign token is an answer, never an error.

    :raises SiteUnknown: no site has this id
    :raises InstantInFuture: ``at`` is later than ``now``
    """
    instant = question.at or now
    if instant > now:
        raise InstantInFuture
    publication = current_publication(site_id)
    if question.at is not None:
        publication = publication_in_force(site_id, instant) or publication
    found = _record(site_id, question, instant, ring, now)
    bundle = bundle_of(publication)
    rules = Question(bundle)
    record = found.record
    categories = {id_: Verdict(found.problem) for id_ in rules.since}
    services: dict[str, Verdict] = {}
    if record is not None:
        categories = _categories(rules, record, instant)
        services = _services(rules, record, instant)
        if found.is_token_over:
            categories |= _over({id_: categories[id_] for id_ in rules.optional})
            services = _over(services)
    if question.category is not None and question.category not in categories:
        categories[question.category] = Verdict("unknown")
    return Answer(
        site_id=site_id,
        category=question.category,
        categories=categories,
        services=services,
        record_id=record.record_id if record else None,
        expire_cookies=_cookies_to_expire(bundle, categories, services),
        checked_at=now,
    )


@dataclass(frozen=True)
class _Found:
    """What a token leads to."""

    #: Why there is no record; without meaning where there is one.
    problem: str
    record: ConsentRecord | None = None
    #: Whether the consent that the token was issued for is past its end.
    is_token_over: bool = False


def _record(
    site_id: str, question: CheckQuestion, instant: datetime, ring: KeyRing, now: datetime
) -> _Found:
    """Find the record in force for the bearer of a token, or why there is none."""
    if not question.token:
        return _Found("unknown")
    try:
        claims = verify(question.token, ring, site_id, now, allow_expired=True)
    except TokenRefused:
        return _Found("invalid")
    issued_for = find_record(site_id, claims.jti)
    if issued_for is None or issued_for.subject is None:
        return _Found("unknown")
    # The record knows the end to the millisecond, the token to the second before it.
    is_over = instant >= issued_for.expires_at
    return _Found("unknown", record_in_force(site_id, issued_for.subject, question.at), is_over)


def _over(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """Grant nothing to the bearer of an expired token: a newer consent has a newer token."""
    return {
        id_: Verdict("expired", verdict.choice) if verdict.reason == "granted" else verdict
        for id_, verdict in verdicts.items()
    }


def _categories(rules: Question, record: ConsentRecord, instant: datetime) -> dict[str, Verdict]:
    choices = held_by(record).categories
    verdicts = {}
    for id_ in rules.since:
        choice = choices.get(id_)
        if id_ in rules.required:
            verdicts[id_] = Verdict("granted", choice)
        elif choice is None:
            verdicts[id_] = Verdict("stale")  # it came after the decision
        else:
            verdicts[id_] = _verdict(choice, rules.is_stale(id_, choice), instant)
    return verdicts


def _services(rules: Question, record: ConsentRecord, instant: datetime) -> dict[str, Verdict]:
    return {
        id_: _verdict(choice, rules.is_service_stale(id_, choice), instant)
        for id_, choice in held_by(record).services.items()
        if id_ in rules.services
    }


def _verdict(choice: Choice, is_stale: bool, instant: datetime) -> Verdict:
    if not choice.granted:
        return Verdict(choice.ended or "refused", choice)
    if instant >= choice.expires_at:
        return Verdict("expired", choice)
    return Verdict("stale" if is_stale else "granted", choice)


def _cookies_to_expire(
    bundle: dict[str, Any], categories: dict[str, Verdict], services: dict[str, Verdict]
) -> list[str]:
    """Name the cookies of what ended: a service answered alone, or with its category (R042).

    What no script can delete is named after a refusal too: it may be older than the question.
    """
    unanswered = Verdict("unknown")
    return sorted(
        {
            store["name"]
            for service in bundle["services"]
            for verdict in [services.get(service["id"], categories.get(service["category"]))]
            for reason in [(verdict or unanswered).reason]
            for store in service["stores"]
            if store["kind"] == "cookie"
            and (reason in ENDED or (reason == "refused" and store.get("http_only")))
        }
    )


def verdicts_in_force(
    publication: Publication, record: ConsentRecord, now: datetime
) -> dict[str, Any]:
    """Return the verdict on every category of a record, for the visitor who holds it."""
    verdicts = _categories(Question(bundle_of(publication)), record, now)
    return {id_: verdict.as_json() for id_, verdict in verdicts.items()}
