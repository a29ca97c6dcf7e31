"""The SQLite file is removed or replaced beneath the service: nothing is acknowledged to nobody."""

from contextlib import closing
from pathlib import Path

import pytest

from consent_server.db import db
from consent_server.sqlite import sqlite3
from tests.builders import acceptance, withdrawal

#: Connections that the service has open, and decisions of each kind afterwards.
OPEN, SENT = 5, 8


@pytest.fixture
def database_url(sqlite_url):
    """SQLite: only it is a file."""
    return sqlite_url


@pytest.fixture
def file(database_url):
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
def token(app, decide):
    """Of somebody who granted, at a service that has connections open as under load."""
    token = decide(acceptance(1)).json["token"]
    with app.app_context():
        pooled = [db.engine.raw_connection() for _ in range(OPEN)]
        for connection in pooled:
            connection.driver_connection.execute("SELECT count(*) FROM consent_records").fetchall()
            connection.close()
    return token


def remove(file):
    """Take the file away; what was in it is returned as another file."""
    copy = file.with_name("copy")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    for ending in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    return copy


def told(answers):
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    return {answer.json["record_id"] for answer in answers if answer.status_code != 503}


def in_file(file):
    with closing(sqlite3.connect(file)) as connection:
        return {id_ for (id_,) in connection.execute("SELECT record_id FROM consent_records")}


def first_decisions(decide, begin):
    return [decide(acceptance(1, consent_id=f"{begin + n:022d}")) for n in range(SENT)]


def later_decisions(decide, begin):
    return [decide(withdrawal(begin + n)) for n in range(SENT)]


@pytest.mark.parametrize("send", [first_decisions, later_decisions])
def test_what_is_acknowledged_after_another_file_took_its_place_is_in_that_one(
    decide, check, token, file, send
):
    remove(file).rename(file)

    answers = send(decide, 2)

    assert told(answers) <= in_file(file)
    assert answers[-1].status_code == 201
    decide(withdrawal(99))
    assert check(token, category="analytics")["granted"] is False


def test_nothing_is_acknowledged_while_there_is_none_and_all_goes_on_when_it_is_back(
    decide, token, file
):
    copy = remove(file)

    without = first_decisions(decide, 10) + later_decisions(decide, 2)
    copy.rename(file)
    answers = first_decisions(decide, 30) + later_decisions(decide, 20)

    assert told(without) == set()
    assert told(answers) <= in_file(file)
    assert answers[-1].status_code == 201
