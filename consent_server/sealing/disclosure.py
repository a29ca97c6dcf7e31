"""What opens one record's entry and proves its place in the log, checked before it is given out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from consent_server.columns import NOT_AS_WRITTEN, UNREADABLE
from consent_server.consents.commitments import parts_of
from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import duration_of, find_record
from consent_server.db import db
from consent_server.errors import place_of
from consent_server.ledger.canonical import digest
from consent_server.ledger.entries import Event, decode
from consent_server.ledger.merkle import commit
from consent_server.ledger.note import NoteKey
from consent_server.ledger.prooffile import ProofFile
from consent_server.log.models import OpeningKeys
from consent_server.sealing.errors import EvidenceDamaged, NotSealed, RecordUnknown
from consent_server.sealing.notary import Notary
from consent_server.sealing.proofs import log_key, proof_of
from consent_server.sites.service import publication_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Disclosure:
    """A record and what shows that it is in the log."""

    record: ConsentRecord
    #: 32 bytes each.
    decision_key: bytes
    subject_key: bytes
    #: None while the record waits for its place.
    proof: ProofFile | None
    #: The latest instant by which there is a proof.
    promised_by: datetime
    #: What verifies the checkpoint in the proof.
    key: NoteKey


def disclose(site_id: str, record_id: str, notary: Notary, merge_delay: timedelta) -> Disclosure:
    """Return a record with its opening keys and, once it is in the log, its proof.

    :param merge_delay: within which a record is in the log
    :raises SiteUnknown: there is no such site (an archived one keeps its evidence)
    :raises RecordUnknown: the site has no such record
    :raises LogKeyUnusable: the key's file is missing or damaged
    :raises EvidenceDamaged: record, keys, entry, tree and signature do not all agree
    """
    key = log_key(site_id, notary)
    with readable(site_id):
        record = find_record(site_id, record_id)
    if record is None:
        raise RecordUnknown
    keys = db.session.get(OpeningKeys, (site_id, record_id))
    if keys is None:
        raise damaged(site_id, "record")
    try:
        proof = _checked(site_id, record_id, merge_delay, notary, key)
    except NotSealed:
        proof = None
    with readable(site_id):
        decision_key, subject_key = bytes(keys.decision_key), bytes(keys.subject_key)
        promised_by = record.recorded_at + merge_delay
    found = Disclosure(record, decision_key, subject_key, proof, promised_by, key)
    if proof is not None:
        _check(found, proof)
    return found


def disclose_sealed(
    site_id: str, record_id: str, notary: Notary, merge_delay: timedelta
) -> tuple[Disclosure, ProofFile]:
    """Return the same for a record that is in the log.

    There is no proof without it: what links an entry to a record is no part of the log, and only
    the record and its keys tell whose entry it is.

    :raises NotSealed: the record waits for its place
    """
    found = disclose(site_id, record_id, notary, merge_delay)
    if found.proof is None:
        raise NotSealed(found.promised_by)
    return found, found.proof


def published_text(site_id: str, bundle_hash: str) -> str:
    """Return the exact text of a bundle.

    :raises EvidenceDamaged: it is not what the hash is over
    """
    publication = publication_of(site_id, bundle_hash)
    if publication is None or digest(publication.bundle.encode()) != bundle_hash:
        raise damaged(site_id, "bundle", bundle=bundle_hash)
    return publication.bundle


@contextmanager
def readable(site_id: str) -> Iterator[None]:
    """Refuse to give out a record that cannot be read as one that is not what was signed.

    :raises EvidenceDamaged: a row says what no version of the service writes
    """
    try:
        yield
    except NOT_AS_WRITTEN as error:
        db.session.rollback()
        # A fault of ours would look alike, and is found by its place.
        named = {"error": type(error).__name__, "at": place_of(error)}
        raise damaged(site_id, "record", **named) from error


def damaged(site_id: str, part: str, place: str | None = None, **named: str) -> EvidenceDamaged:
    """Log that a part is not what was signed, and return the refusal.

    :param place: where in the log it is, which is told
    :param named: hashes, or places in the code, that find it; never anything of a visitor
    """
    where = {"place": place} if place is not None else {}
    log.error("evidence_damaged", site=site_id, part=part, **where, **named)
    return EvidenceDamaged(part, place)


def _checked(
    site_id: str, record_id: str, merge_delay: timedelta, notary: Notary, key: NoteKey
) -> ProofFile:
    try:
        proof = proof_of(site_id, record_id, merge_delay, notary)
        proof.verify(proof.extra or b"", [key])
    except (NotSealed, RecordUnknown):
        raise
    except (*UNREADABLE, IndexError):  # NoteInvalid and ProofInvalid among them
        raise damaged(site_id, "log") from None
    return proof


def _check(found: Disclosure, proof: ProofFile) -> None:
    record = found.record
    try:
        entry = decode(proof.extra or b"")
        duration = duration_of(record.site_id, record.revision)
        decided, subjected = parts_of(record, duration)
        decision = commit("decision", found.decision_key, decided)
        subject = commit("subject", found.subject_key, subjected)
    except UNREADABLE:
        raise damaged(record.site_id, "record") from None
    if entry != Event(decision, subject):
        raise damaged(record.site_id, "record")
