"""What is published and waits for the log is found at once, because it is not served until then."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Index what waits in clear; mostly nothing."""
    op.create_index(
        "ix_log_queue_clear",
        "log_queue",
        ["site_id"],
        sqlite_where=sa.text("record_id IS NULL"),
        postgresql_where=sa.text("record_id IS NULL"),
    )


def downgrade() -> None:
    """Find it by reading the queue again."""
    op.drop_index("ix_log_queue_clear", "log_queue")
