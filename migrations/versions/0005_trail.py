"""The trail: who of the house read or changed what, in lines that can only be appended to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

INSTANT = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
DOCUMENT = sa.Text().with_variant(JSONB(), "postgresql")
IS_THERE = "EXISTS (SELECT 1 FROM trail_lines WHERE site_id = NEW.site_id AND number = NEW.number)"


def upgrade() -> None:
    """Create the table, then close it against changes."""
    op.create_table(
        "trail_lines",
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("number", COUNT, nullable=False, autoincrement=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("facts", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "number", name="pk_trail_lines"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_trail_lines_site_id"),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def downgrade() -> None:
    """Drop the trail; what the log has of it stays."""
    op.drop_table("trail_lines")


def _guard_sqlite() -> None:
    for name, moment, condition in (
        ("update", "BEFORE UPDATE", ""),
        ("delete", "BEFORE DELETE", ""),
        ("replace", "BEFORE INSERT", f"WHEN {IS_THERE}"),
    ):
        op.execute(
            f"CREATE TRIGGER trail_lines_no_{name} {moment} ON trail_lines {condition} "
            "BEGIN SELECT RAISE(ABORT, 'trail_lines can only be appended to'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER trail_lines_append_only BEFORE UPDATE OR DELETE ON trail_lines "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER trail_lines_no_truncate BEFORE TRUNCATE ON trail_lines "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
