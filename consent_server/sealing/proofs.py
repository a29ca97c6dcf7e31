"""Use cases of whoever verifies a log: its head, its key, its tiles, the proof of one record."""

from datetime import timedelta

import sqlalchemy as sa

from consent_server.consents.records import find_record
from consent_server.db import db
from consent_server.ledger.note import NoteKey
from consent_server.ledger.prooffile import ProofFile
from consent_server.ledger.tiles import WIDTH, Tile, TileInvalid, pack, parse_path
from consent_server.log.models import LogEntry, SignedCheckpoint
from consent_server.log.tree import (
    entries_between,
    is_anything_signed,
    last_checkpoint,
    stored_tree,
    tile_hashes,
)
from consent_server.log.witnesses import newest_that_meets
from consent_server.sealing.countersigning import given_out_cosigned
from consent_server.sealing.errors import LogEmpty, NotSealed, NotWitnessed, RecordUnknown
from consent_server.sealing.findings import rows_readable
from consent_server.sealing.notary import Notary
from consent_server.sites.service import require_site


def require_checkpoint(site_id: str) -> SignedCheckpoint:
    """Return the newest checkpoint of a site; an archived site has one still.

    :raises SiteUnknown: there is no such site
    :raises LogEmpty: nothing was signed yet
    :raises LogInconsistent: the checkpoint cannot be read
    """
    require_site(site_id, archived=True)
    with rows_readable():
        checkpoint = last_checkpoint(site_id)
    if checkpoint is None:
        raise LogEmpty
    return checkpoint


def require_witnessed(site_id: str, notary: Notary) -> SignedCheckpoint:
    """Return the newest checkpoint of a site that enough witnesses have seen.

    :raises SiteUnknown: there is no such site
    :raises NotWitnessed: there is none
    """
    require_site(site_id, archived=True)
    checkpoint = newest_that_meets(site_id, notary.policy)
    if checkpoint is None:
        raise NotWitnessed
    return checkpoint


def log_key(site_id: str, notary: Notary) -> NoteKey:
    """Return the key that verifies a site's checkpoints, under the name of its log.

    :raises SiteUnknown: there is no such site
    :raises LogInconsistent: the last checkpoint cannot be read
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    require_site(site_id, archived=True)
    with rows_readable():
        last = last_checkpoint(site_id)
    origin = last.note.partition("\n")[0] if last is not None else notary.origin(site_id)
    return notary.key(origin, may_create=last is None and not is_anything_signed())


def keys_at_work(site_id: str, notary: Notary) -> list[NoteKey]:
    """Return the keys that sign a site's checkpoints now, the newest first.

    :raises SiteUnknown: there is no such site
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    return notary.keys_at_work(log_key(site_id, notary).name)


def handovers(site_id: str, notary: Notary) -> list[str]:
    """Return the notes by which the keys of a site's log took over from one another.

    :raises SiteUnknown: there is no such site
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    return notary.handovers(log_key(site_id, notary).name)


def tile_at_path(site_id: str, path: str) -> tuple[Tile, bytes]:
    """Return what a path below ``tile/`` names: the hashes of a tile, or the entries under it.

    :raises TileInvalid: no such path, or the signed tree has no such tile
    :source: https://c2sp.org/tlog-tiles
    """
    tile, is_entries = parse_path(path)
    checkpoint = last_checkpoint(site_id)
    if checkpoint is None or tile.end > checkpoint.size:
        raise TileInvalid("the tree has no such tile")
    if not is_entries:
        return tile, tile_hashes(site_id, tile)
    begin = tile.index * WIDTH
    rows = entries_between(site_id, begin, begin + tile.width)
    return tile, pack(bytes(row.entry) for row in rows)


def proof_of(site_id: str, record_id: str, merge_delay: timedelta, notary: Notary) -> ProofFile:
    """Return the proof that a record is in the log; its ``extra`` is the entry.

    :param merge_delay: within which a record is in the log
    :raises RecordUnknown: the site has no such record
    :raises NotSealed: the record waits for its place
    :raises LogInconsistent: the checkpoint is not what was signed
    """
    index = db.session.scalar(
        sa.select(LogEntry.leaf_index).where(
            LogEntry.site_id == site_id, LogEntry.record_id == record_id
        )
    )
    found = None if index is None else proof_at(site_id, index, notary)
    if found is None:
        record = find_record(site_id, record_id)
        if record is None:
            raise RecordUnknown
        raise NotSealed(record.recorded_at + merge_delay)
    return found


def proof_at(site_id: str, index: int, notary: Notary) -> ProofFile | None:
    """Return the proof that an entry of the log is at its place; None before anything was signed.

    :raises LogInconsistent: the checkpoint is not what was signed
    """
    last = last_checkpoint(site_id)
    if last is None:
        return None
    # What witnesses have seen proves more, if it is in there already.
    seen = newest_that_meets(site_id, notary.policy)
    checkpoint = seen if seen is not None and seen.size > index else last
    hashes = stored_tree(site_id, checkpoint.size).inclusion(index)
    entry = bytes(entries_between(site_id, index, index + 1)[0].entry)
    note = given_out_cosigned(site_id, checkpoint, notary)
    return ProofFile(index, tuple(hashes), note, entry)
