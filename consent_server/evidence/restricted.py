"""Proof packs of erased records, from what was kept of them, for whoever has the private key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from consent_server.columns import UNREADABLE, rfc3339
from consent_server.db import db
from consent_server.evidence.pack import Pack, assembled
from consent_server.ledger.canonical import base64url_decode
from consent_server.ledger.restricted import FORMAT, NotOpened, unseal
from consent_server.log.models import LogEntry, RestrictedProof
from consent_server.sealing.notary import Notary
from consent_server.sealing.proofs import log_key, proof_at
from consent_server.verification import MALFORMED, Report, Trusted, Unverifiable, verify_pack

#: Proofs read in one statement.
PAGE = 100

#: What reading one raises that is not of this service: anybody can seal something to a public key.
STRANGE = (*UNREADABLE, *MALFORMED)

#: Why one is not given out: sealed to another key (or changed), its entry not in the signed log
#: yet, or not what was signed.
Refusal = Literal["other_key", "waiting", "damaged"]


@dataclass(frozen=True)
class Kept:
    """One proof that was kept."""

    proof_id: str
    #: RFC 3339.
    until: str
    #: The whole pack, or why there is none.
    pack: Pack | Refusal


def count_kept(site_id: str, now: datetime) -> int:
    """Return how many proofs a site keeps whose time is not over."""
    return db.session.scalar(sa.select(sa.func.count()).where(*_kept(site_id, now))) or 0


def opened(site_id: str, key: X25519PrivateKey, notary: Notary, now: datetime) -> Iterator[Kept]:
    """Yield what a site keeps, each as the proof pack that its record had, verified.

    What is kept has no order; what has ended is not opened, deleted already or not.

    :param now: aware, UTC
    :raises SiteUnknown: there is no such site (an archived one keeps its evidence)
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    vkey = log_key(site_id, notary).vkey
    after = ""
    while True:
        query = (
            sa.select(RestrictedProof.proof_id, RestrictedProof.ends_at, RestrictedProof.sealed)
            .where(*_kept(site_id, now), RestrictedProof.proof_id > after)
            .order_by(RestrictedProof.proof_id)
            .limit(PAGE)
        )
        page = db.session.execute(query).all()
        if not page:
            return
        for proof_id, ends_at, sealed in page:
            until = rfc3339(ends_at)
            yield Kept(proof_id, until, _pack(site_id, bytes(sealed), key, until, notary, vkey))
        after = page[-1].proof_id
        db.session.rollback()


def _kept(site_id: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return RestrictedProof.site_id == site_id, RestrictedProof.ends_at > now


def _pack(
    site_id: str, sealed: bytes, key: X25519PrivateKey, until: str, notary: Notary, vkey: str
) -> Pack | Refusal:
    try:
        data = unseal(sealed, key, site_id, until)
    except NotOpened:
        return "other_key"
    try:
        opening: dict[str, Any] = json.loads(data)
        if opening["format"] != FORMAT or opening["record"]["site"] != site_id:
            return "damaged"
        index = _place(site_id, opening)
        proof = None if index is None else proof_at(site_id, index, notary)
        if proof is None:
            return "waiting"
        pack = assembled(opening["record"], opening, proof, vkey)
    except STRANGE:  # EvidenceDamaged among them
        db.session.rollback()
        return "damaged"
    return pack if _is_verified(pack, vkey) else "damaged"


def _place(site_id: str, opening: dict[str, Any]) -> int | None:
    """Return the index of the entry; one that waited when it was sealed is found by its bytes."""
    index: int | None = opening["log_index"]
    if index is not None:
        return index
    query = sa.select(LogEntry.leaf_index).where(
        LogEntry.site_id == site_id, LogEntry.entry == base64url_decode(opening["entry"])
    )
    return db.session.scalar(query)


def _is_verified(pack: Pack, vkey: str) -> bool:
    report = Report("")
    try:
        verify_pack(pack, Trusted(vkey=vkey), report)
    except (Unverifiable, *MALFORMED):
        return False
    return report.is_good
