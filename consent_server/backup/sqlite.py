"""A SQLite database: copied as it stands at one instant, and put back as one file."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from consent_server.backup.container import Reader, Writer
from consent_server.backup.errors import BackupUnreadable, DatabaseNotEmpty
from consent_server.backup.members import BLOCK, read_members, write_member
from consent_server.disk import make_directory, sync_directory
from consent_server.sqlite import sqlite3

MEMBER = {"file": "sqlite"}
#: Pages of one step, and the seconds between two, in which others write.
STEP, PAUSE = 4_000, 0.002
#: Times that a copy begins again before it is made in one step.
BEGINNINGS = 20
#: Seconds for which a busy database is waited for.
PATIENCE = 60


def dump(database: Path, writer: Writer, tell: Callable[[int], object]) -> None:
    """Write a database into a backup.

    SQLite's own online copy: consistent while the service runs, in steps between which others
    write. Each write lets it begin again; after some beginnings it is made in one step, and with
    the rollback journal whoever writes waits for that, and fails after five seconds.

    :param tell: told how many bytes went into the backup
    :raises BackupUnreadable: the disk has no place for the copy
    """
    draft = database.with_name(f"{database.name}.copy")
    if shutil.disk_usage(database.parent).free < 1.1 * database.stat().st_size:
        raise BackupUnreadable(f"{database.parent} has no place for a copy of the database")
    with _only(draft):
        address = f"{database.resolve().as_uri()}?mode=ro"
        source = sqlite3.connect(address, uri=True, timeout=PATIENCE)
        with closing(source), closing(sqlite3.connect(draft)) as copy:
            try:
                source.backup(copy, pages=STEP, progress=_count_beginnings(), sleep=PAUSE)
            except _TooOften:
                source.backup(copy)
        _require_sound(draft)
        write_member(writer, MEMBER, _read(draft, tell))


def load(reader: Reader, database: Path, tell: Callable[[int], object]) -> Path:
    """Write the database of a backup beside the place where it belongs, checked; return where.

    :raises BackupUnreadable: changed, cut off, or not a sound database
    """
    make_directory(database.parent)
    draft = database.with_name(f"{database.name}.restoring")
    with suppress(FileNotFoundError):
        draft.unlink()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            for about, blocks in read_members(reader):
                if about != MEMBER or file.tell():
                    raise BackupUnreadable("it does not hold one SQLite database")
                for block in blocks:
                    file.write(block)
                    tell(len(block))
            file.flush()
            os.fsync(file.fileno())
        _require_sound(draft)
    except BaseException:
        draft.unlink()
        raise
    return draft


def put_in_place(draft: Path, database: Path, now: datetime, *, is_replaced: bool) -> Path | None:
    """Let a restored file be the database; return where the one before is kept, if there was one.

    :param is_replaced: move what is there aside
    :raises DatabaseNotEmpty: there is one, and it is not to be moved
    """
    if database.exists() and not is_replaced:
        raise DatabaseNotEmpty(f"{database} is there; --replace moves it aside")
    aside = _free(database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}"))
    was_there = database.exists()
    if was_there:
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as before:
            before.execute("SELECT count(*) FROM sqlite_schema")  # what a crash left is undone
        os.link(database, aside)  # there is a database at each instant
    # A journal that a crash left would be rolled into whatever file has the name: it goes first.
    for ending in ("-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            database.with_name(database.name + ending).rename(aside.with_name(aside.name + ending))
    sync_directory(database.parent)
    draft.rename(database)
    sync_directory(database.parent)
    _require_sound(database)
    return aside if was_there else None


def _free(path: Path) -> Path:
    """Return a path, with a number where something has its name: two restores in one second."""
    names = (path.name, *(f"{path.name}-{number}" for number in range(2, 1_000)))
    return next(free for name in names if not (free := path.with_name(name)).exists())


class _TooOften(Exception):
    """Others write so often that a copy in steps does not come to its end."""


def _count_beginnings() -> Callable[[int, int, int], None]:
    """Return what SQLite calls after each step; more is left than before when it began again."""
    left, beginnings = sys.maxsize, 0

    def progress(_status: int, remaining: int, _total: int) -> None:
        nonlocal left, beginnings
        beginnings += remaining >= left
        left = remaining
        if beginnings > BEGINNINGS:
            raise _TooOften

    return progress


def _read(path: Path, tell: Callable[[int], object]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
            tell(len(block))


@contextmanager
def _only(draft: Path) -> Iterator[None]:
    """Make an empty file for this user alone, which is gone at the end."""
    with suppress(FileNotFoundError):
        draft.unlink()
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                draft.with_name(draft.name + ending).unlink()


def _require_sound(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        raise BackupUnreadable(f"its database is not sound: {answer}")
