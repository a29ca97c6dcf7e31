"""What is not what was signed is never given out as evidence."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from tests.log.tampering import unguarded

#: What somebody with all rights in the database does → the part that is refused for it.
DAMAGES = {
    "UPDATE publications SET bundle = replace(bundle, 'Shop SAS', 'Shop SAX')": "bundle",
    "DELETE FROM widget_builds": "build",
    "UPDATE consent_records SET language = 'en'": "record",
    "UPDATE consent_records SET subject = 'A' || substr(subject, 2)": "record",
    "UPDATE consent_records SET recorded_at = '2026-11-21T20:00:00.000Z'": "record",
    "DELETE FROM log_opening_keys": "record",
    "UPDATE log_tiles SET hashes = decision_key FROM log_opening_keys": "log",
    "DELETE FROM log_tiles": "log",
    "UPDATE log_checkpoints SET note = replace(note, '— ', '— x')": "log",
}
FORMS = ["pack", "html", "tlog-proof"]


@pytest.fixture
def damage(app):
    """Change what the database holds, past its triggers."""

    def damage(statement):
        with app.app_context(), unguarded(db.engine) as connection:
            connection.execute(sa.text(statement))

    return damage


@pytest.mark.parametrize("form", FORMS)
def test_what_was_not_touched_is_given_out(ask, record_id, damage, form):
    damage("UPDATE publications SET reason = reason")

    assert ask(record_id, format=form).status_code == 200


@pytest.mark.parametrize("statement", DAMAGES)
def test_what_was_changed_is_refused_and_named(ask, record_id, damage, statement, capsys):
    damage(statement)

    answer = ask(record_id)

    assert (answer.status_code, answer.json["reason"]) == (409, "evidence_damaged")
    assert answer.json["part"] == DAMAGES[statement]
    assert "evidence_damaged" in capsys.readouterr().out
    assert ask(record_id, format="html").status_code == 409
    # The proof alone holds nothing but the log's own.
    is_of_the_log = DAMAGES[statement] == "log"
    assert ask(record_id, format="tlog-proof").status_code == (409 if is_of_the_log else 200)
