"""Use cases of consent: record a decision, sign its token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_server.consents.choices import Decision, choices_of
from consent_server.consents.errors import (
    BuildUnknown,
    BundleOutdated,
    ConsentIdRequired,
    GrantUntrusted,
    IdempotencyConflict,
    LanguageUnknown,
)
from consent_server.consents.models import ConsentRecord, IdempotencyKey
from consent_server.consents.records import find_record, next_record, record_in_force
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
        record = next_record(publication, decision, subject, now)
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
        db.session.expunge(record)  # else the commit expires it and the answer reads it back
        db.session.commit()
    return Recorded(record, is_new=True, is_in_force=not record.superseded)


def bundle_shown(record: ConsentRecord) -> dict[str, Any]:
    """Return the bundle on which a record was decided."""
    publication = publication_of(record.site_id, record.bundle)
    if publication is None:  # the foreign key forbids it
        raise LookupError("a record without its publication")
    return bundle_of(publication)


def token_for(recorded: Recorded, ring: KeyRing, issuer: str) -> str | None:
    """Sign the consent token of a record; None for a refusal by nobody, or for one without effect.

    :param issuer: public address of the service
    """
    record = recorded.record
    if record.subject is None or not recorded.is_in_force:
        return None
    choices = choices_of(record.categories)
    if int(record.expires_at.timestamp()) <= int(record.recorded_at.timestamp()):
        return None  # what was kept ends within this second
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


def _check_what_was_shown(bundle: dict[str, Any], decision: Decision) -> None:
    """Refuse a grant to something that nobody can have read; a no needs no reading."""
    if decision.build != bundle["build"] and widget_build(decision.build) is None:
        raise BuildUnknown(decision.build)
    languages = bundle["languages"]["available"]
    if decision.language not in languages:
        raise LanguageUnknown(decision.language, languages)


def _shown(current: Publication, decision: Decision) -> Publication:
    """Return the publication on which a decision was made, if it may be made on it."""
    publication: Publication | None = current
    if decision.bundle != current.bundle_hash:
        publication = publication_of(current.site_id, decision.bundle)
        if publication is None or decision.grants:
            raise BundleOutdated(decision.bundle, current.bundle_hash)
    if decision.grants:
        _check_what_was_shown(bundle_of(current), decision)
    if (decision.grants or decision.action == "withdraw") and decision.consent_id is None:
        raise ConsentIdRequired
    is_own_click = decision.trusted or decision.method == "api"
    if decision.grants and (not is_own_click or decision.method in ("gpc", "import")):
        raise GrantUntrusted
    return publication or current
