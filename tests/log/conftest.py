"""What the log shows."""

from collections.abc import Callable

import pytest

from consent_server.sealing.audit import Audit
from consent_server.sealing.rotation import retire, rotate
from consent_server.sqlite import any_text


@pytest.fixture
def checkpoint(client) -> Callable[..., str]:
    """Fetch the newest checkpoint of a site."""

    def checkpoint(site: str = "demo") -> str:
        answer = client.get(f"/v1/sites/{site}/log/checkpoint")
        assert answer.status_code == 200, answer.text
        return answer.text

    return checkpoint


@pytest.fixture
def key_file(app):
    """Where the keys of the logs are."""
    return app.extensions["consent_settings"].data_dir / "keys" / "log.json"


@pytest.fixture
def turn(app, notary, clock):
    """Rotate or retire the key of the logs."""

    def turn(change):
        with app.app_context():
            return rotate(notary, clock.instant) if change is rotate else retire(notary)

    return turn


@pytest.fixture
def vkeys(client):
    """The keys of the log that are at work, the newest first."""
    return lambda: client.get("/v1/sites/demo/log/key").text.splitlines()


@pytest.fixture
def findings(app, notary):
    """Audit the log as the command does; gives what is said."""

    def findings():
        with app.app_context(), any_text():
            return [str(finding) for finding in Audit("demo", notary).findings()]

    return findings
