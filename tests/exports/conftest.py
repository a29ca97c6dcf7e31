"""A site with a history in its log, its exports as files, and the verifier."""

from collections.abc import Callable
from pathlib import Path

import pytest

from consent_server import verification
from consent_server.sealing.keyfile import LogKeyFile
from consent_server.verification import Report, Trusted
from tests.builders import a_decision, acceptance, refusal, withdrawal
from tests.exports.signing import Change, signed_again

URL = "/v1/sites/demo/export"


@pytest.fixture
def sealed(decide, clock, seal) -> None:
    """Two dozen decisions of six visitors, in the log."""
    for visitor in range(6):
        consent_id = f"{visitor}AECAwQFBgcICQoLDA0ODw"[:21] + "w"
        decide(acceptance(consent_id=consent_id))
        clock.advance(hours=5)
        decide(a_decision(consent_id=consent_id, n=2, services={"stats": False}))
        decide(refusal())
        clock.advance(hours=5)
        decide(withdrawal(3, consent_id=consent_id))
    seal()


@pytest.fixture
def export_to(client, api_key, tmp_path) -> Callable[..., Path]:
    """Export the site to a file."""
    key = api_key("export")

    def export_to(form: str = "jsonl", level: str = "decisions", name: str = "", **asked) -> Path:
        parameters = {"format": form, "level": level, **asked}
        answer = client.get(URL, query_string=parameters, headers=key)
        assert answer.status_code == 200, answer.text
        path = tmp_path / f"{name or level}.{form}"
        path.write_bytes(answer.data)
        return path

    return export_to


@pytest.fixture
def verified() -> Callable[..., Report]:
    """Verify a file."""

    def verified(path: Path, **given) -> Report:
        return verification.verify(path, Trusted(**given))

    return verified


@pytest.fixture
def sign_again(environment, verified) -> Callable[..., Report]:
    """Change an export as the operator could, and verify it."""

    def sign_again(path: Path, change: Change) -> Report:
        key = LogKeyFile(Path(environment["CONSENT_DATA_DIR"])).read(may_create=False).at_work[0]
        form = path.suffix[1:]
        path.write_bytes(signed_again(path.read_bytes(), form, key, change))
        return verified(path)

    return sign_again
