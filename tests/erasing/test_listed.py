"""A line that is gone from the list outside the database is missed."""

import json

import pytest

from consent_server.erasing.listed import Listed, compare
from consent_server.erasing.replay import replay
from tests.builders import acceptance
from tests.cli import conftest as commands
from tests.log.backup import Backup

run = commands.run
WHOLE = Listed(missing=0, others=0)


@pytest.fixture
def path(app):
    return app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"


@pytest.fixture
def compared(app, erased):
    def compared():
        with app.app_context():
            return compare(erased)

    return compared


@pytest.fixture
def three(decide, erase):
    """Three erasures."""
    for n in (1, 2, 3):
        decide(acceptance(n))
        erase()


@pytest.fixture
def look(run):
    """Ask both commands; gives their exit codes and what they say of the list."""

    def look():
        checked, replayed = run("selfcheck", "--json"), run("rights", "replay")
        lines = {line["name"]: line for line in json.loads(checked.stdout)["checks"]}
        line = lines["erasures-listed"]
        return checked.exit_code, line["status"], line["seen"], replayed.exit_code, replayed.stderr

    return look


def without(path, *numbers):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for at, line in enumerate(lines) if at not in numbers))


@pytest.mark.parametrize("gone", [(1,), (2,), (3,), (1, 2), (2, 3), (1, 2, 3)])
def test_lines_that_were_taken_out_are_missed_also_after_the_next_erasure(
    three, path, compared, decide, erase, gone
):
    assert compared() == WHOLE

    without(path, *gone)
    assert compared() == Listed(missing=len(gone), others=0)
    decide(acceptance(4))
    erase()

    assert compared() == Listed(missing=len(gone), others=0)


def test_what_is_lawful_is_no_finding(app, decide, erase, erased, clock, compared, path):
    assert compared() == WHOLE  # a new data directory
    copy = Backup(app)
    for n in (1, 2):
        decide(acceptance(n))
        if n == 2:
            copy.take()
        erase()
    copy.restore()
    assert compared() == WHOLE  # the database is older than the list
    with app.app_context():
        replay(erased, clock.instant)
    assert compared() == WHOLE

    decide(acceptance(3))
    clock.advance(days=800)
    erase()
    for left in (1, 0):
        erased.drop_before(clock.instant.date())
        assert len(erased.numbers().here) == left
        assert compared() == WHOLE
        clock.advance(days=1)

    whole = path.read_bytes()
    path.unlink()  # another machine: its list begins with its first erasure
    assert compared() == Listed(missing=0, others=1)
    decide(acceptance(4))
    erase()
    assert compared() == WHOLE
    path.write_bytes(whole)
    assert compared() == WHOLE


def test_both_commands_say_that_a_line_is_missing(three, path, look):
    selfchecked, status, _, replayed, said = look()
    assert (status, replayed, said) == ("ok", 0, "")

    without(path, 2)

    selfchecked, status, seen, replayed, said = look()
    assert seen == "erased/list.jsonl: a line is missing that the database was told of"
    assert (selfchecked, status, replayed) == (1, "fail", 1)
    assert said.startswith(seen)


def test_both_commands_say_that_the_list_may_be_lost(app, three, path, look):
    path.unlink()

    _, status, seen, replayed, said = look()

    assert seen == "the database was told of erasures by another list, and of none by the one here"
    is_alone = app.extensions["consent_settings"].is_sqlite
    assert status == ("warn" if is_alone else "ok")
    assert (replayed, said.startswith(seen)) == (0, True)


def test_missing_lines_can_be_declared_as_dropped(three, path, compared):
    without(path, 1, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0].replace(b'"dropped":0', b'"dropped":2') + lines[1])

    assert compared() == WHOLE
