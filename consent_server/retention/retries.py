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


def purge_keys(site_id: str, now: datetime, rest: Callable[[], object], *, is_dry_run: bool) -> int:
    """Delete a site's idempotency keys that no retry will bring again; return how many.

    :param now: aware, UTC
    :param rest: lets others write, after each transaction
    :param is_dry_run: count, and change nothing
    """
    count, until = 0, now - KEY_LIFE
    for page in _pages(site_id):
        here = sa.and_(*page, IdempotencyKey.added_at <= until)
        found = sa.select(sa.func.count()).select_from(IdempotencyKey).where(here)
        old = db.session.scalar(found) or 0
        db.session.rollback()
        count += old
        if old and not is_dry_run:
            with writing():
                lock_for_writing("log", site_id)  # an erasure takes keys too, in another order
                db.session.execute(sa.delete(IdempotencyKey).where(here))
                db.session.commit()
            rest()
    return count


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
