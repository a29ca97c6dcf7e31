"""What a site keeps of erased records for legal claims: sealed, to an end, and found by nobody.

Each record that a person erases leaves what opens its entry in the log, under the site's public key
(``ledger.restricted``). The service never has the private one, so none of its doors gives it out.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
import structlog

from consent_server.columns import is_instant, rfc3339
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, writing
from consent_server.errors import RowUnreadable
from consent_server.ledger import restricted
from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.lists import among
from consent_server.log.models import LogEntry, OpeningKeys, QueuedEntry, RestrictedProof
from consent_server.sealing.openings import Openings
from consent_server.sites.durations import last_day_of
from consent_server.sites.errors import PublicationPending
from consent_server.sites.restricted import KEY
from consent_server.sites.service import bundle_of, current_publication, publication_of

log = structlog.get_logger(__name__)
#: Records read, or proofs deleted, in one statement.
PAGE = 500
#: Bytes of a choice at most, beside its id, and of the rest of an opening, beside the version of
#: the privacy policy.
CHOICE, REST = 176, 1_152
#: What reading a publication raises that was changed.
MALFORMED = (ValueError, TypeError, LookupError, AttributeError)


def _of_record(table: Any) -> sa.ColumnElement[bool]:
    is_here: sa.ColumnElement[bool] = table.site_id == ConsentRecord.site_id
    return is_here & (table.record_id == ConsentRecord.record_id)


#: The keys of some records, and their entries, which have a place or wait: these are found by the
#: instant of their records, however many wait.
PLACES = (
    sa.select(ConsentRecord.record_id, LogEntry.leaf_index)
    .add_columns(OpeningKeys.decision_key, OpeningKeys.subject_key)
    .add_columns(sa.func.coalesce(LogEntry.entry, QueuedEntry.entry).label("entry"))
    .join_from(ConsentRecord, OpeningKeys, _of_record(OpeningKeys))
    .join(LogEntry, _of_record(LogEntry), isouter=True)
    .join(
        QueuedEntry,
        _of_record(QueuedEntry) & (QueuedEntry.queued_at == ConsentRecord.recorded_at),
        isouter=True,
    )
    .where(
        ConsentRecord.site_id == sa.bindparam("of_site"),
        among(ConsentRecord.record_id, "ids"),
    )
)


@dataclass(frozen=True)
class Terms:
    """What is kept of one erasure, as the person is told."""

    #: X25519, base64url.
    key: str
    #: First instant of the day on which it is deleted.
    ends_at: datetime
    #: Language → why.
    reason: Mapping[str, str]

    def as_told(self) -> dict[str, Any]:
        """Return end and reason, JSON-ready."""
        return {"until": rfc3339(self.ends_at), "reason": dict(self.reason)}


def terms_at(site_id: str, now: datetime, *, archived: bool = False) -> Terms | None:
    """Return what a site keeps of an erasure now; None, as long as it does not say that it does.

    :param now: aware, UTC
    :raises SiteUnknown: no such site
    """
    try:
        publication = current_publication(site_id, archived=archived)
        said = bundle_of(publication).get(KEY)
    except PublicationPending:  # nobody was told anything yet
        return None
    except MALFORMED:  # nor does what cannot be read keep an erasure waiting
        log.error("restricted_proof_not_known", site=site_id)
        return None
    if said is None:
        return None
    return Terms(said["key"], last_day_of(now, said["months"]), said["reason"])


def keep(site_id: str, record_ids: Collection[str], terms: Terms) -> int:
    """Seal what opens the entries of records that are about to go; return of how many.

    In the erasure's own transaction, which the caller commits. A record that is not what its entry
    commits to is not kept, and keeps no erasure waiting.
    """
    until, ids = rfc3339(terms.ends_at), sorted(record_ids)
    kept = []
    for at in range(0, len(ids), PAGE):
        for bundle_hash, opening in _openings(site_id, ids[at : at + PAGE]):
            data, room = canonical(opening), room_of(site_id, bundle_hash)
            kept.append(
                {
                    "site_id": site_id,
                    "proof_id": secrets.token_urlsafe(16),
                    "ends_at": terms.ends_at,
                    "sealed": restricted.seal(data, terms.key, site_id, until, room),
                }
            )
    if kept:
        # PostgreSQL keeps rows in the order in which they came: it tells nothing either.
        kept.sort(key=itemgetter("proof_id"))
        db.session.execute(sa.insert(RestrictedProof), kept)
    if len(kept) < len(ids):
        log.error("restricted_proofs_not_kept", site=site_id, count=len(ids) - len(kept))
    return len(kept)


@lru_cache(maxsize=1024)
def room_of(site_id: str, bundle_hash: str) -> int:
    """Return how many bytes the longest opening of a record that shows a bundle may have.

    Each is sealed at that length: by its own it would tell what was chosen.
    """
    publication = publication_of(site_id, bundle_hash)
    if publication is None:
        raise LookupError("a record without its publication")
    bundle = bundle_of(publication)
    asked = [item["id"] for part in ("categories", "services") for item in bundle[part]]
    version = bundle["policy"]["version"]
    return REST + len(version.encode()) + sum(CHOICE + len(id_) for id_ in asked)


def _openings(site_id: str, record_ids: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield bundle and opening of each record that still is what its entry commits to."""
    asked = {"of_site": site_id, "ids": record_ids}
    places = {row.record_id: row for row in db.session.execute(PLACES, asked)}
    entries = {id_: bytes(row.entry) for id_, row in places.items() if row.entry is not None}
    problems = Openings(db.session(), site_id).problems(entries)
    sound = among(ConsentRecord.record_id, entries.keys() - problems.keys())
    query = sa.select(ConsentRecord).where(ConsentRecord.site_id == site_id, sound)
    for record in db.session.scalars(query):
        place = places[record.record_id]
        opening = {
            "format": restricted.FORMAT,
            "record": record.exported(with_subject=True),
            "decision_key": base64url_encode(bytes(place.decision_key)),
            "subject_key": base64url_encode(bytes(place.subject_key)),
            "entry": base64url_encode(entries[record.record_id]),
            "log_index": place.leaf_index,
        }
        yield record.bundle, opening


