"""The use case of the audit export: a file of records that proves itself, at constant memory."""

import base64
import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from consent_server.columns import NOT_AS_WRITTEN
from consent_server.db import db
from consent_server.errors import place_of
from consent_server.exports import reading
from consent_server.exports.ahead import Row
from consent_server.exports.formats import FORMATS
from consent_server.exports.lines import Bundles, Line, lines
from consent_server.exports.selection import Head, Selection, head_of
from consent_server.exports.source import Source
from consent_server.exports.trailer import Exported, Trailer
from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.ledger.entries import Artifact, Entry, EntryInvalid, decode
from consent_server.ledger.tiles import TileInvalid
from consent_server.log.models import LogEntry
from consent_server.log.tree import artifacts_of
from consent_server.sealing.disclosure import damaged
from consent_server.sealing.errors import EvidenceDamaged
from consent_server.sealing.notary import Notary
from consent_server.sites.service import require_site

FORMAT = "consent-export/v1"
#: Where a record is that has no place.
WAITING = "of those that wait for the log"


@dataclass
class Progress:
    """How far an export is; enough to go on with it."""

    #: Records in the tree that are written, and the leaf of the last one.
    records: int = 0
    after: int = -1
    #: Records that wait.
    waiting: int = 0
    #: Bytes, and their hash so far.
    size: int = 0
    hashed: Any = field(default_factory=hashlib.sha256)


