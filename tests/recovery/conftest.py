"""A database that was set back to a copy, its log, and what goes on from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from consent_server import verification
from consent_server.backup.recovery import Recovered, gap_of, recover
from consent_server.erasing.service import erase_subject
from consent_server.sealing.audit import Audit
from consent_server.verification import Report, Trusted
from tests.builders import VISITOR
from tests.log.backup import Backup


@pytest.fixture
def backup(app) -> Backup:
    """Copy the database, and set it back."""
    return Backup(app)


@pytest.fixture
def journal(app) -> Path:
    """Where the entries are kept outside the database."""
    return app.extensions["consent_settings"].data_dir / "log" / "demo.entries"


@pytest.fixture
def go_on(app, clock, notary, seal) -> Callable[..., Recovered]:
    """Recover the log, and seal what then waits; a minute after the copy was put back."""

    def go_on(*folders: Path) -> Recovered:
        clock.advance(seconds=60)
        with app.app_context():
            found = recover(gap_of("demo", notary, folders), notary, clock.instant)
        seal()
        return found

    return go_on


@pytest.fixture
def audit(app, notary) -> Callable[[], list[str]]:
    """Audit the log; gives what was found."""

    def audit() -> list[str]:
        with app.app_context():
            return [str(finding) for finding in Audit("demo", notary).findings()]

    return audit


@pytest.fixture
def erase(app, clock) -> Callable[..., int]:
    """Erase what is held about a consent id; gives the number of records."""

    def erase(consent_id: str = VISITOR) -> int:
        subject = app.extensions["consent_keys"].subject("demo", consent_id)
        erased = app.extensions["consent_erased"]
        with app.app_context():
            return erase_subject("demo", subject, "art17", clock.instant, erased).records

    return erase


@pytest.fixture
def given_out(client) -> Callable[[str], str]:
    """Fetch something of the log."""

    def given_out(what: str = "checkpoint") -> str:
        answer = client.get(f"/v1/sites/demo/log/{what}")
        assert answer.status_code == 200, answer.text
        return answer.text

    return given_out


@pytest.fixture
def exported(client, api_key, tmp_path, given_out) -> Callable[..., Report]:
    """Export the site, and verify that with the key and a checkpoint that was kept."""
    key = api_key("export")

    def exported(kept: str, form: str = "jsonl", level: str = "decisions") -> Report:
        parameters = {"format": form, "level": level}
        answer = client.get("/v1/sites/demo/export", query_string=parameters, headers=key)
        assert answer.status_code == 200, answer.text
        path = tmp_path / f"export.{form}"
        path.write_bytes(answer.data)
        vkey = given_out("key").strip()
        head = verification.open_checkpoint(kept, verification._key(Trusted(vkey), None))
        return verification.verify(path, Trusted(vkey=vkey, kept=head))

    return exported
