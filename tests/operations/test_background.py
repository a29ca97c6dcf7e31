"""The work beside the requests goes on whatever a round meets, and tells when it does not."""

import errno
import json
import os
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from consent_server import background, serving
from consent_server.erasing.erasedlist import ErasedListUnusable
from consent_server.ledger.entries import REASONS
from consent_server.metrics import catalogue
from consent_server.metrics.counts import COUNTS, GOOD_ROUND, Counts, totals_in
from consent_server.retention import housekeeping
from tests.builders import acceptance

TOKEN = "0123456789abcdef0123456789abcdef"
WITNESS = SimpleNamespace(name="W")
#: Work → what it does in a round, and what its thread runs.
ROUNDS = {
    "housekeeping": ("require_clock", background._keep_house),
    "sealing": ("_replay", background._keep_sealing),
    "measuring": ("measure_process", background._keep_measuring),
    "witnessing": ("now", lambda app: background._keep_witnessed(app, WITNESS)),
}


class Stop(BaseException):
    """Ends the endless work of a thread."""


@pytest.fixture
def environment(environment):
    return {**environment, "CONSENT_MERGE_DELAY": "2", "CONSENT_METRICS_TOKEN": TOKEN}


@pytest.fixture
def impatient(monkeypatch):
    """Let no round wait for its time."""

    class Waiting(threading.Event):
        def wait(self, timeout=None):
            return False

    monkeypatch.setattr(background, "threading", SimpleNamespace(
        Event=Waiting, current_thread=threading.current_thread
    ))  # fmt: skip


@pytest.mark.parametrize("work", ROUNDS)
def test_a_round_that_meets_what_nobody_expected_is_counted_and_the_next_one_comes(
    work, app, impatient, monkeypatch
):
    name, run = ROUNDS[work]
    problems = iter([KeyError("records"), RecursionError(), Stop()])

    def fail(*_):
        raise next(problems)

    monkeypatch.setattr(background, name, fail)
    key = (catalogue.WORK_FAILED.name, work)
    before = COUNTS.totals().get(key, 0)

    with pytest.raises(Stop):
        run(app)

    assert COUNTS.totals()[key] - before == 2


def test_a_purge_that_fails_keeps_no_consent_from_ending(app, impatient, monkeypatch):
    ended, rounds = [], iter([0, 0, Stop()])

    def lapse(*_):
        found = next(rounds)
        if isinstance(found, Stop):
            raise found
        ended.append(found)
        return found

    def purge(*_, **__):
        raise ErasedListUnusable(2)

    monkeypatch.setattr(housekeeping, "record_lapses", lapse)
    monkeypatch.setattr(housekeeping, "purge", purge)
    with pytest.raises(Stop):
        background._keep_house(app)

    assert len(ended) == 2


def test_on_a_full_disk_the_room_for_the_noes_is_left_to_them(app, impatient, monkeypatch):
    done = []

    class Look:
        """Out for three rounds, then there again; the fourth round is the last."""

        looks = iter([True, True, True, False])
        is_out = property(lambda self: next(self.looks))

    def lapse(_now, since):
        done.append(since)
        raise Stop

    monkeypatch.setattr(housekeeping, "record_lapses", lapse)
    monkeypatch.setitem(app.extensions, "consent_reserve", Look())
    with pytest.raises(Stop):
        background._keep_house(app)

    assert next(Look.looks, None) is None
    assert done == [None]


@pytest.fixture
def seal_all(app, monkeypatch):
    """Seal the logs of three sites, and meet something at the second; gives those that are done."""

    def seal_all(problem):
        begun = []

        def seal(site_id, *_):
            begun.append(site_id)
            if site_id == "b":
                raise problem

        monkeypatch.setattr(background, "waiting_sites", lambda: ["a", "b", "c"])
        monkeypatch.setattr(background, "seal", seal)
        with app.app_context(), pytest.raises(type(problem)):
            background._seal_all(app)
        return begun

    return seal_all


def of_the_database(words):
    return OperationalError(None, None, ConnectionError(words))


@pytest.mark.parametrize(
    "problem",
    [
        ValueError(),
        PermissionError(errno.EACCES, "a file of a log that an administrator sealed by hand"),
        of_the_database("canceling statement due to statement timeout"),
        IntegrityError("broken", None, Exception()),
    ],
    ids=["a row", "a file", "a statement", "a trigger"],
)
def test_what_is_wrong_with_one_site_keeps_no_other_log_waiting(seal_all, problem):
    assert seal_all(problem) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "problem",
    [OSError(errno.ENOSPC, ""), of_the_database("database or disk is full")],
    ids=["file", "database"],
)
def test_where_there_is_no_room_no_other_log_takes_what_is_left(seal_all, problem):
    assert seal_all(problem) == ["a", "b"]


