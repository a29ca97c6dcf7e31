"""Use cases of consent: record a decision, let a grant lapse, say what is in force."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from consent_server.consents.choices import (
    Choice,
    Choices,
    Decision,
    Outcome,
    Previous,
    Question,
    decide,
    lapse,
    restrict,
)
from consent_server.consents.errors import (
    BuildUnknown,
    BundleOutdated,
    ConsentIdRequired,
    GrantUntrusted,
    IdempotencyConflict,
    LanguageUnknown,
)
from consent_server.consents.models import ConsentRecord, IdempotencyKey
from consent_server.db import db, lock_for_writing, writing
from consent_server.sites.models import Publication
from consent_server.sites.service import (
    bundle_of,
    current_publication,
    publication_of,
    widget_build,
)
from consent_server.tokens import consent_token
from consent_server.tokens.keyring import KeyRing

#: Resolution of the log's clock: a subject's records never share an instant.
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Request:
    """One request to record: the decision and what makes its retry harmless."""

    decision: Decision
    #: 22 to 64 characters base64url, chosen by the browser.
    key: str
    #: SHA-256 of the body's canonical JSON, 43 characters.
    body_hash: str


@dataclass(frozen=True)
class Recorded:
    """What came of a request."""

    record: ConsentRecord
    #: False when the same request had been answered before.
    is_new: bool
    #: Whether the record is what holds now; if not, no token is given.
    is_in_force: bool


def record_decision(site_id: str, request: Request, ring: KeyRing, now: datetime) -> Recorded:
    """Append one decision to the site's log.

    A grant must be made on the bundle in force, by the visitor. A refusal or a withdrawal is taken
    on any bundle that the site ever published: nothing may come between a visitor and a no.

    :param now: aware, UTC; becomes ``recorded_at``
    :raises SiteUnknown: no site has this id
    :raises IdempotencyConflict: the key was used with another body
    :raises BundleOutdated: the bundle is not the one in force, or never was
    :raises BuildUnknown: the widget build was never published
    :raises ConsentError: the decision contradicts itself or the bundle (``consents.errors``)
    :source: GDPR Art. 7(1), the controller must be able to demonstrate consent; Art. 7(3)
    """
    decision = request.decision
    subject = ring.subject(site_id, decision.consent_id) if decision.consent_id else None
    with writing():
        current = current_publication(site_id)
        lock_for_writing("key", site_id, request.key)
        answered = db.session.get(IdempotencyKey, (site_id, request.key))
        if answered is not None:
            return _again(site_id, request, answered)
        publication = _shown(current, decision)
        if subject is not None:
            lock_for_writing("subject", site_id, subject)
        record = _next_record(publication, decision, subject, now)
        db.session.add(record)
        db.session.flush()
        db.session.add(
            IdempotencyKey(
                site_id=site_id,
                key=request.key,
                body_hash=request.body_hash,
                record_id=record.record_id,
                added_at=now,
            )
        )
        db.session.commit()
    return Recorded(record, is_new=True, is_in_force=not record.superseded)


def record_in_force(site_id: str, subject: str, at: datetime | None = None) -> ConsentRecord | None:
    """Return the record that holds for a subject, now or at a past instant.

    The highest counter wins, however late it arrived; what it overrode was marked on arrival.
    """
    query = sa.select(ConsentRecord).where(
        ConsentRecord.site_id == site_id,
        ConsentRecord.subject == subject,
        ConsentRecord.superseded == sa.false(),
    )
    if at is not None:
        query = query.where(ConsentRecord.recorded_at <= at)
    order = (ConsentRecord.n.desc(), ConsentRecord.recorded_at.desc())
    return db.session.scalars(query.order_by(*order).limit(1)).first()


def find_record(site_id: str, record_id: str) -> ConsentRecord | None:
    """Return a record of this site by its id, if there is one."""
    return db.session.get(ConsentRecord, (site_id, record_id))


def record_lapse(
    record: ConsentRecord, publication: Publication, now: datetime
) -> ConsentRecord | None:
    """Append the expiry of a record's grants whose time is over; None when there is nothing to end.

    The caller holds the subject's lock and commits.
    """
    required = Question(bundle_of(publication)).required
    optional = set(record.categories) - set(required)
    categories, services = choices_of(record.categories), choices_of(record.services)
    ended = lapse(categories, optional, now), lapse(services, services, now)
    if ended == (categories, services):
        return None
    expired = ConsentRecord(
        site_id=record.site_id,
        record_id=new_record_id(),
        previous=record.record_id,
        event="expired",
        action=None,
        method=None,
        recorded_at=max(now, record.recorded_at + TICK),
        expires_at=record.expires_at,
        categories=as_json(ended[0]),
        services=as_json(ended[1]),
        revision=record.revision,
        bundle=record.bundle,
        build=record.build,
        language=record.language,
        policy_version=record.policy_version,
        profile=record.profile,
        gpc=record.gpc,
        trusted=record.trusted,
        subject=record.subject,
        n=record.n,
        superseded=False,
    )
    db.session.add(expired)
    db.session.flush()
    return expired


def new_record_id() -> str:
    """Return 128 random bits as 22 characters, none of which a spreadsheet takes for a formula."""
    while (record_id := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return record_id


def token_for(recorded: Recorded, ring: KeyRing, issuer: str) -> str | None:
    """Sign the consent token of a record; None for a refusal by nobody, or for one without effect.

    :param issuer: public address of the service
    """
    record = recorded.record
    if record.subject is None or not recorded.is_in_force:
        return None
    choices = choices_of(record.categories)
    claims = consent_token.Claims(
        iss=issuer,
        aud=record.site_id,
        jti=record.record_id,
        iat=int(record.recorded_at.timestamp()),
        exp=int(record.expires_at.timestamp()),
        bundle=record.bundle,
        categories={
            id_: consent_token.Choice(choice.granted, int(choice.decided_at.timestamp()))
            for id_, choice in choices.items()
        },
    )
    return consent_token.issue(claims, ring)


def choices_of(stored: dict[str, dict[str, object]]) -> dict[str, Choice]:
    """Read the choices of a record."""
    return {id_: Choice.from_json(choice) for id_, choice in stored.items()}


def as_json(choices: Choices) -> dict[str, dict[str, object]]:
    """Write choices in the form in which a record holds them."""
    return {id_: choice.as_json() for id_, choice in choices.items()}


def _again(site_id: str, request: Request, answered: IdempotencyKey) -> Recorded:
    """Answer a request that was answered before.

    A grant that was overridden since comes back without a token: a late retry must not resurrect
    it in the browser either.
    """
    if answered.body_hash != request.body_hash:
        raise IdempotencyConflict
    record = find_record(site_id, answered.record_id)
    if record is None:  # the foreign key forbids it
        raise LookupError("an idempotency key without its record")
    is_in_force = not record.superseded
    if record.subject is not None:
        in_force = record_in_force(site_id, record.subject)
        is_in_force = in_force is not None and in_force.record_id == record.record_id
    db.session.rollback()
    return Recorded(record, is_new=False, is_in_force=is_in_force)


def _shown(current: Publication, decision: Decision) -> Publication:
    """Return the publication on which a decision was made, if it may be made on it."""
    publication: Publication | None = current
    if decision.bundle != current.bundle_hash:
        publication = publication_of(current.site_id, decision.bundle)
        if publication is None or decision.grants:
            raise BundleOutdated(decision.bundle, current.bundle_hash)
    if decision.build != bundle_of(current)["build"] and widget_build(decision.build) is None:
        raise BuildUnknown(decision.build)
    languages = bundle_of(publication or current)["languages"]["available"]
    if decision.language not in languages:
        raise LanguageUnknown(decision.language, languages)
    if (decision.grants or decision.action == "withdraw") and decision.consent_id is None:
        raise ConsentIdRequired
    is_own_click = decision.trusted or decision.method == "api"
    if decision.grants and (not is_own_click or decision.method in ("gpc", "import")):
        raise GrantUntrusted
    return publication or current


def _next_record(
    publication: Publication, decision: Decision, subject: str | None, now: datetime
) -> ConsentRecord:
    """Build the record that follows what is in force for the subject."""
    question = Question(bundle_of(publication))
    held = record_in_force(publication.site_id, subject) if subject else None
    if held is not None:
        now = max(now, held.recorded_at + TICK)
        lapsed = record_lapse(held, publication, now)
        if lapsed is not None:
            held, now = lapsed, lapsed.recorded_at + TICK
    is_late = held is not None and decision.n is not None and decision.n < (held.n or 0)
    previous = _previous(held) if held is not None and not is_late else None
    outcome = decide(question, decision, previous, now)
    is_superseded = is_late
    if held is not None and previous is not None and decision.n == held.n:
        outcome = restrict(outcome, previous, now)
        is_superseded = _is_same(outcome, previous, question.optional)
    return ConsentRecord(
        site_id=publication.site_id,
        record_id=new_record_id(),
        previous=held.record_id if held is not None else None,
        event=outcome.event,
        action=decision.action,
        method=decision.method,
        recorded_at=now,
        expires_at=min(choice.expires_at for choice in outcome.categories.values()),
        categories=as_json(outcome.categories),
        services=as_json(outcome.services),
        revision=publication.revision,
        bundle=publication.bundle_hash,
        build=decision.build,
        language=decision.language,
        policy_version=bundle_of(publication)["policy"]["version"],
        profile=bundle_of(publication)["profile"],
        gpc=decision.gpc,
        trusted=decision.trusted,
        subject=subject,
        n=decision.n,
        superseded=is_superseded,
    )


def _previous(record: ConsentRecord) -> Previous:
    return Previous(choices_of(record.categories), choices_of(record.services))


def _is_same(outcome: Outcome, previous: Previous, optional: Iterable[str]) -> bool:
    """Whether a tie takes nothing away from what was in force."""
    same_categories = all(
        id_ in previous.categories
        and outcome.categories[id_].granted == previous.categories[id_].granted
        for id_ in optional
    )
    granted = {id_ for id_, choice in outcome.services.items() if choice.granted}
    before = {id_ for id_, choice in previous.services.items() if choice.granted}
    return same_categories and granted == before
