"""What the log keeps: opening keys, what waits, entries, tiles, checkpoints, who is at work."""

from datetime import datetime

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.columns import POSTGRESQL_WHERE, UtcDateTime
from consent_server.db import Model
from consent_server.ledger.entries import REASONS
from consent_server.ledger.merkle import KEY_BYTES
from consent_server.ledger.tiles import HASH_BYTES, WIDTH

#: A number that may outgrow 32 bits.
COUNT = sa.BigInteger().with_variant(sa.Integer, "sqlite")
#: How the entry of an artifact begins, and no other (``ledger.entries``); in the words of the index
#: that finds them, or a database does not take it.
ARTIFACT_BEGINS = {
    "sqlite": "substr(entry, 1, 5) = x'7b2268223a'",
    "postgresql": "substr(entry, 1, 5) = '\\x7b2268223a'::bytea",
}


def _bytes(column: str, length: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) = {length}", name=f"{column}_length")


class OpeningKeys(Model):
    """The two keys of a record's commitments. Without them its entry says nothing, to anybody."""

    __tablename__ = "log_opening_keys"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["site_id", "record_id"],
            ["consent_records.site_id", "consent_records.record_id"],
            ondelete="RESTRICT",
        ),
        _bytes("decision_key", KEY_BYTES),
        _bytes("subject_key", KEY_BYTES),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    record_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: 32 random bytes each.
    decision_key: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
    subject_key: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)


class QueuedEntry(Model):
    """An entry that waits for its place in the log; written with what it stands for."""

    __tablename__ = "log_queue"
    __table_args__ = (
        # Of few rows at a time, so that queueing pays for no second index.
        sa.Index(
            "ix_log_queue_place",
            "site_id",
            "leaf_index",
            unique=True,
            sqlite_where=sa.text("leaf_index IS NOT NULL"),
            info={POSTGRESQL_WHERE: "leaf_index IS NOT NULL"},
        ),
        # What was published and waits keeps it from pages: looked for at each request.
        sa.Index(
            "ix_log_queue_clear",
            "site_id",
            sqlite_where=sa.text("record_id IS NULL"),
            info={POSTGRESQL_WHERE: "record_id IS NULL"},
        ),
        sa.CheckConstraint(f"erased IN {REASONS}", name="erased_known"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    queued_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime, primary_key=True)
    #: 128 random bits, base64url without padding.
    queue_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: The bytes that will be hashed, see ``ledger.entries``.
    entry: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
    #: The record that an event commits to; None for what is in clear, and when it was erased.
    record_id: so.Mapped[str | None]
    #: Its place, from the moment at which the order of its batch is settled.
    leaf_index: so.Mapped[int | None] = so.mapped_column(COUNT)
    #: Why the record was erased while its entry waited; its tombstone is queued when it is sealed.
    erased: so.Mapped[str | None]


class LogEntry(Model):
    """One entry of a site's log; appended and never changed (triggers see to it).

    An erasure takes the link to the record away, and nothing else.
    """

    __tablename__ = "log_entries"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "record_id"),
        # Few among the many that erasures leave without a record.
        sa.Index(
            "ix_log_entries_artifacts",
            "site_id",
            "entry",
            sqlite_where=sa.text(ARTIFACT_BEGINS["sqlite"]),
            info={POSTGRESQL_WHERE: ARTIFACT_BEGINS["postgresql"]},
        ),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: From 0, without a gap.
    leaf_index: so.Mapped[int] = so.mapped_column(COUNT, primary_key=True, autoincrement=False)
    entry: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
    #: The record that an event commits to: the only link, and not part of the log. None for what is
    #: in clear, and for an event that a tombstone names.
    record_id: so.Mapped[str | None]


class LogTile(Model):
    """Up to 256 hashes of one level side by side; a row only grows, up to a full tile (triggers).

    A partial tile of an earlier tree is the beginning of what is stored.
    """

    __tablename__ = "log_tiles"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.CheckConstraint(
            f"length(hashes) BETWEEN {HASH_BYTES} AND {HASH_BYTES * WIDTH} "
            f"AND length(hashes) % {HASH_BYTES} = 0",
            name="hashes_length",
        ),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: 0 holds leaf hashes.
    level: so.Mapped[int] = so.mapped_column(primary_key=True, autoincrement=False)
    tile_index: so.Mapped[int] = so.mapped_column(COUNT, primary_key=True, autoincrement=False)
    #: 32 bytes each.
    hashes: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)