def test_where_the_database_is_gone_no_other_log_waits_for_it(seal_all, monkeypatch):
    monkeypatch.setattr(background, "answers_still", lambda: False)

    assert seal_all(of_the_database("the server is gone")) == ["a", "b"]


def test_a_process_that_ends_begins_no_other_log(app, monkeypatch):
    begun = []

    def seal(site_id, *_):
        begun.append(site_id)
        background.end_work()

    monkeypatch.setattr(background, "_sealing", threading.Lock())
    monkeypatch.setattr(background, "_ending", threading.Event())
    monkeypatch.setattr(background, "END_PATIENCE", 0)
    monkeypatch.setattr(background, "waiting_sites", lambda: ["a", "b"])
    monkeypatch.setattr(background, "seal", seal)
    with app.app_context(), background._sealing:
        background._seal_all(app)

    assert begun == ["a"]


GOOD = {"number": 1, "site": "demo", "reason": REASONS[0], "day": "2026-11-22"}
GOOD |= {"records": ["x"], "subjects": {"y": 1}}


@pytest.mark.parametrize(
    "line",
    [
        {"number": 1},
        {**GOOD, "number": "1"},
        {**GOOD, "reason": "unheard of"},
        {**GOOD, "day": "yesterday"},
        {**GOOD, "records": None},
        {**GOOD, "records": [7]},
        {**GOOD, "subjects": ["y"]},
        {**GOOD, "subjects": {"y": "1"}},
        [],
        7,
    ],
    ids=str,
)
def test_a_line_of_erasures_that_lacks_something_is_named(line, app, site, decide, seal):
    erased = app.extensions["consent_erased"]
    with erased.held():
        pass
    path = app.extensions["consent_settings"].data_dir / "erased/list.jsonl"
    good = path.read_text()
    path.write_text(good + json.dumps(line) + "\n")

    for look in (erased.position, lambda: erased.lines(0)):
        with erased.held(), pytest.raises(ErasedListUnusable, match="line 2"):
            look()
    decide(acceptance())
    with app.app_context():
        background._replay(app)  # the logs go on
        background._seal_all(app)


@pytest.fixture
def one_round(app, impatient, monkeypatch):
    """Let the sealing have one round."""

    def one_round():
        rounds = iter([None, Stop()])

        def is_out(_):
            if found := next(rounds):
                raise found

        monkeypatch.setattr(background, "_is_room_for_noes_alone", is_out)
        with pytest.raises(Stop):
            background._keep_sealing(app)

    return one_round


def test_a_list_of_erasures_that_cannot_be_opened_keeps_no_log_waiting(
    app, site, decide, rows, one_round
):
    """It is an administrator's, say, who erased by hand."""
    decide(acceptance())
    folder = app.extensions["consent_settings"].data_dir / "erased"
    (folder / "list.lock").mkdir(parents=True)

    one_round()

    assert rows("log_queue") == []


def test_erasures_that_cannot_be_done_again_now_keep_no_log_waiting(
    site, decide, rows, one_round, monkeypatch
):
    def fail(*_):
        raise of_the_database("canceling statement due to lock timeout")

    decide(acceptance())
    monkeypatch.setattr(background, "replay", fail)

    one_round()

    assert rows("log_queue") == []


def test_the_age_of_work_is_that_of_the_thread_that_is_furthest_behind(
    client, tmp_path, monkeypatch
):
    instants = iter([100.0, 160.0, 130.0])
    monkeypatch.setattr(catalogue, "time", SimpleNamespace(monotonic=lambda: 190.0))
    shared = [Counts(), Counts()]
    for counts in shared:
        counts.share(tmp_path / "metrics")
    shared[0].set((GOOD_ROUND, "sealing", "sealing"), next(instants))
    shared[1].set((GOOD_ROUND, "sealing", "sealing"), next(instants))
    shared[1].set((GOOD_ROUND, "witnessing", "witnessing A"), next(instants))

    both = catalogue.ages_of_work(totals_in(tmp_path / "metrics"))
    shared[0]._file.close()  # as the end of its process does
    one = catalogue.ages_of_work(totals_in(tmp_path / "metrics"))

    name = catalogue.WORK_AGE.name
    assert both == {(name, "sealing"): 90.0, (name, "witnessing"): 60.0}
    assert one == {(name, "sealing"): 30.0, (name, "witnessing"): 60.0}


def test_a_running_service_tells_the_age_of_its_work(server):
    _, _, text = server.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    for work in background.WORK:
        assert f'consent_work_age_seconds{{work="{work}"}}'.encode() in text


def test_a_process_that_was_forked_while_another_one_sealed_can_seal():
    with background._sealing:
        child = os.fork()
        if child == 0:
            os._exit(0 if background._sealing.acquire(blocking=False) else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_the_first_process_that_misses_another_one_ends_no_work_of_its_own():
    missed = SimpleNamespace(pid=os.getppid())

    serving._end(None, missed)

    assert not background._sealing.locked()
