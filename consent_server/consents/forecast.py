"""How many visitors a publication would ask again."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from consent_server.consents.choices import choices_of
from consent_server.consents.models import ConsentRecord
from consent_server.db import db


def count_asked_again(site_id: str, categories: Collection[str], now: datetime) -> int:
    """Return how many visitors hold a live consent to one of these categories.

    Reads the record in force of each subject, at constant memory; visitors who refused hold no
    identifier, so nobody can count them.
    """
    if not categories:
        return 0
    query = (
        sa.select(ConsentRecord.subject, ConsentRecord.categories)
        .where(
            ConsentRecord.site_id == site_id,
            ConsentRecord.subject.is_not(None),
            ConsentRecord.superseded == sa.false(),
        )
        .order_by(ConsentRecord.subject, ConsentRecord.recorded_at.desc())
        .execution_options(yield_per=1000)
    )
    asked = 0
    for _, rows in groupby(db.session.execute(query), key=lambda row: row.subject):
        choices = choices_of(next(rows).categories)
        asked += any(id_ in choices and choices[id_].is_live(now) for id_ in categories)
    return asked
