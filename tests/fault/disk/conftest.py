"""The site ``demo`` on SQLite, in a folder of its own, and a key for its checks."""

from datetime import UTC, datetime

import pytest

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.sites.keys import create_key
from tests.fault.installation import publish_demo


@pytest.fixture
def database(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder / "consent.db"


@pytest.fixture
def environment(database):
    """The site ``demo``, published."""
    made = {
        "DATABASE_URL": f"sqlite:///{database}",
        "CONSENT_DATA_DIR": str(database.parent / "var"),
        "CONSENT_PUBLIC_URL": "https://consent.example",
        "CONSENT_MERGE_DELAY": "600",
    }
    publish_demo(made)
    return made


@pytest.fixture
def key(environment):
    """The header that carries an API key."""
    app = create_app(load_settings(environment))
    with app.app_context():
        _, key = create_key("demo", ["check"], datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return {"Authorization": f"Bearer {key}"}