class SignedCheckpoint(Model):
    """A head of a site's log that was signed; appended and never changed (triggers see to it)."""

    __tablename__ = "log_checkpoints"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        _bytes("root", HASH_BYTES),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Entries in the tree.
    size: so.Mapped[int] = so.mapped_column(COUNT, primary_key=True, autoincrement=False)
    #: Size of the checkpoint before, 0 for the first, so that none can be missing unseen.
    previous_size: so.Mapped[int] = so.mapped_column(COUNT)
    root: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
    #: The signed note (c2sp.org/tlog-checkpoint).
    note: so.Mapped[str]
    #: By the service's clock; the signature does not cover it.
    signed_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class LogCosignature(Model):
    """What a witness said of a checkpoint; appended and never changed (triggers see to it)."""

    __tablename__ = "log_cosignatures"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["site_id", "size"],
            ["log_checkpoints.site_id", "log_checkpoints.size"],
            name="fk_log_cosignatures_site_id",
        ),
        sa.Index("ix_log_cosignatures_size", "site_id", "size"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Of the witness (c2sp.org/signed-note).
    vkey: so.Mapped[str] = so.mapped_column(primary_key=True)
    size: so.Mapped[int] = so.mapped_column(COUNT, primary_key=True, autoincrement=False)
    #: Of the note, with its line feed (c2sp.org/tlog-cosignature).
    line: so.Mapped[str]
    #: By the witness's clock, which its signature covers.
    seen_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class WitnessRefusal(Model):
    """Why a witness did not cosign a log the last time it was asked; gone when it does again."""

    __tablename__ = "log_witness_refusals"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    vkey: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Of the refusal, see docs/witnesses.md.
    reason: so.Mapped[str]
    detail: so.Mapped[str]
    #: When it did not for the first time since it last did.
    since: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class Lease(Model):
    """Who puts entries into a site's log now, so that others do not try as well."""

    __tablename__ = "log_leases"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: 128 random bits of one run.
    holder: so.Mapped[str]
    until: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class Alarm(Model):
    """Why a site's log was not signed the last time it was tried; gone when it is signed again."""

    __tablename__ = "log_alarms"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Of the refusal, see docs/http-api.md.
    reason: so.Mapped[str]
    detail: so.Mapped[str]
    #: When it was refused first.
    raised_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)


class Erasure(Model):
    """Says, inside one transaction, that a record may be removed; no row is ever committed.

    The triggers let a record, its opening keys and the link of its entry go while its row is here.
    """

    __tablename__ = "log_erasures"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["never_kept"], ["sites.id"], deferrable=True, initially="DEFERRED"
        ),
        sa.CheckConstraint("never_kept = ''", name="never_kept"),
        {"sqlite_strict": True},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    record_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Empty, and a reference to a site: there is none with an empty id, so a transaction that
    #: leaves the row behind cannot commit.
    never_kept: so.Mapped[str]


class ErasureMark(Model):
    """How far the list of erasures of a data directory is done here (``erasing.erasedlist``)."""

    __tablename__ = "erasure_marks"
    __table_args__ = ({"sqlite_strict": True},)

    #: 128 random bits that name the list.
    list_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: Of the last line that was done.
    number: so.Mapped[int] = so.mapped_column(COUNT)


class RestrictedProof(Model):
    """What opens the entry of an erased record, sealed to a key that the service does not have.

    Nothing in a row says whose it is, or of which entry; rows lie in the order of random numbers.
    """

    __tablename__ = "restricted_proofs"
    __table_args__ = (
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"]),
        sa.Index("ix_restricted_proofs_ends_at", "site_id", "ends_at"),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    site_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: 128 random bits, base64url without padding.
    proof_id: so.Mapped[str] = so.mapped_column(primary_key=True)
    #: First instant of the day on which it is deleted.
    ends_at: so.Mapped[datetime] = so.mapped_column(UtcDateTime)
    #: See ``ledger.restricted``.
    sealed: so.Mapped[bytes] = so.mapped_column(sa.LargeBinary)
