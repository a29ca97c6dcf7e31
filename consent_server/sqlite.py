"""The SQLite that is used: a current one from a wheel where there is one, else Python's own.

Many systems ship a version with the WAL-reset bug, with which the slower rollback journal has to be
used (``db.sqlite_pragmas``, docs/decisions/0016).
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

__all__ = [
    "any_text",
    "is_no_text",
    "let_go",
    "pages_of",
    "set_pages",
    "sqlite3",
    "tell_taken",
    "text_of",
]


class Pages(NamedTuple):
    """How much of a file a connection keeps, and how much waits for its place in it."""

    #: KiB in memory. What a transaction changes beyond that is written at once, and read again.
    kept_kib: int
    #: Pages in the write-ahead log with which a commit brings them into the file.
    waiting: int


#: SQLite's own.
ORDINARY = Pages(2_000, 1_000)
#: For transactions that change several pages for each of many records.
MANY = Pages(32_000, 1_000)
#: The same where nobody else writes: whoever comes first brings all that waits into the file.
ALONE = Pages(32_000, 8_000)

#: What a connection was told to keep, where it is noted.
TOLD = "consent_pages"

#: What makes text of the bytes that SQLite has; the driver's own refuses what is not UTF-8.
text_of: ContextVar[Any] = ContextVar("consent_text", default=str)
#: What a connection is to keep that this thread takes from now on; each transaction takes one.
pages_of: ContextVar[Pages] = ContextVar("consent_pages", default=ORDINARY)


def set_pages(driver: Any, pages: Pages) -> None:
    """Let a connection keep so much, and no more."""
    driver.execute(f"PRAGMA cache_size = -{pages.kept_kib}")
    driver.execute(f"PRAGMA wal_autocheckpoint = {pages.waiting}").fetchall()
    if pages is ORDINARY:
        driver.execute("PRAGMA shrink_memory")


def tell_taken(driver: Any, record: Any, _taken: Any) -> None:
    """Let a connection that this thread takes out of a pool be as this thread has it.

    Nothing is left of whoever had it before, for those either who begin no transaction by the
    engine. One that cannot be told is closed by the pool.
    """
    pages = pages_of.get()
    if record.info.get(TOLD, ORDINARY) is not pages:
        set_pages(driver, pages)
        record.info[TOLD] = pages
    driver.text_factory = text_of.get()


def let_go(pool: Any) -> None:
    """Take each connection out of a pool that nobody uses, once; so it keeps no more than others.

    Transactions in a row may have had several of them, and the last one in may be the last for long
    that is taken out. What waits for its place in the file is brought there, as long as nobody has
    to wait for that: the next one who commits would do it.
    """
    with ExitStack() as taken:
        for _ in range(pool.checkedin()):
            taken.callback(pool.connect().close)
    with closing(pool.connect()) as connection:
        connection.driver_connection.execute("PRAGMA wal_checkpoint").fetchall()


@contextmanager
def any_text(driver: Any = None) -> Iterator[None]:
    """Read text that is not UTF-8 too, as lone surrogates, which are in no text that was written.

    SQLite keeps any bytes as text, and its driver reads no row that has such.

    :param driver: a connection of its own, at once; None: whichever begins a transaction from here
        on, in this thread
    """
    if driver is not None:
        before, driver.text_factory = driver.text_factory, _with_surrogates
        try:
            yield
        finally:
            driver.text_factory = before
        return
    token = text_of.set(_with_surrogates)
    try:
        yield
    finally:
        text_of.reset(token)


def is_no_text(error: BaseException | None) -> bool:
    """Whether a row could not be read because text of it is not UTF-8."""
    return str(error).startswith("Could not decode to UTF-8")


def _with_surrogates(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
