"""Consent records and the keys that make a retried request harmless."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.columns import (
    END_OF_TIME,
    POSTGRESQL_WHERE,
    Flag,
    JSONDocument,
    UtcDateTime,
    rfc3339,
)
from consent_server.db import Model
from consent_server.ledger.record import exported
from consent_server.sites.service import reprompt_after

EVENTS = ("given", "partial", "refused", "changed", "renewed", "withdrawn", "expired")
ACTIONS = ("accept_all", "reject_all", "save", "withdraw")
METHODS = ("banner", "preferences", "placeholder", "api", "gpc", "import")


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


class Described:
    """What is told of a record, of one that is stored and of one that was just made."""

    def public(self: Any) -> dict[str, Any]:
        """Return what the visitor's browser is told, JSON-ready."""
        answer = {
            "record_id": self.record_id,
            "event": self.event,
            "recorded_at": rfc3339(self.recorded_at),
            "expires_at": rfc3339(self.expires_at),
            "categories": public_choices(self.categories),
            "services": public_choices(self.services),
        }
        return {**answer, "superseded": True} if self.superseded else answer

    def exported(self: Any, *, with_subject: bool) -> dict[str, Any]:
        """Return every field for an auditor, or for the visitor, JSON-ready (``ledger.record``).

        :param with_subject: whether records of one visitor can be told to belong together by the
            pseudonym too, not only by ``previous``
        """
        duration = reprompt_after(self.site_id, self.bundle)
        given: dict[str, Any] = self.exported_for(duration, with_subject=with_subject)
        return given

    def exported_for(self: Any, duration: str, *, with_subject: bool) -> dict[str, Any]:
        """Return the same by whoever knows how long a choice lasts by the bundle, ISO 8601."""
        values = {
            **{name: getattr(self, name) for name in COLUMNS},
            "recorded_at": rfc3339(self.recorded_at),
            "expires_at": rfc3339(self.expires_at),
            "duration": duration,
        }
        return exported(values, with_subject=with_subject)


class ConsentRecord(Described, Model):
    """One decision of one visitor; rows are appended and never changed (triggers see to it).

    An erasure removes a row, whole, and leaves a tombstone in the log (``erasing``).

    Deliberately absent: address, user agent, page, referrer, device, and the consent id itself.
    """

    __tablename__ = "consent_records"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["site_id", "revision"], ["publications.site_id", "publications.revision"]
        ),
        sa.Index("ix_consent_records_log", "site_id", "recorded_at", "record_id"),
        # First decisions follow none: on SQLite, where each index is a page more to write, they are
        # not in it.
        sa.Index(
            "ix_consent_records_previous",
            "site_id",
            "previous",
            sqlite_where=sa.text("previous IS NOT NULL"),
        ),
        sa.Index("ix_consent_records_expires_at", "expires_at"),
        sa.Index("ix_consent_records_subject", "site_id", "subject", "recorded_at"),
        # Of the few that correct another one.
        sa.Index(
            "ix_consent_records_corrects",
            "site_id",
            "corrects",
            sqlite_where=sa.text("corrects IS NOT NULL"),
            info={POSTGRESQL_WHERE: "corrects IS NOT NULL"},
        ),
        _one_of("event", EVENTS),
        _one_of("action", ACTIONS),
        _one_of("method", METHODS),
        sa.CheckConstraint("(subject IS NULL) = (n IS NULL)", name="subject_with_n"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: 128 random bits, base64url without padding, 22 characters.
    record_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: The record of this subject that this one follows.
    previous: so.Mapped[str | None]
    event: so.Mapped[str]
    #: What was pressed; none for an expiry, which nobody presses.
    action: so.Mapped[str | None]
    #: Where it was pressed; none for an expiry.
    method: so.Mapped[str | None]
    #: Server clock, UTC, milliseconds; never earlier than the subject's previous record.
    recorded_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime(END_OF_TIME))
    #: When the first of the choices ends and the visitor is asked again; of an expiry, when the
    #: first of the grants that are left ends, or the instant that passed where none is left.
    expires_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
    #: Every category of the bundle, never by omission: id → see ``consents.choices``.
    categories: so.Mapped[dict[str, Any]] = so.mapped_column(JSONDocument)
    #: The services that were asked one by one, in the same form.
    services: so.Mapped[dict[str, Any]] = so.mapped_column(JSONDocument)
    #: Revision and hash of the bundle that was shown.
    revision: so.Mapped[int]
    bundle: so.Mapped[str]
    #: Hash of the widget build that showed it.
    build: so.Mapped[str]
    #: BCP 47 tag of the language shown.
    language: so.Mapped[str]
    policy_version: so.Mapped[str]
    profile: so.Mapped[str]
    #: Whether the browser sent Global Privacy Control.
    gpc: so.Mapped[bool] = so.mapped_column(Flag)
    #: Whether the browser vouched for a real user event.
    trusted: so.Mapped[bool] = so.mapped_column(Flag)
    #: HMAC of the consent id, 43 characters; none for a refusal by one who never granted.
    subject: so.Mapped[str | None]
    #: The subject's own counter of decisions, from 1; the highest is in force.
    n: so.Mapped[int | None] = so.mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    #: A decision that arrived after a newer one: kept as a record, without effect.
    superseded: so.Mapped[bool] = so.mapped_column(Flag)
    #: The record whose facts this one puts right (GDPR Art. 16); that one stays as it is.
    corrects: so.Mapped[str | None]


#: Names of the columns, in the order of the table.
COLUMNS = tuple(ConsentRecord.__table__.columns.keys())


@dataclass(frozen=True)
class NewRecord(Described):
    """A record that was made and is yet to be stored: the columns of its row, plain values."""

    site_id: str
    record_id: str
    previous: str | None
    event: str
    action: str | None
    method: str | None
    recorded_at: datetime
    expires_at: datetime
    categories: dict[str, Any]
    services: dict[str, Any]
    revision: int
    bundle: str
    build: str
    language: str
    policy_version: str
    profile: str
    gpc: bool
    trusted: bool
    subject: str | None
    n: int | None
    superseded: bool
    corrects: str | None = None


AnyRecord = ConsentRecord | NewRecord


def public_choices(choices: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return ``granted``, ``decided_at`` and ``expires_at`` of each choice; the rest is ours."""
    names = ("granted", "decided_at", "expires_at")
    return {id_: {name: choice[name] for name in names} for id_, choice in choices.items()}


class IdempotencyKey(Model):
    """A request that was answered: the same key with the same body gets the same answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["site_id", "record_id"],
            ["consent_records.site_id", "consent_records.record_id"],
            ondelete="RESTRICT",
        ),
        # By which an erasure finds them, and the database sees that none is left without a record.
        sa.Index("ix_idempotency_keys_record_id", "site_id", "record_id"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Chosen by the browser, 22 to 64 characters base64url.
    key: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: SHA-256 of the body's canonical JSON, 43 characters.
    body_hash: so.Mapped[str]
    record_id: so.Mapped[str]
    added_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class ErasedSubject(Model):
    """A consent id whose records were erased: what it had decided by then stays undone.

    A retry that was under way would otherwise bring the erased decision back.
    """

    __tablename__ = "erased_subjects"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Keyed digest of the subject, under another key than the subject's own, 43 characters.
    digest: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: The highest counter among the erased decisions.
    n: so.Mapped[int] = so.mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    erased_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
