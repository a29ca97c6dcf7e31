"""What the check of an installation says of its replica."""

import dataclasses

import pytest

from consent_server.operations.selfcheck import replica as checked
from consent_server.replica import replica_of

PASSWORD = "a-word-that-nobody-sees"


@pytest.fixture
def look(app):
    """What is said of the replica at an address, or of the one that there is."""
    settings = app.extensions["consent_settings"]

    def look(address=None):
        named = replica_of(
            dataclasses.replace(settings, replica_url=address or settings.replica_url)
        )
        with app.app_context():
            line = checked.replica(named)
        named.engine.dispose()
        assert PASSWORD not in str(line)
        return line

    return look


def test_each_server_that_cannot_be_the_replica_is_told(look, environment, database_url):
    named = environment["CONSENT_REPLICA_URL"]
    host = named.rpartition("@")[2].partition("/")[0]

    denied = look(named.replace("roles_service@", f"nobody:{PASSWORD}@"))
    away = look(named.replace(host, "127.0.0.1:9"))
    itself = look(database_url)
    of_another = look(f"{named.rpartition('/')[0]}/template_replicated")

    assert (denied.status, away.status) == ("warn", "warn")
    assert (
        denied.seen
        == away.seen
        == ("does not answer (OperationalError): exports read the database")
    )
    assert (itself.status, itself.may_pass) == ("fail", True)
    assert "so it is no replica" in itself.seen
    assert (of_another.status, of_another.may_pass) == ("fail", False)
    assert "a replica of another database" in of_another.seen


def both(pair, database):
    """Of several hosts the one that is a standby is taken."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (pair.primary, pair.standby))
    return f"postgresql+psycopg://roles_service@/{database}?{hosts}"


def test_one_that_follows_is_well_until_it_is_far_behind(
    look, replicated, held_back, publish, monkeypatch
):
    well, of_two = look(), look(both(held_back, replicated.name))
    monkeypatch.setattr(checked, "BEHIND", -1)
    held_back.hold_back()
    publish("demo")
    behind = look()

    assert (well.status, of_two.status, well.mend) == ("ok", "ok", "")
    assert well.seen.startswith("follows this database, ")
    assert behind.status == "warn"
    assert " s behind: exports read the database" in behind.seen