class Export:
    """One export: of one selection, up to one checkpoint, in one format."""

    def __init__(
        self, selection: Selection, format_: str, notary: Notary, checkpoint: int | None = None
    ):
        """:param checkpoint: size of an earlier one; the newest without
        :raises SiteUnknown: there is no such site (an archived one is exported)
        :raises CheckpointUnknown: none was signed at this size
        :raises SealRefused: the log is not what was signed, or has no key (``head_of``)
        :raises EvidenceDamaged: an entry of a bundle cannot be read
        """
        require_site(selection.site_id, archived=True)
        self.selection = selection
        self.format = format_
        self.head: Head = head_of(selection.site_id, notary, checkpoint)
        #: Its head and its bundles are the database's own in any case.
        self.source = Source()
        self.progress = Progress()
        self.exported = Exported(self.head.size)
        self._notary = notary
        #: What lines are made of now, and where what is read next is if it is no line yet.
        self._row: Row | None = None
        self._among: str | None = None
        self._bundles = Bundles(selection.site_id)
        with self._readable():
            known = self._known_bundles()
        categories = self._bundles.category_ids(known)
        self._page = FORMATS[format_].page
        self.writer = FORMATS[format_].writer(selection.level, self._bundles, categories)
        db.session.rollback()

    def pieces(self) -> Generator[bytes, None, None]:
        """Yield the file, a page of records at a time, or the rest of it.

        :raises EvidenceDamaged: a record cannot be read, or the log; what was yielded by then is no
            whole file, and its last line says so
        """
        try:
            with self._readable():
                yield from self._pieces()
        except EvidenceDamaged as refusal:
            self.source.rest()
            told = {"reason": refusal.reason, "detail": str(refusal), **refusal.evidence()}
            yield self.writer.broken(told)
            raise
        finally:
            self.source.rest()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Name what cannot be read, and by which an export ends.

        :raises EvidenceDamaged: a row says what no version of the service writes
        """
        try:
            yield
        except (*NOT_AS_WRITTEN, EntryInvalid, TileInvalid) as error:
            db.session.rollback()
            is_of_log = isinstance(error, EntryInvalid | TileInvalid)
            found = str(error) if is_of_log and self._row is None else self._place()
            named = {"error": type(error).__name__, "at": place_of(error)}
            part = "log" if is_of_log else "record"
            raise damaged(self.selection.site_id, part, found, **named) from error

    def _place(self) -> str:
        if self._row is None:
            if self._among is not None:
                return self._among
            return f"after entry {self.progress.after}" if self.progress.records else "the first"
        index = reading.index_of(self._row)
        return f"entry {index}" if index is not None else WAITING

    def _pieces(self) -> Iterator[bytes]:
        if not self.progress.size:
            yield self._hashed(self.writer.begin())
        self.writer.resume(self.progress.records)
        yield from self._body()
        yield self._hashed(self.writer.begin_log())
        trailer = Trailer(self.source, self.selection.site_id, self.head, self.exported)
        if self.selection.level != "counts":
            for page in trailer.pages():
                yield self._hashed(self.writer.log(page))
        self.source.finish()
        yield self._hashed(self.writer.end_log())
        yield self.writer.manifest(self._signed(dict(sorted(trailer.erased.items()))))

    def _body(self) -> Iterator[bytes]:
        if self.selection.level == "counts":
            self._among = "of those that are counted"
            names = ("day", "event", "superseded", "count")
            counted = reading.counts(self.source, self.selection, self.head)
            rows = [
                dict(zip(names, (*row[:2], bool(row[2]), row[3]), strict=True)) for row in counted
            ]
            self.progress.records = len(rows)
            yield self._hashed(self.writer.counts(rows))
            return
        asked = self.source, self.selection, self.head
        pages = reading.sealed(*asked, self.progress.after, self._page, self._written)
        for page, piece in pages:
            if page:
                self.progress.records += len(page)
                self.progress.after = reading.index_of(page[-1])
            yield self._hashed(piece)
        self._among = WAITING
        for page in reading.waiting(*asked, self._page):
            self.progress.waiting += len(page)
            yield self._hashed(self.writer.records(self._lines(page)))
        self._among = None

    def _written(self, page: list[Row]) -> bytes:
        return self.writer.records(self._marked(page))

    def _marked(self, page: list[Row]) -> Iterator[Line]:
        """Yield the lines one by one: a page of them at once costs more to collect than to make."""
        for line in self._lines(page):
            self.exported.add(line["log_index"])
            yield line

    def _lines(self, page: list[Row]) -> Iterator[Line]:
        level = self.selection.level
        return lines(self.selection.site_id, level, self._bundles, self._noted(page))

    def _noted(self, page: list[Row]) -> Iterator[Row]:
        for self._row in page:
            yield self._row
        self._row = None

    def _hashed(self, piece: bytes) -> bytes:
        self.progress.hashed.update(piece)
        self.progress.size += len(piece)
        return piece

    def _signed(self, erased: dict[str, int]) -> dict[str, Any]:
        """Return the manifest with the log's signature."""
        manifest = {
            "format": FORMAT,
            "form": self.format,
            "site": self.selection.site_id,
            "level": self.selection.level,
            "filter": self.selection.filter,
            "rows": self.progress.records,
            "waiting": self.progress.waiting,
            "erased": erased,
            "sha256": base64url_encode(self.progress.hashed.digest()),
            "checkpoint": self.head.note,
            "vkey": self.head.vkey,
        }
        hashed = base64.b64encode(hashlib.sha256(canonical(manifest)).digest()).decode()
        signature = self._notary.attest(self.head.origin, f"{FORMAT}\n{hashed}\n")
        return {"manifest": manifest, "signature": signature}

    def _known_bundles(self) -> list[str] | None:
        """Return the bundles that records of this export can name; None for all there are.

        Those in the tree alone: what is published later must not change an earlier export.
        """
        if self.head.waiting is not None:
            return None
        rows = db.session.execute(
            # Their places are not asked for in there: by those, SQLite would read all there are.
            sa.select(LogEntry.leaf_index, LogEntry.entry).where(
                *artifacts_of(self.selection.site_id)
            )
        )
        found = [_decoded(row) for row in rows if row.leaf_index < self.head.size]
        return [entry.digest for entry in found if isinstance(entry, Artifact)]


def _decoded(row: sa.Row[int, bytes]) -> Entry:
    try:
        return decode(bytes(row.entry))
    except EntryInvalid as error:
        raise EntryInvalid(f"entry {row.leaf_index}: {error}") from error
