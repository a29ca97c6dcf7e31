"""The next version of the service: this one, with a migration more."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import downgrade

from consent_server import schema
from tests.server import ROOT

SERVE = """
from consent_server import schema
schema.MIGRATIONS = {folder!r}
from consent_server.cli import main
main(["serve"])
"""
MIGRATION = '''
"""Whatever the next version needs."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    op.add_column("consent_records", sa.Column("of_the_next", sa.Text(), nullable=True))
    op.create_table("of_the_next", sa.Column("id", sa.Integer(), primary_key=True))
    {more}


def downgrade():
    op.drop_table("of_the_next")
    op.drop_column("consent_records", "of_the_next")
'''


class Version:
    """A version of the service as whoever changes the schema runs it."""

    def __init__(self, app: Flask, folder: Path):
        """:param app: with the role that owns the tables

        :param folder: its migrations
        """
        self._app = app
        self._folder = folder

    def upgrade(self) -> None:
        """Do what ``db upgrade`` does."""
        with self._in_place():
            schema.upgrade(self._app)

    def downgrade(self) -> None:
        """Take the newest migration back."""
        with self._in_place(), self._app.app_context():
            schema.migrations(self._app)
            if self._app.extensions["consent_settings"].is_sqlite:
                downgrade(revision="-1")
            else:
                schema.migrate_between_requests(downgrade, "-1")

    @property
    def serve(self) -> tuple[str, ...]:
        """What Python is told to run to serve it."""
        return ("-c", SERVE.format(folder=str(self._folder)))

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        of_this = schema.MIGRATIONS
        schema.MIGRATIONS = self._folder
        try:
            yield
        finally:
            schema.MIGRATIONS = of_this


def next_version(app: Flask, folder: Path, floor: str = "", more: str = "pass") -> Version:
    """Make the next version.

    :param folder: for its migrations
    :param floor: the oldest revision that code has to know to run on it, after a point
    :param more: a statement of its migration
    """
    made = folder / "next"
    shutil.copytree(ROOT / "migrations", made, ignore=shutil.ignore_patterns("__pycache__"))
    before = schema.head()
    revision = f"{int(before) + 1:04}{floor}"
    text = MIGRATION.format(revision=revision, before=before, more=more)
    (made / "versions" / f"{revision[:4]}_of_the_next.py").write_text(text)
    return Version(app, made)
