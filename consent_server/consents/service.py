"""Use cases of consent: record a decision, sign its token."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from consent_server.consents.answered import KeyForgotten, Recorded, Request, answer_again
from consent_server.consents.choices import Decision
from consent_server.consents.errors import (
    BuildUnknown,
    BundleOutdated,
    ConsentErased,
    ConsentIdRequired,
    GrantUntrusted,
    LanguageUnknown,
)
from consent_server.consents.following import following_record
from consent_server.consents.models import (
    AnyRecord,
    ConsentRecord,
    ErasedSubject,
    IdempotencyKey,
    NewRecord,
)
from consent_server.consents.records import (
    KEEP_RECORD,
    append,
    next_record,
    rows_of,
)
from consent_server.db import db, lock_all_for_writing, writing
from consent_server.errors import ConsentError
from consent_server.log.queue import KEEP_ENTRY, KEEP_KEYS
from consent_server.sites.directory import in_force
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of, publication_of, widget_build
from consent_server.statements import GuardedInserts, Insert, Query
from consent_server.tokens import consent_token
from consent_server.tokens.keyring import KeyRing

#: Made once and run below the object mapper, for every decision waits for it: the record that the
#: same key made, the counter up to which the subject was erased, and whether it has a record.
KNOWN = Query(
    sa.select(
        sa.select(IdempotencyKey.record_id)
        .where(
            IdempotencyKey.site_id == sa.bindparam("site"),
            IdempotencyKey.key == sa.bindparam("key"),
        )
        .scalar_subquery(),
        sa.select(ErasedSubject.n)
        .where(
            ErasedSubject.site_id == sa.bindparam("site"),
            ErasedSubject.digest == sa.bindparam("digest"),
        )
        .scalar_subquery(),
        sa.exists().where(
            ConsentRecord.site_id == sa.bindparam("site"),
            ConsentRecord.subject == sa.bindparam("subject"),
        ),
    )
)
KEEP_KEY = Insert(IdempotencyKey.__table__)
#: What :data:`KNOWN` asks, as one word: of a first decision nothing is known.
IS_FIRST = sa.select(
    sa.not_(
        sa.or_(
            sa.exists().where(
                IdempotencyKey.site_id == sa.bindparam("site"),
                IdempotencyKey.key == sa.bindparam("key"),
            ),
            sa.exists().where(
                ErasedSubject.site_id == sa.bindparam("site"),
                ErasedSubject.digest == sa.bindparam("digest"),
            ),
            sa.exists().where(
                ConsentRecord.site_id == sa.bindparam("site"),
                ConsentRecord.subject == sa.bindparam("subject"),
            ),
        )
    ).label("is_free")
)
FIRST = GuardedInserts(IS_FIRST, (KEEP_RECORD, KEEP_KEYS, KEEP_ENTRY, KEEP_KEY))


def record_decision(site_id: str, request: Request, ring: KeyRing, now: datetime) -> Recorded:
    """Append one decision to the site's log.

    A grant must be made on the bundle in force, by the visitor. A refusal or a withdrawal is taken
    on any bundle that the site ever published: nothing may come between a visitor and a no.

    :param now: aware, UTC; becomes ``recorded_at``
    :raises SiteUnknown: no site has this id
    :raises IdempotencyConflict: the key was used with another body
    :raises BundleOutdated: the bundle is not the one in force, or never was
    :raises ConsentErased: it was made before the records of this consent id were erased
    :raises BuildUnknown: the widget build was never published
    :raises ConsentError: the decision contradicts itself or the bundle (``consents.errors``)
    :source: GDPR Art. 7(1), the controller must be able to demonstrate consent; Art. 7(3)
    """
    decision = request.decision
    subject = ring.subject(site_id, decision.consent_id) if decision.consent_id else None
    current = in_force(site_id, lambda known: known.bundle_hash == decision.bundle)
    locks = [("key", site_id, request.key)]
    if subject is not None:
        locks.append(("subject", site_id, subject))
    first = _record_first(current, request, subject, ring, now, locks)
    if first is not None:
        return first
    with writing() as connection:
        lock_all_for_writing(connection, *locks)
        # Only now, in a statement of its own: what the others with these locks did is seen.
        answered, erased_n, has_records = _known(connection, site_id, request.key, subject, ring)
        try:
            again = answer_again(site_id, request) if answered is not None else None
        except KeyForgotten:
            answered = again = None
        if again is not None:
            return again
        publication = _shown(current, decision)
        # A tab that has not heard of an erasure may still say no: nothing of it comes back by that.
        takes_back_nothing = not (decision.grants or has_records)
        if erased_n is not None and ((decision.n or 0) <= erased_n or takes_back_nothing):
            raise ConsentErased
        record = following_record(publication, decision, subject, now, is_first=not has_records)
        append(record)
        if answered is None:
            KEEP_KEY.run(connection, _key_row(request, record, now))
        db.session.commit()
    return Recorded(record, is_new=True, is_in_force=not record.superseded)


def _record_first(
    current: Publication,
    request: Request,
    subject: str | None,
    ring: KeyRing,
    now: datetime,
    locks: Sequence[tuple[str, ...]],
) -> Recorded | None:
    """Record the first decision of a visitor, which is nearly every one, at once.

    :returns: None where that is not what it is, or where it is to be refused: something may be
        known of its key or its subject, and then that decides
    """
    decision = request.decision
    if decision.n not in (None, 1) or decision.bundle != current.bundle_hash:
        return None
    try:
        _shown(current, decision)
        record = next_record(current, decision, subject, now, is_first=True)
    except ConsentError:
        return None
    asked = _asked(current.site_id, request.key, subject, ring)
    rows = [*rows_of(record), (KEEP_KEY, _key_row(request, record, now))]
    if db.session.registry.has():
        db.session.rollback()  # what is written is in a transaction of its own
    is_added = FIRST.run(db.engine, locks, asked, rows)
    return Recorded(record, is_new=True, is_in_force=True) if is_added else None


def _key_row(request: Request, record: NewRecord, now: datetime) -> dict[str, Any]:
    return {
        "site_id": record.site_id,
        "key": request.key,
        "body_hash": request.body_hash,
        "record_id": record.record_id,
        "added_at": now,
    }


def _asked(site_id: str, key: str, subject: str | None, ring: KeyRing) -> dict[str, str | None]:
    """Return what is asked of what is known, by :data:`KNOWN` and by :data:`FIRST`."""
    digest = ring.erasure_digest(site_id, subject) if subject is not None else None
    return {"site": site_id, "key": key, "subject": subject, "digest": digest}


def _known(
    connection: Connection, site_id: str, key: str, subject: str | None, ring: KeyRing
) -> tuple[str | None, int | None, bool]:
    """Return what :data:`KNOWN` says of a key and of a subject, if there is one."""
    row = KNOWN.first(connection, _asked(site_id, key, subject, ring))
    if row is None:
        raise LookupError("what is asked of no table has one answer")
    answered, erased_n, has_records = row
    return answered, erased_n, bool(has_records)


def bundle_shown(record: AnyRecord) -> dict[str, Any]:
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
            id_: consent_token.Choice(choice["granted"], _seconds(choice["decided_at"]))
            for id_, choice in record.categories.items()
        },
    )
    return consent_token.issue(claims, ring)


@lru_cache(maxsize=256)
def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


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
        raise GrantUntrusted(decision.method, trusted=decision.trusted)
    return publication or current
