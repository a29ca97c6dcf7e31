"""What a log says in clear is found by an index: most of an old log stands for nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INDEX = "ix_log_entries_artifacts"
#: How the entry of an artifact begins, and no other.
BEGINS = {
    "sqlite": "substr(entry, 1, 5) = x'7b2268223a'",
    "postgresql": "substr(entry, 1, 5) = '\\x7b2268223a'::bytea",
}


def upgrade() -> None:
    """Index the entries of artifacts, which are few.

    Reads the entries once, a second or two for a million; nothing is sealed or erased meanwhile,
    and with SQLite nothing recorded.
    """
    op.create_index(
        INDEX,
        "log_entries",
        ["site_id", "entry"],
        sqlite_where=sa.text(BEGINS["sqlite"]),
        postgresql_where=sa.text(BEGINS["postgresql"]),
    )


def downgrade() -> None:
    """Find them among all entries without a record again."""
    op.drop_index(INDEX, "log_entries")
