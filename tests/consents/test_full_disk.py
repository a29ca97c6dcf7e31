"""F-04: the disk is full. Whoever says no is heard; a yes waits until there is room."""

import os
import threading

import pytest
from sqlalchemy import event

from consent_server.db import db
from consent_server.reserve import Reserve
from tests.builders import ALL, NONE, a_decision, acceptance, refusal, withdrawal

#: Pages that the database may grow by, and those that the reserve stands for.
ROOM, RESERVED = 40, 256


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def environment(environment):
    return {**environment, "CONSENT_RESERVE_MIB": "1"}


@pytest.fixture
def reserve(app):
    found = app.extensions["consent_reserve"]
    assert found.lay()
    return found


@pytest.fixture
def disk(app, site, reserve):
    """Fill the disk of the database: SQLite counts its pages instead. Gives what makes room."""
    room = {"pages": ROOM}

    def measure(connection, _record, _proxy):
        (pages,) = first = connection.execute("PRAGMA page_count").fetchone()
        begin = room.setdefault("begin", pages)
        most = begin + room["pages"] + (0 if reserve.is_laid else RESERVED)
        connection.execute(f"PRAGMA max_page_count = {max(most, first[0])}").fetchall()

    with app.app_context():
        event.listen(db.engine, "checkout", measure)
        yield lambda: room.update(pages=1_000_000)
        event.remove(db.engine, "checkout", measure)


def visitor(number):
    return f"{number:022d}"


def fill(decide):
    """Let visitors grant until there is no room; gives how many did, and the refusal."""
    for number in range(2_000):
        answer = decide(acceptance(1, consent_id=visitor(number)))
        if answer.status_code != 201:
            return number, answer
    raise AssertionError("the disk was never full")


def test_the_noes_are_recorded_and_the_yes_waits_for_room(decide, disk, reserve, records):
    granted, refused = fill(decide)
    assert (refused.status_code, refused.json["reason"]) == (503, "storage_full")
    assert refused.headers["Retry-After"] == "60"
    assert reserve.is_out

    withdrawn = [decide(withdrawal(2, consent_id=visitor(n))) for n in range(granted)]
    denied = [decide(refusal()) for _ in range(50)]
    still = decide(acceptance(1, consent_id=visitor(9_999)))

    assert {answer.status_code for answer in withdrawn + denied} == {201}
    assert still.json["reason"] == "storage_full"
    assert len(records()) == 2 * granted + 50

    disk()
    assert reserve.lay()
    assert decide(acceptance(1, consent_id=visitor(9_999))).status_code == 201


def test_who_takes_back_a_part_and_keeps_the_rest_is_heard(decide, disk, reserve):
    fill(decide)
    assert reserve.is_out
    kept = {**ALL, "analytics": False}
    one, other = visitor(0), visitor(1)

    taken = decide(a_decision(consent_id=one, n=2, categories=kept))
    again = decide(a_decision(consent_id=one, n=3, categories=kept))
    more = decide(a_decision(consent_id=one, n=3, categories={**NONE, "analytics": True}))
    new = decide(a_decision(consent_id="N" * 22, n=1, categories=kept))
    assert decide(withdrawal(2, consent_id=other)).status_code == 201
    back = decide(acceptance(3, consent_id=other))

    assert (taken.status_code, taken.json["event"]) == (201, "changed")
    assert [answer.json["reason"] for answer in (again, more, new, back)] == ["storage_full"] * 4


def test_a_no_that_finds_the_disk_full_first_is_recorded(decide, disk, reserve):
    answers = [decide(refusal()) for _ in range(300)]

    assert {answer.status_code for answer in answers} == {201}
    assert reserve.is_out


def test_without_a_reserve_both_are_refused(decide, disk, reserve):
    reserve._path.unlink()  # as where none was ever laid
    codes = [decide(refusal()).status_code for _ in range(1_500)]

    assert codes[0] == 201
    assert codes[-1] == 503


def test_a_service_that_starts_on_a_full_disk_knows_that_the_reserve_is_out(tmp_path):
    path = tmp_path / "reserve"
    reserve = Reserve(path, 1024**2)
    assert (reserve.lay(), path.stat().st_size) == (True, 1024**2)

    assert reserve.release()
    assert not reserve.release()

    assert Reserve(path, 1024**2).is_out
    assert not Reserve(path, 0).is_out


def test_a_reserve_that_is_smaller_than_it_should_be_is_room_too(tmp_path):
    """The setting was raised, or a process ended while it laid it."""
    path = tmp_path / "reserve"
    path.write_bytes(bytes(4096))
    reserve = Reserve(path, 1024**2)

    assert not reserve.is_laid
    assert reserve.release()
    assert (reserve.is_out, path.stat().st_size) == (True, 0)


def test_what_another_process_needed_is_out_for_this_one_when_it_looks(tmp_path, monkeypatch):
    reserve, other = (Reserve(tmp_path / "reserve", 1024**2) for _ in range(2))
    reserve.lay()
    other.release()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))

    assert (reserve.is_out, reserve.lay(), reserve.is_out) == (False, False, True)


def test_what_another_process_gave_back_is_out_for_this_one_too(tmp_path):
    reserve, other = (Reserve(tmp_path / "reserve", 1024**2) for _ in range(2))
    assert reserve.lay()
    assert other.release()

    assert not reserve.release()
    assert reserve.is_out


def test_who_looks_whether_it_is_there_does_not_undo_that_it_is_given_back(tmp_path, monkeypatch):
    """The look of every five seconds comes just before the file is emptied."""
    reserve = Reserve(tmp_path / "reserve", 1024**2)
    assert reserve.lay()
    looks, truncate = [], os.truncate

    def empty(path, size):
        looks.append(threading.Thread(target=reserve.lay))
        looks[0].start()
        looks[0].join(0.2)  # held up, it looks afterwards
        truncate(path, size)

    monkeypatch.setattr("os.truncate", empty)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 0}))
    assert reserve.release()
    looks[0].join(30)

    assert reserve.is_out


def test_a_reserve_that_finds_no_room_is_not_laid(tmp_path, monkeypatch):
    reserve = Reserve(tmp_path / "reserve", 1024**2)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 * 1024**2 - 1}))

    assert not reserve.lay()
    assert not (tmp_path / "reserve").exists()
