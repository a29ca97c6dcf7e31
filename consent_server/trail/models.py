"""One line of the trail of a site."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.columns import JSONDocument, UtcDateTime
from consent_server.db import Model
from consent_server.log.models import COUNT


class TrailLine(Model):
    """What somebody of the house did; appended and never changed (triggers see to it).

    It names no visitor and no record: an erasure would have to change it. Entries of the log, which
    stay, say which records were looked at.
    """

    __tablename__ = "trail_lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: From 1, without a gap.
    number: so.Mapped[int] = so.mapped_column(COUNT, primary_key=True, autoincrement=False)
    #: 128 random bits, base64url: the hash of a line in the log cannot be guessed.
    line_id: so.Mapped[str]
    at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
    #: ``key:`` and the public part of an API key, ``os:`` and a login name, or ``service``.
    who: so.Mapped[str]
    #: One of ``trail.service.ACTIONS``.
    what: so.Mapped[str]
    #: As the person gave it.
    why: so.Mapped[str | None]
    #: What it was about: filters, counts, indexes of log entries.
    facts: so.Mapped[Any] = so.mapped_column(JSONDocument)
