"""Use cases of being witnessed: show each new head to the witnesses, and keep what they say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from consent_server.columns import is_id
from consent_server.db import db, lock_for_writing, writing
from consent_server.errors import ConsentError
from consent_server.ledger.cosignature import Cosignature
from consent_server.ledger.policy import Witness
from consent_server.log.models import LogCosignature, SignedCheckpoint, WitnessRefusal
from consent_server.log.tree import last_checkpoint, stored_tree
from consent_server.log.witnesses import last_seen
from consent_server.sealing.countersigning import given_out
from consent_server.sealing.notary import Notary
from consent_server.sites.known import site_ids
from consent_server.sites.models import Site
from consent_server.witnessing.errors import (
    CONTRADICTIONS,
    WitnessDiffers,
    WitnessForgot,
    WitnessSilent,
)
from consent_server.witnessing.submission import KnowsAnother, submit

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Asked:
    """What came of showing one log to one witness."""

    site_id: str
    witness: Witness
    #: Entries of the newest checkpoint that it cosigned; 0 for none.
    size: int
    #: Why it did not cosign the newest one; None when it did.
    refusal: str | None
    #: Whether it did not answer at all.
    is_silent: bool = False


def signed_sites() -> list[str]:
    """Return the sites whose log was signed."""
    is_signed = sa.exists().where(SignedCheckpoint.site_id == Site.id)
    return site_ids(is_signed)


@dataclass(frozen=True)
class Behind:
    """A log whose newest checkpoints a witness has not cosigned."""

    site_id: str
    witness: Witness
    #: When the first of them was signed.
    since: datetime


def behind(witnesses: Iterable[Witness]) -> list[Behind]:
    """Return what each of these witnesses lacks, of all logs, the longest first."""
    found = []
    for witness in witnesses:
        said, signed = LogCosignature, SignedCheckpoint
        last = (
            sa.select(sa.func.max(said.size))
            .where(said.site_id == Site.id, said.vkey == witness.key.vkey)
            .correlate(Site)
            .scalar_subquery()
        )
        first = (
            sa.select(signed.signed_at)
            .where(signed.site_id == Site.id, signed.size > sa.func.coalesce(last, -1))
            .order_by(signed.size)
            .limit(1)
            .correlate(Site)
            .scalar_subquery()
        )
        known = is_id(Site.id, db.engine.dialect.name)
        rows = db.session.execute(sa.select(Site.id, first).where(known)).all()
        found += [Behind(site_id, witness, since) for site_id, since in rows if since is not None]
    return sorted(found, key=lambda one: one.since)


def ask(site_id: str, witness: Witness, notary: Notary, now: datetime) -> Asked:
    """Show a site's newest checkpoint to a witness, and keep what it says, or that it does not.

    It is asked also when it has cosigned this checkpoint: only then does it tell that it saw more.
    Safe when several processes ask at once: a witness cosigns the same checkpoint again.

    :param now: aware, UTC
    """
    try:
        size = _ask(site_id, witness, notary, now)
    except ConsentError as refusal:
        db.session.rollback()
        _keep_refusal(site_id, witness, refusal, now)
        seen = last_seen(site_id, witness.key.vkey)
        size = seen.size if seen is not None else 0
        db.session.rollback()
        text = f"{refusal.reason}: {refusal}"
        return Asked(site_id, witness, size, text, isinstance(refusal, WitnessSilent))
    return Asked(site_id, witness, size, None)


def _ask(site_id: str, witness: Witness, notary: Notary, now: datetime) -> int:
    """Return the size of the checkpoint that the witness has cosigned now."""
    seen = last_seen(site_id, witness.key.vkey)
    old = cosigned = seen.size if seen is not None else 0
    # Three: the first answer tells what it saw last; meanwhile another process asked, or sealed.
    for _ in range(3):
        last = last_checkpoint(site_id)
        if last is None:
            return 0
        size, note = last.size, given_out(site_id, last, notary)
        if old > size:
            raise WitnessDiffers(f"saw a log of {old} entries; here it has {size}")
        proof = list(stored_tree(site_id, size).consistency(old)) if 0 < old < size else []
        db.session.rollback()  # nothing is held while a stranger answers
        try:
            said = submit(witness, old, proof, note, now)
        except KnowsAnother as other:
            if other.size is None or other.size == old:
                raise WitnessDiffers(
                    f"saw another log than the one of {old} entries here"
                ) from None
            if other.size < cosigned:
                told = f"cosigned {cosigned} entries and says that it saw {other.size}"
                raise WitnessForgot(told) from None
            old = other.size
        else:
            _keep(site_id, witness, size, said)
            return size
    raise WitnessSilent("saw another checkpoint each time it was asked")


def _keep(site_id: str, witness: Witness, size: int, said: Cosignature) -> None:
    vkey = witness.key.vkey
    row = LogCosignature(
        site_id=site_id,
        vkey=vkey,
        size=size,
        line=said.line,
        seen_at=datetime.fromtimestamp(said.seconds, UTC),
    )
    with writing():
        lock_for_writing("witness", site_id, vkey)
        if db.session.get(LogCosignature, (site_id, vkey, size)) is None:
            db.session.add(row)
        db.session.execute(
            sa.delete(WitnessRefusal).where(
                WitnessRefusal.site_id == site_id, WitnessRefusal.vkey == vkey
            )
        )
        db.session.commit()


def _keep_refusal(site_id: str, witness: Witness, refusal: ConsentError, now: datetime) -> None:
    """Say that a witness does not cosign, and keep saying it until it does.

    That it saw another log is not taken back by anything that it says later, but a cosignature.
    """
    vkey = witness.key.vkey
    log.warning("not_cosigned", site=site_id, witness=witness.name, reason=refusal.reason)
    with writing():
        lock_for_writing("witness", site_id, vkey)
        before = db.session.get(WitnessRefusal, (site_id, vkey))
        if before is None:
            before = WitnessRefusal(site_id=site_id, vkey=vkey, since=now, reason="", detail="")
            db.session.add(before)
        if before.reason not in CONTRADICTIONS:
            before.reason, before.detail = refusal.reason, str(refusal)
        db.session.commit()
