"""What witnesses said of the checkpoints, and which of them do not answer."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
IS_THERE = (
    "EXISTS (SELECT 1 FROM log_cosignatures "
    "WHERE site_id = NEW.site_id AND size = NEW.size AND vkey = NEW.vkey)"
)


def upgrade() -> None:
    """Create the tables, then close that of the cosignatures against changes."""
    op.create_table(
        "log_cosignatures",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("size", COUNT, nullable=False, autoincrement=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "vkey", "size", name="pk_log_cosignatures"),
        sa.ForeignKeyConstraint(
            ["site_id", "size"],
            ["log_checkpoints.site_id", "log_checkpoints.size"],
            name="fk_log_cosignatures_site_id",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_log_cosignatures_size", "log_cosignatures", ["site_id", "size"])
    op.create_table(
        "log_witness_refusals",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "vkey", name="pk_log_witness_refusals"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_log_witness_refusals_site_id"),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop both; the witnesses keep what they saw."""
    op.drop_table("log_witness_refusals")
    op.drop_table("log_cosignatures")


def _guard_sqlite() -> None:
    for name, moment, condition in (
        ("update", "BEFORE UPDATE", ""),
        ("delete", "BEFORE DELETE", ""),
        ("replace", "BEFORE INSERT", f"WHEN {IS_THERE}"),
    ):
        op.execute(
            f"CREATE TRIGGER log_cosignatures_no_{name} {moment} ON log_cosignatures {condition} "
            "BEGIN SELECT RAISE(ABORT, 'log_cosignatures can only be appended to'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER log_cosignatures_append_only BEFORE UPDATE OR DELETE ON log_cosignatures "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER log_cosignatures_no_truncate BEFORE TRUNCATE ON log_cosignatures "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
