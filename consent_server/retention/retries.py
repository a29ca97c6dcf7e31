"""What only a retry of a decision needs, and for how long."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from consent_server.consents.models import IdempotencyKey
from consent_server.db import db, lock_for_writing, writing

#: Idempotency keys looked at in one transaction.
KEYS = 2_000
#: A retry comes within a day.
KEY_LIFE = timedelta(hours=24)


def purge_keys(
    site_id: str, now: datetime, rest: Callable[[], object], *, is_dry_run: bool
) -> Iterator[int]:
    """Delete a site's idempotency keys that no retry will bring again; yield how many.

    Each transaction is told of when it is done: a later one may fail.

    :param now: aware, UTC
    :param rest: lets others write, after each transaction
    :param is_dry_run: count, and change nothing
    """
    until = now - KEY_LIFE
    for page in _pages(site_id):
        here = sa.and_(*page, IdempotencyKey.added_at <= until)
        found = sa.select(sa.func.count()).select_from(IdempotencyKey).where(here)
        old = db.session.scalar(found) or 0
        db.session.rollback()
        if is_dry_run:
            yield old
        elif old:
            with writing():
                lock_for_writing("log", site_id)  # an erasure takes keys too, in another order
                gone = db.session.connection().execute(sa.delete(IdempotencyKey).where(here))
                db.session.commit()
            yield gone.rowcount  # another process may have been here since
            rest()


def _pages(site_id: str) -> Iterator[list[sa.ColumnElement[bool]]]:
    """Yield the conditions of a page of keys after another.

    Of one site: over all of them, SQLite would look for each page in another index, through all.
    """
    after: str | None = ""
    while after is not None:
        page = [IdempotencyKey.site_id == site_id, IdempotencyKey.key > after]
        ends = sa.select(IdempotencyKey.key).where(*page).order_by(IdempotencyKey.key)
        after = db.session.scalar(ends.offset(KEYS - 1).limit(1))
        yield page if after is None else [*page, IdempotencyKey.key <= after]
