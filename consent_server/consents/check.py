"""The check: may this be acted upon, now or then? Anything but a live grant is a no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from consent_server.columns import UNREADABLE, rfc3339
from consent_server.consents.choices import Choice, Held, Question, question_of
from consent_server.consents.errors import InstantInFuture
from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import held_by
from consent_server.consents.standing import Standing, standing
from consent_server.db import db
from consent_server.errors import place_of
from consent_server.sites.directory import in_force
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of, publication_in_force
from consent_server.tokens.consent_token import verify
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.refusals import TokenRefused

REASONS = ("granted", "refused", "withdrawn", "expired", "stale", "unknown", "invalid")
log = structlog.get_logger(__name__)
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
        body: dict[str, Any] = {"site": self.site_id}
        if self.category is not None:
            body["granted"] = self.categories[self.category].reason == "granted"
        return {
            **body,
            "record_id": self.record_id,
            "categories": {id_: verdict.as_json() for id_, verdict in self.categories.items()},
            "services": {id_: verdict.as_json() for id_, verdict in self.services.items()},
            "expire_cookies": self.expire_cookies,
            "checked_at": rfc3339(self.checked_at),
        }


def check(site_id: str, question: CheckQuestion, ring: KeyRing, now: datetime) -> Answer:
    """Answer from the log, which knows withdrawals that a token in somebody's hand does not.

    A missing, malformed, forged or foreign token is an answer, never an error.

    :raises SiteUnknown: no site has this id
    :raises InstantInFuture: ``at`` is later than ``now``
    """
    instant = question.at or now
    if instant > now:
        raise InstantInFuture
    publication = in_force(site_id)
    if question.at is not None:
        publication = publication_in_force(site_id, instant) or publication
        db.session.expunge_all()
        db.session.rollback()  # what follows is read in a transaction of its own
    bundle = bundle_of(publication)
    rules = question_of(publication)
    record_id, problem = None, "unknown"
    categories: dict[str, Verdict] = {}
    services: dict[str, Verdict] = {}
    try:
        found, problem = _standing(site_id, question, ring, now)
        if found is not None:
            categories, services = _verdicts(rules, found, instant)
            record_id = found.record_id
    except UNREADABLE as error:  # somebody changed it: of that visitor nothing is known
        kind, at = type(error).__name__, place_of(error)
        log.error("record_unreadable", site=site_id, error=kind, at=at)
    categories = categories or {id_: Verdict(problem) for id_ in rules.since}
    if question.category is not None and question.category not in categories:
        categories[question.category] = Verdict("unknown")
    return Answer(
        site_id=site_id,
        category=question.category,
        categories=categories,
        services=services,
        record_id=record_id,
        expire_cookies=_cookies_to_expire(bundle, categories, services),
        checked_at=now,
    )


def _standing(
    site_id: str, question: CheckQuestion, ring: KeyRing, now: datetime
) -> tuple[Standing | None, str]:
    """Find what holds for the bearer of a token, or why nothing does."""
    if not question.token:
        return None, "unknown"
    try:
        claims = verify(question.token, ring, site_id, now, allow_expired=True)
    except TokenRefused:
        return None, "invalid"
    return standing(site_id, claims.jti, question.at), "unknown"


def _verdicts(
    rules: Question, found: Standing, instant: datetime
) -> tuple[dict[str, Verdict], dict[str, Verdict]]:
    """Return what holds for each category, and for each service that was answered alone."""
    categories = _categories(rules, found.held, instant)
    services = _services(rules, found.held, instant)
    # The record knows the end to the millisecond, the token to the second before it.
    if instant >= found.token_ends:
        categories |= _over({id_: categories[id_] for id_ in rules.optional})
        services = _over(services)
    return categories, services


def _over(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    """Grant nothing to the bearer of an expired token: a newer consent has a newer token."""
    return {
        id_: Verdict("expired", verdict.choice) if verdict.reason == "granted" else verdict
        for id_, verdict in verdicts.items()
    }


def _categories(rules: Question, held: Held, instant: datetime) -> dict[str, Verdict]:
    choices = held.categories
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


def _services(rules: Question, held: Held, instant: datetime) -> dict[str, Verdict]:
    return {
        id_: _verdict(choice, rules.is_service_stale(id_, choice), instant)
        for id_, choice in held.services.items()
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
    verdicts = _categories(question_of(publication), held_by(record), now)
    return {id_: verdict.as_json() for id_, verdict in verdicts.items()}
