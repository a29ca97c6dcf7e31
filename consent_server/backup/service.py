"""Use cases of whoever keeps the data safe: make a backup, look through one, put one back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from consent_server.backup import postgresql, sqlite
from consent_server.backup.container import Reader, Writer
from consent_server.backup.errors import BackupUnreadable, OtherEngine
from consent_server.backup.members import read_members
from consent_server.backup.monthkeys import MonthKeys, month_of
from consent_server.columns import rfc3339
from consent_server.db import db
from consent_server.disk import make_directory
from consent_server.occupied import alone_with
from consent_server.sealing.batch import placed_entries
from consent_server.sealing.errors import SealRefused
from consent_server.sealing.findings import rows_readable
from consent_server.sealing.growth import require_promise_kept
from consent_server.sealing.notary import Notary
from consent_server.sealing.service import signed_last
from consent_server.settings import Settings
from consent_server.sites.durations import months_before
from consent_server.sites.known import site_ids

#: Months for which backups can be read; the list of what was erased reaches as far back.
MEMORY_MONTHS = 25


@dataclass(frozen=True)
class Taken:
    """A backup that was made."""

    month: str
    #: Whether the key of its month is new, so that it has to be copied to a safe place.
    is_new_key: bool
    #: Keys of months that are too long ago, which were forgotten.
    forgotten: int


@dataclass(frozen=True)
class Backup:
    """A backup that was read."""

    #: RFC 3339.
    at: str
    engine: str
    #: Revision of the database's schema.
    schema: str


def back_up(
    settings: Settings,
    file: BinaryIO,
    schema: str,
    now: datetime,
    tell: Callable[[int], object] = lambda count: None,
) -> Taken:
    """Write everything the database holds into a file that only the key of this month opens.

    The keys, the last heads of the logs and the list of what was erased lie beside the database
    and are not in it: with them in it, it could be read by whoever found it, and would not know of
    later erasures.

    :param schema: the revision that the database has
    :param now: aware, UTC
    :raises BackupKeysUnusable: the keys of the backups cannot be read
    :source: GDPR Art. 32(1)(b) and (c); R075
    """
    keys = MonthKeys(settings.data_dir)
    month = month_of(now)
    earlier = keys.months()
    is_new_key = keys.make(month)
    engine = "sqlite" if settings.is_sqlite else "postgresql"
    about = {"at": rfc3339(now), "engine": engine, "month": month, "schema": schema}
    writer = Writer(file, keys.key(month), about)
    if settings.is_sqlite:
        sqlite.dump(settings.sqlite_path, writer, tell)
    else:
        postgresql.dump(writer, tell)
    writer.close()
    # A clock that jumped is no reason to forget anything: backups come once a month at least.
    is_regular = bool(earlier) and month_of(months_before(now, 2)) <= earlier[-1] <= month
    too_old = month_of(months_before(now, MEMORY_MONTHS))
    return Taken(month, is_new_key, keys.forget_up_to(too_old) if is_regular else 0)


def open_backup(settings: Settings, file: BinaryIO) -> Reader:
    """Open a backup of the engine that the settings name.

    :raises BackupUnreadable: no backup
    :raises BackupKeyMissing: the key of its month is not here
    :raises OtherEngine: it is of another engine
    """
    reader = Reader(file, MonthKeys(settings.data_dir))
    wanted = "sqlite" if settings.is_sqlite else "postgresql"
    if reader.about["engine"] != wanted:
        raise OtherEngine(reader.about["engine"], wanted)
    return reader


def about(reader: Reader) -> Backup:
    """Return what a backup says of itself."""
    return Backup(reader.about["at"], reader.about["engine"], reader.about["schema"])


def look_through(reader: Reader, tell: Callable[[int], object] = lambda count: None) -> int:
    """Read a backup to its end and change nothing; return how many bytes it holds.

    :raises BackupUnreadable: changed or cut off anywhere
    """
    total = 0
    for _, blocks in read_members(reader):
        for block in blocks:
            total += len(block)
            tell(len(block))
    if not total:
        raise BackupUnreadable("it holds nothing")
    return total


def restore_sqlite(
    reader: Reader,
    database: Path,
    now: datetime,
    *,
    is_replaced: bool = False,
    tell: Callable[[int], object] = lambda count: None,
) -> Path | None:
    """Put a backup in the place of a SQLite file; return where the one before is kept.

    :raises BackupUnreadable: changed, cut off or not sound; nothing was touched
    :raises AlreadyServing: a service has it, or another restore
    :raises DatabaseNotEmpty: it is there and not to be replaced
    """
    make_directory(database.parent)
    with alone_with(database):
        draft = sqlite.load(reader, database, tell)
        try:
            return sqlite.put_in_place(draft, database, now, is_replaced=is_replaced)
        finally:
            draft.unlink(missing_ok=True)


def restore_postgresql(reader: Reader, tell: Callable[[int], object] = lambda count: None) -> None:
    """Put a backup into an empty database that has its schema: all of it, or nothing.

    :raises BackupUnreadable: changed, cut off, or of another form
    :raises DatabaseNotEmpty: there are rows already
    """
    postgresql.load(reader, tell)


def broken_promises(notary: Notary) -> dict[str, str]:
    """Return why the log of a site cannot go on from what the database holds now, by site.

    A backup that is older than what was signed is not signed on: a second history would begin.
    """
    found = {}
    known = site_ids()
    for site_id in known:
        db.session.rollback()
        try:
            with rows_readable():
                promised = notary.promised(site_id)  # first: it comes before its commit
                head = signed_last(site_id, notary)
                waiting = [placed.entry for placed in placed_entries(site_id)]
                require_promise_kept(site_id, promised, head, waiting)
        except SealRefused as refusal:
            found[site_id] = str(refusal)
        db.session.rollback()
    for site_id in notary.promised_sites():
        if site_id not in known:
            found[site_id] = (
                "the database lacks this site, whose log was signed: publish its document again, "
                "and run: log recover (docs/log.md)"
            )
    return found
