"""What is not what was signed is never given out as evidence."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from tests.builders import refusal
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
    # The proof alone says nothing of what was shown.
    is_shown = DAMAGES[statement] in ("bundle", "build")
    assert ask(record_id, format="tlog-proof").status_code == (200 if is_shown else 409)


@pytest.mark.parametrize("form", FORMS)
def test_the_entry_of_another_record_is_not_given_out_for_this_one(
    app, ask, decide, record_id, seal, rows, form
):
    """Its proof would verify: nothing in it says which record it is of."""
    decide(refusal())
    seal()
    one, other = (row for row in rows("log_entries", "leaf_index") if row["record_id"] is not None)
    links = {one["leaf_index"]: other["record_id"], other["leaf_index"]: one["record_id"]}
    with app.app_context(), unguarded(db.engine) as connection:
        for place in links:
            free = "UPDATE log_entries SET record_id = NULL WHERE leaf_index = :place"
            connection.execute(sa.text(free), {"place": place})
        for place, name in links.items():
            link = "UPDATE log_entries SET record_id = :name WHERE leaf_index = :place"
            connection.execute(sa.text(link), {"name": name, "place": place})

    for name in links.values():
        answer = ask(name, format=form)
        assert (answer.status_code, answer.json["part"]) == (409, "record")


@pytest.mark.parametrize("form", FORMS)
def test_nor_one_for_what_is_no_record(app, ask, record_id, form):
    with app.app_context(), unguarded(db.engine) as connection:
        link = "UPDATE log_entries SET record_id = :name WHERE record_id IS NOT NULL"
        connection.execute(sa.text(link), {"name": "X" * 22})

    assert ask("X" * 22, format=form).status_code == 404
