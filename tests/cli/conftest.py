"""The command line in this process, on a fresh database of each engine."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from consent_server import cli
from consent_server.cli import database as commands
from consent_server.cli import environment as opened
from tests.builders import a_value


@pytest.fixture
def run(environment, clock, monkeypatch):
    """Run a command; gives its result with exit code, output and standard error."""
    import logging

    from consent_server.db import db

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(opened.logs, "configure", lambda level: None)
    monkeypatch.setattr(opened.os, "umask", lambda mask: 0o022)
    # The clock is the test's own, and ahead of that of PostgreSQL.
    monkeypatch.setattr(commands, "require_clock", lambda _: None)
    made = []
    create = opened.create_app
    monkeypatch.setattr(
        opened, "create_app", lambda settings: made.append(create(settings)) or made[-1]
    )
    level = logging.getLogger("alembic").level
    yield lambda *words, **more: CliRunner().invoke(cli.main, [str(w) for w in words], **more)
    logging.getLogger("alembic").setLevel(level)
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if app.extensions["consent_replica"] is not None:
            app.extensions["consent_replica"].engine.dispose()


@pytest.fixture
def run_json(run):
    """Run a command that succeeds with ``--json``; gives the value that it printed."""

    def run_json(*words):
        result = run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run_json


@pytest.fixture
def document(tmp_path):
    """Write a site's document to a file, with some keys replaced."""

    def document(site="demo", **changes) -> Path:
        path = tmp_path / f"{site}.yaml"
        path.write_text(yaml.safe_dump(a_value(site, **changes)), encoding="utf-8")
        return path

    return document