def delete_ended(
    now: datetime, *, is_dry_run: bool = False, rest: Callable[[], object] = lambda: None
) -> Iterator[int]:
    """Delete what was kept to its end, of every site; yield how many, or how many there would be.

    One of which the end cannot be read is kept (:func:`require_readable_ends`).
    Each transaction is told of when it is done: a later one may fail.

    :param now: aware, UTC
    :param rest: lets others write, between two transactions
    """
    at = RestrictedProof.ends_at
    ended = sa.and_(at <= now, is_instant(at, db.engine.dialect.name))
    if is_dry_run:
        count = db.session.scalar(sa.select(sa.func.count()).where(ended)) or 0
        db.session.rollback()
        yield count
        return
    key = sa.tuple_(RestrictedProof.site_id, RestrictedProof.proof_id)
    some = sa.select(RestrictedProof.site_id, RestrictedProof.proof_id).where(ended).limit(PAGE)
    while db.session.execute(some.limit(1)).first() is not None:
        with writing():
            done = db.session.connection().execute(sa.delete(RestrictedProof).where(key.in_(some)))
            db.session.commit()
        yield done.rowcount
        rest()
    db.session.rollback()


def require_readable_ends() -> None:
    """Tell of proofs that are kept since it cannot be read until when.

    :raises RowUnreadable: there are
    """
    is_read = is_instant(RestrictedProof.ends_at, db.engine.dialect.name)
    count = db.session.scalar(sa.select(sa.func.count()).where(sa.not_(is_read))) or 0
    db.session.rollback()
    if count:
        raise RowUnreadable(
            f"of {count} sealed proof{'' if count == 1 else 's'} (restricted_proofs) it cannot be "
            "read until when to keep them: put ends_at right, or delete the rows"
        )
