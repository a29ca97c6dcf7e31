"""PostgreSQL counts the rows of a large table when a thousandth of it is new, not a tenth."""

from alembic import op

revision = "0013"
down_revision = "0012"

#: What grows with every decision. A site that came since the last count is taken for empty, and
#: whatever asks for one of its rows may read all of them: so there must not be many.
TABLES = ("consent_records", "idempotency_keys", "log_entries", "log_opening_keys")
OPTIONS = {"autovacuum_analyze_scale_factor": "0.001", "autovacuum_analyze_threshold": "1000"}


def upgrade() -> None:
    """Count sooner; what is read for it is a sample of the same size however large the table is."""
    _alter(f"SET ({', '.join(f'{name} = {value}' for name, value in OPTIONS.items())})")


def downgrade() -> None:
    """Count as the server does by itself."""
    _alter(f"RESET ({', '.join(OPTIONS)})")


def _alter(how: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} {how}")
