"""Consent records and the keys that make a retried request harmless."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.db import Flag, JSONDocument, Model, UtcDateTime, rfc3339

EVENTS = ("given", "partial", "refused", "changed", "renewed", "withdrawn", "expired")
ACTIONS = ("accept_all", "reject_all", "save", "withdraw")
METHODS = ("banner", "preferences", "placeholder", "api", "gpc", "import")


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


class ConsentRecord(Model):
    """One decision of one visitor; rows are appended and never changed (triggers see to it).

    Deliberately absent: address, user agent, page, referrer, device, and the consent id itself.
    """

    __tablename__ = "consent_records"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["site_id", "revision"], ["publications.site_id", "publications.revision"]
        ),
        sa.Index("ix_consent_records_log", "site_id", "recorded_at", "record_id"),
        sa.Index("ix_consent_records_previous", "site_id", "previous"),
        sa.Index("ix_consent_records_expires_at", "expires_at"),
        sa.Index("ix_consent_records_subject", "site_id", "subject", "recorded_at"),
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
    recorded_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
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

    def public(self) -> dict[str, Any]:
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

    def exported(self, *, with_subject: bool) -> dict[str, Any]:
        """Return every field for an auditor, or for the visitor, JSON-ready.

        :param with_subject: whether records of one visitor can be told to belong together by the
            pseudonym too, not only by ``previous``
        """
        values = {
            "site": self.site_id,
            "record_id": self.record_id,
            "previous": self.previous,
            "event": self.event,
            "action": self.action,
            "method": self.method,
            "recorded_at": rfc3339(self.recorded_at),
            "expires_at": rfc3339(self.expires_at),
            "categories": public_choices(self.categories),
            "services": public_choices(self.services),
            "bundle": self.bundle,
            "revision": self.revision,
            "build": self.build,
            "language": self.language,
            "policy_version": self.policy_version,
            "profile": self.profile,
            "gpc": self.gpc,
            "trusted": self.trusted,
            "superseded": self.superseded,
        }
        return {**values, "subject": self.subject, "n": self.n} if with_subject else values


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
        ),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Chosen by the browser, 22 to 64 characters base64url.
    key: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: SHA-256 of the body's canonical JSON, 43 characters.
    body_hash: so.Mapped[str]
    record_id: so.Mapped[str]
    added_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
