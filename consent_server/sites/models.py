"""Sites, what they published, and the keys that speak for them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.columns import Flag, JSONDocument, UtcDateTime
from consent_server.db import Model


class Site(Model):
    """A web site that asks for consent. Archived, never deleted: its evidence stays reachable."""

    __tablename__ = "sites"
    __table_args__ = ({"sqlite_strict": True},)

    #: Public id, ``[a-z0-9-]{3,40}``.
    id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Read by nobody but people, so that it keeps nothing from being answered.
    created_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime, deferred=True)
    archived_at: so.Mapped[datetime | None] = so.mapped_column(UtcDateTime)


class Publication(Model):
    """One published version of a site's document; the highest revision is in force."""

    __tablename__ = "publications"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.UniqueConstraint("site_id", "bundle_hash"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Counts from 1 without a gap.
    revision: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    #: SHA-256 of the bundle's canonical JSON, base64url, 43 characters.
    bundle_hash: so.Mapped[str]
    #: The bundle's canonical JSON: exactly the bytes that were hashed.
    bundle: so.Mapped[str]
    #: The operator's document as it was published, private parts (origins) included.
    document: so.Mapped[dict[str, Any]] = so.mapped_column(JSONDocument)
    published_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
    #: Declared not to change what consent was given to; then ``reason`` says why.
    immaterial: so.Mapped[bool] = so.mapped_column(Flag)
    reason: so.Mapped[str | None]


class WidgetBuild(Model):
    """A widget build that a bundle names; kept as long as a record does."""

    __tablename__ = "widget_builds"
    __table_args__ = ({"sqlite_strict": True},)

    #: SHA-256 of the file, base64url, 43 characters.
    hash: so.Mapped[str] = so.mapped_column(primary_key=True)
    source: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
    #: As ``Site.created_at``.
    added_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime, deferred=True)


class ApiKey(Model):
    """A credential of a site's own programs. The key itself is shown once and never stored."""

    __tablename__ = "api_keys"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    #: The 8 public characters of the key.
    id: so.Mapped[str] = so.mapped_column(primary_key=True)
    site_id: so.Mapped[str]
    #: SHA-256 of the whole key, base64url, 43 characters.
    secret_hash: so.Mapped[str]
    #: Any of ``check``, ``export``, ``admin``.
    scopes: so.Mapped[list[str]] = so.mapped_column(JSONDocument)
    created_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
    revoked_at: so.Mapped[datetime | None] = so.mapped_column(UtcDateTime)
