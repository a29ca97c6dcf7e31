"""No opening key gets into the statistics of PostgreSQL, where no erasure reaches it."""

from alembic import op

revision = "0014"
down_revision = "0013"

TABLE = "log_opening_keys"
COLUMNS = ("decision_key", "subject_key")


def upgrade() -> None:
    """Sample them no more: nothing is looked up by a key. ``db compact`` forgets what there is."""
    _sample("0")


def downgrade() -> None:
    """Sample them like any other column."""
    _sample("-1")


def _sample(target: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for column in COLUMNS:
            op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN {column} SET STATISTICS {target}")
